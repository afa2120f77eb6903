"""The process: exit statuses, signals, and streams that other programs close."""

import errno
import io
import json
import os
import signal
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import cast

from {{ package_name }}.core.errors import AppError, InvalidSettingsError
from {{ package_name }}.core.escaping import escape_controls

FAILED = 1
UNUSABLE = 2
"""The arguments or the settings can't be used."""
BUG = 70
"""EX_SOFTWARE of sysexits.h."""
OUTPUT_CLOSED = 141
TERMINATED = 143


def prepare_streams() -> None:
    """Make standard output accept every text: as escapes if its encoding lacks characters."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:  # the caller has closed it
            null = os.open(os.devnull, os.O_WRONLY)
            setattr(sys, name, os.fdopen(null, "w", encoding="utf-8"))
    cast(io.TextIOWrapper, sys.stdout).reconfigure(errors="backslashreplace")


@contextmanager
def terminable() -> Iterator[None]:
    """Let SIGTERM end the process by SystemExit, so that `finally` and `with` clean up."""

    def terminate(_number: int, _frame: FrameType | None) -> None:
        raise SystemExit(TERMINATED)

    before = signal.signal(signal.SIGTERM, terminate)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def exit_status(done: SystemExit) -> int:
    """Return the status; Typer exits with 1 if it can't write because the reader has gone."""
    if isinstance(done.__context__, BrokenPipeError):
        return OUTPUT_CLOSED
    if isinstance(done.code, str):
        sys.stderr.write(f"{done.code}\n")
        return FAILED
    return done.code or 0


def report(message: str, code: str, *, is_json: bool) -> None:
    """Write an error to standard error: a JSON document, or a line for each line of the message."""
    if is_json:
        sys.stderr.write(f"{json.dumps({'error': {'code': code, 'message': message}})}\n")
        return
    for line in message.split("\n"):
        sys.stderr.write(f"Error: {escape_controls(line)}\n")


def is_output_error(error: OSError) -> bool:
    """Return whether a write failed because the disk is full or broken."""
    return error.filename is None and error.errno in {errno.EIO, errno.ENOSPC}


def report_output_error(error: OSError, *, is_json: bool) -> None:
    """Write the error for output that can't be written."""
    message = f"The output can't be written: {error.strerror}."
    report(message, "output_failed", is_json=is_json)


def status_of(error: Exception | SystemExit, *, is_json: bool) -> int:
    """Return the exit status for what ended a command, after a report on standard error."""
    match error:
        case SystemExit():
            return exit_status(error)
        case InvalidSettingsError():
            report(str(error), "invalid_settings", is_json=is_json)
            return UNUSABLE
        case AppError():
            report(error.message, error.code, is_json=is_json)
            return FAILED
        case OSError() if is_output_error(error):
            report_output_error(error, is_json=is_json)
            return FAILED
        case _:
            traceback.print_exception(error)
            return BUG


def finish_output(status: int, *, is_json: bool) -> int:
    """Write what standard output still buffers, and return the exit status."""
    try:
        sys.stdout.flush()
    except OSError as error:
        # Python flushes again when it exits, and would show a traceback.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if isinstance(error, BrokenPipeError):
            return OUTPUT_CLOSED
        if status == 0:
            report_output_error(error, is_json=is_json)
        return status or FAILED
    return status
