"""The process: exit statuses, signals, and streams that other programs close."""

import errno
import io
import json
import os
import signal
import sys
import traceback
from collections.abc import Generator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import TextIO

import typer

from {{ package_name }}.core.errors import AppError, InvalidSettingsError
from {{ package_name }}.core.escaping import escape_controls

FAILED = 1
UNUSABLE = 2
"""The arguments or the settings can't be used."""
BUG = 70
"""EX_SOFTWARE of sysexits.h."""
INTERRUPTED = 130
OUTPUT_CLOSED = 141
TERMINATED = 143


OUTPUT_ERRORS = {
    *(errno.EBADF, errno.EDQUOT, errno.EFBIG),
    *(errno.EIO, errno.ENOSPC),
}
"""The output is closed, or the disk is full or broken."""


def prepare_streams() -> None:
    """Open streams that the caller has closed, and make standard output lose no text.

    It writes characters as escapes if its encoding lacks them.
    """
    # Without an input there is nothing to read. A write to an output that is open for reading
    # fails, as one to a closed output does.
    for name, mode, flags in (
        ("stdin", "r", os.O_RDONLY),
        ("stdout", "w", os.O_RDONLY),
        ("stderr", "w", os.O_WRONLY),
    ):
        if getattr(sys, name) is None:
            null = os.open(os.devnull, flags)
            setattr(sys, name, os.fdopen(null, mode, encoding="utf-8"))
    if not isinstance(sys.stdout, io.TextIOWrapper):
        return  # Python code has replaced it
    if isinstance(sys.stdout.buffer, io.RawIOBase):
        # PYTHONUNBUFFERED: the rest of a partial write would be lost without an error.
        descriptor, encoding = sys.stdout.fileno(), sys.stdout.encoding
        sys.stdout = os.fdopen(descriptor, "w", 1, encoding=encoding, closefd=False)
    sys.stdout.reconfigure(errors="backslashreplace")


@contextmanager
def terminable() -> Generator[None]:
    """Let SIGTERM end the process by SystemExit, so that `finally` and `with` clean up."""

    def terminate(_number: int, _frame: FrameType | None) -> None:
        raise SystemExit(TERMINATED)

    before = signal.signal(signal.SIGTERM, terminate)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def discard(stream: TextIO) -> None:
    """Drop what a stream could not write: Python would try again at exit, and change the status."""
    with suppress(io.UnsupportedOperation):  # Python code has replaced it
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


@contextmanager
def standard_error() -> Generator[TextIO]:
    """Yield standard error; a failed write changes neither the work nor the exit status."""
    try:
        yield sys.stderr
        sys.stderr.flush()
    except OSError:
        discard(sys.stderr)


def report(message: str, code: str, *, is_json: bool) -> None:
    """Write an error to standard error: a JSON document, or a line for each line of the message."""
    with standard_error() as stream:
        if is_json:
            stream.write(f"{json.dumps({'error': {'code': code, 'message': message}})}\n")
            return
        for line in message.split("\n"):
            stream.write(f"Error: {escape_controls(line)}\n")


def report_usage_error(error: typer.TyperException, *, is_json: bool) -> None:
    """Write an error in the arguments, for people with the usage of the command."""
    show = getattr(error, "show", None)
    if is_json or show is None:
        report(error.format_message(), "usage_error", is_json=is_json)
        return
    with standard_error():
        show()


def exit_status(done: SystemExit, *, is_json: bool) -> int:
    """Return the status; Typer exits with 1 if it can't write because the reader has gone."""
    if isinstance(done.__context__, BrokenPipeError):
        return OUTPUT_CLOSED
    if done.code is None or isinstance(done.code, int):
        return done.code or 0
    report(str(done.code), "failed", is_json=is_json)
    return FAILED


def report_output_error(error: OSError, *, is_json: bool) -> int:
    """Write the error for output that can't be written."""
    message = f"The output can't be written: {error.strerror}."
    report(message, "output_failed", is_json=is_json)
    return FAILED


def report_failure(error: BaseException, *, is_json: bool) -> int:
    """Write an error that users can do something about, or the traceback of a bug."""
    match error:
        case InvalidSettingsError():
            message, code, status = str(error), "invalid_settings", UNUSABLE
        case AppError():
            message, code, status = str(error), error.code, FAILED
        case typer.Abort():
            message, code, status = "The command was aborted.", "aborted", FAILED
        case OSError(filename=None, errno=number) if number in OUTPUT_ERRORS:
            return report_output_error(error, is_json=is_json)
        case _:
            with standard_error() as stream:
                traceback.print_exception(error, file=stream)
            return BUG
    report(message, code, is_json=is_json)
    return status


def status_of(error: BaseException, *, is_json: bool) -> int:
    """Return the exit status for what ended a command, after a report on standard error."""
    match error:
        case SystemExit():
            return exit_status(error, is_json=is_json)
        case KeyboardInterrupt():
            return INTERRUPTED
        case typer.TyperException():
            report_usage_error(error, is_json=is_json)
            return error.exit_code
        case _:
            return report_failure(error, is_json=is_json)


def finish_output(status: int, *, is_json: bool) -> int:
    """Write what the streams still buffer, and return the exit status."""
    try:
        sys.stdout.flush()
    except OSError as error:
        discard(sys.stdout)
        if isinstance(error, BrokenPipeError):
            status = OUTPUT_CLOSED
        elif status == 0:
            status = report_output_error(error, is_json=is_json)
    if status == OUTPUT_CLOSED:  # Typer may have caught the error
        discard(sys.stdout)
    with standard_error():  # it is flushed, too
        return status
