"""The process: exit statuses, signals and closed pipes, as a shell sees them."""

import os
import signal
import sys
from pathlib import Path
from subprocess import DEVNULL, PIPE, Popen

import pytest

from support.command import TESTS, TIMEOUT_SECONDS, Result, finish, start

COMMANDS = "support.commands"
FULL = Path("/dev/full")


def wait_for_start(process: Popen[bytes]) -> None:
    """Wait until a command says that it has started."""
    assert process.stdout is not None
    assert process.stdout.readline() == b"started\n"


def read_errors(process: Popen[bytes]) -> bytes:
    """Return the standard error of a process that has ended."""
    assert process.stdin is not None
    assert process.stderr is not None
    with process.stdin, process.stderr:
        return process.stderr.read()


@pytest.mark.parametrize("command", ["wait", "wait-async"])
@pytest.mark.parametrize(
    ("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)], ids=str
)
def test_signal_ends_the_command(command: str, number: signal.Signals, status: int) -> None:
    """Ctrl-C and SIGTERM end a command after it has cleaned up, without a traceback."""
    process = start(command, module=COMMANDS)
    wait_for_start(process)
    process.send_signal(number)

    assert finish(process) == Result(status, "cleaned up\n", "")


@pytest.mark.parametrize("unbuffered", ["", "1"], ids=["buffered", "unbuffered"])
@pytest.mark.parametrize("count", [1, 100_000], ids=["at exit", "while it runs"])
def test_closed_pipe_ends_the_command(count: int, unbuffered: str) -> None:
    """A reader that stops early, such as `head`, ends the command without a traceback."""
    process = start("lines", str(count), module=COMMANDS, PYTHONUNBUFFERED=unbuffered)
    assert process.stdout is not None
    process.stdout.close()

    assert (process.wait(TIMEOUT_SECONDS), read_errors(process)) == (141, b"")


def test_closed_pipe_ends_the_help() -> None:
    """So it is for `--help`."""
    process = start("--help", module=COMMANDS)
    assert process.stdout is not None
    process.stdout.close()

    assert (process.wait(TIMEOUT_SECONDS), read_errors(process)) == (141, b"")


@pytest.mark.skipif(not FULL.exists(), reason="Linux has it")
@pytest.mark.parametrize("unbuffered", ["", "1"], ids=["buffered", "unbuffered"])
@pytest.mark.parametrize(
    "arguments", [("--version",), ("lines", "1"), ("lines", "100000")], ids=str
)
def test_full_disk_is_reported(arguments: tuple[str, ...], unbuffered: str) -> None:
    """Output that can't be written is an error."""
    with FULL.open("wb") as full:
        process = Popen(
            [sys.executable, "-m", COMMANDS, *arguments],
            stdin=DEVNULL,
            stdout=full,
            stderr=PIPE,
            env={**os.environ, "PYTHONPATH": str(TESTS), "PYTHONUNBUFFERED": unbuffered},
        )
        _, err = process.communicate(timeout=TIMEOUT_SECONDS)

    assert process.returncode == 1
    assert err == b"Error: The output can't be written: No space left on device.\n"


def test_streams_may_be_closed() -> None:
    """A command runs also without standard output and standard error."""
    process = Popen(
        ["/bin/sh", "-c", 'exec "$0" -m support.commands -v table x >&- 2>&-', sys.executable],
        env={**os.environ, "PYTHONPATH": str(TESTS)},
    )

    assert process.wait(TIMEOUT_SECONDS) == 0


def test_bug_shows_a_traceback() -> None:
    """An unexpected exception has a status of its own, and shows no local variables."""
    result = finish(start("fail", "bug", module=COMMANDS))

    assert result.status == 70
    assert result.err.endswith("RuntimeError: 7\n")
    assert 'File "' in result.err
    assert "'hunter2'" not in result.err
