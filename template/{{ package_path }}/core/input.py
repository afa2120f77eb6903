"""The lines of a file or of standard input, with errors that name the line."""

import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

from {{ package_name }}.core.errors import InvalidInputError, NotFoundError

STDIN = "-"
MAX_LINE_BYTES = 1_048_576
LINE_TOO_LONG = f"The line is longer than {MAX_LINE_BYTES} bytes."


def input_name(path: str) -> str:
    """Return how messages name a file."""
    return "standard input" if path == STDIN else path


def line_error(path: str, number: int, reason: str) -> InvalidInputError:
    """Return the error for a line."""
    return InvalidInputError(f"{input_name(path)}, line {number}: {reason}")


def read_lines(path: str) -> Iterator[str]:
    """Yield the lines of a UTF-8 file, or of standard input for `-`, one in memory at a time.

    Raises:
        NotFoundError: The file does not exist.
        InvalidInputError: The file can't be read, or a line is not UTF-8 or too long.
    """
    if not path:
        raise InvalidInputError("The name of the file is empty.")
    try:
        with ExitStack() as stack:
            is_stdin = path == STDIN
            lines = sys.stdin.buffer if is_stdin else stack.enter_context(Path(path).open("rb"))
            number = 0
            while line := lines.readline(MAX_LINE_BYTES + 1):
                number += 1
                if len(line) > MAX_LINE_BYTES:
                    raise line_error(path, number, LINE_TOO_LONG)
                try:
                    yield line.decode("utf-8-sig" if number == 1 else "utf-8")
                except UnicodeDecodeError:
                    raise line_error(path, number, "It is not UTF-8; convert the file.") from None
    except FileNotFoundError:
        raise NotFoundError(f"{path}: The file does not exist; check the path.") from None
    except OSError as error:
        raise InvalidInputError(f"{input_name(path)} can't be read: {error.strerror}.") from None
