"""Lines of input: one in memory at a time, and errors that name the line."""

import io
import sys
import tracemalloc
from pathlib import Path

import pytest

from {{ package_name }}.core.errors import (
    AppError,
    InvalidInputError,
    NotFoundError,
)
from {{ package_name }}.core.input import MAX_LINE_BYTES, read_lines


def write(content: bytes) -> str:
    """Write a file, and return its path."""
    Path("lines.txt").write_bytes(content)
    return "lines.txt"


@pytest.mark.parametrize(
    ("content", "lines"),
    [
        (b"", []),
        (b"a\n\xc3\xa9", ["a\n", "é"]),
        (b"\xef\xbb\xbfa\r\n", ["a\r\n"]),
        (b"x" * MAX_LINE_BYTES, ["x" * MAX_LINE_BYTES]),
    ],
    ids=["empty", "no end", "byte order mark", "longest"],
)
def test_lines_are_text(content: bytes, lines: list[str]) -> None:
    """Lines keep their ends; a byte order mark is dropped."""
    assert list(read_lines(write(content))) == lines


def test_stdin_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """`-` is standard input, which stays open."""
    stdin = io.TextIOWrapper(io.BytesIO(b"a\n\xff"))
    monkeypatch.setattr(sys, "stdin", stdin)
    lines = read_lines("-")

    assert next(lines) == "a\n"
    with pytest.raises(InvalidInputError, match=r"^standard input, line 2: It is not UTF-8"):
        next(lines)
    assert not stdin.buffer.closed


@pytest.mark.parametrize(
    ("path", "error", "message"),
    [
        ("gone.txt", NotFoundError, "gone.txt: The file does not exist; check the path."),
        (".", InvalidInputError, ". can't be read: Is a directory."),
        ("", InvalidInputError, "The name of the file is empty."),
    ],
)
def test_unreadable_file_is_named(path: str, error: type[AppError], message: str) -> None:
    """The error names the file."""
    with pytest.raises(error) as raised:
        list(read_lines(path))

    assert raised.value.message == message


def test_long_line_is_refused_before_it_is_in_memory() -> None:
    """A file without line ends does not fill the memory."""
    with Path("zeros").open("wb") as file:
        file.truncate(64 * MAX_LINE_BYTES)

    tracemalloc.start()
    with pytest.raises(InvalidInputError, match=r"^zeros, line 1: The line is longer than 1048576"):
        list(read_lines("zeros"))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert peak < 4 * MAX_LINE_BYTES
