"""The process: exit statuses, signals and closed pipes, as a shell sees them."""

import errno
import os
import select
import signal
import sys
import time
from pathlib import Path
from subprocess import DEVNULL, PIPE, Popen

import pytest

from {{ package_name }}.core.process import OUTPUT_ERRORS, status_of

from support.command import TESTS, TIMEOUT_SECONDS, Result, finish, run_in_shell, start

COMMANDS = "support.commands"
FULL = Path("/dev/full")

each_signal = pytest.mark.parametrize(
    ("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)], ids=str
)


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
@each_signal
def test_signal_ends_the_command(command: str, number: signal.Signals, status: int) -> None:
    """Ctrl-C and SIGTERM end a command after it has cleaned up, without a traceback."""
    process = start(command, module=COMMANDS)
    wait_for_start(process)
    process.send_signal(number)

    assert finish(process) == Result(status, "cleaned up\n", "")


@pytest.mark.parametrize("unbuffered", ["", "1"], ids=["buffered", "unbuffered"])
@pytest.mark.parametrize("arguments", [("write", "1"), ("lines", "100000")], ids=str)
def test_closed_pipe_ends_the_command(arguments: tuple[str, str], unbuffered: str) -> None:
    """A reader that stops early, such as `head`, ends the command without a traceback."""
    process = start(*arguments, module=COMMANDS, PYTHONUNBUFFERED=unbuffered)
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
    "arguments", [("--version",), ("lines", "100000"), ("write", "1")], ids=str
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


@pytest.mark.parametrize("unbuffered", ["", "1"], ids=["buffered", "unbuffered"])
def test_partial_write_is_no_success(unbuffered: str) -> None:
    """Output that is cut off is an error, also if the first part was written."""
    # The coverage of the process needs some blocks, too.
    script = "ulimit -f 4096; full write 10000000 > out"
    result = run_in_shell(script, PYTHONUNBUFFERED=unbuffered)

    assert result == Result(1, "", "Error: The output can't be written: File too large.\n")


@pytest.mark.parametrize("unbuffered", ["", "1"], ids=["buffered", "unbuffered"])
def test_reader_that_stops_in_a_write_is_noticed(unbuffered: str) -> None:
    """A reader that takes a part of a long write ends the command as any other one."""
    process = start("write", "1000000", module=COMMANDS, PYTHONUNBUFFERED=unbuffered)
    assert process.stdout is not None
    assert process.stdout.read(5) == b"xxxxx"
    process.stdout.close()

    assert (process.wait(TIMEOUT_SECONDS), read_errors(process)) == (141, b"")


def test_late_interrupt_is_no_bug() -> None:
    """Ctrl-C while Typer handles another one has the status of both."""
    assert status_of(KeyboardInterrupt(), is_json=False) == 130


@pytest.mark.parametrize("number", sorted(OUTPUT_ERRORS), ids=errno.errorcode.get)
def test_output_error_is_no_bug(number: int, capsys: pytest.CaptureFixture[str]) -> None:
    """A write that fails has a message; an error in another file is a bug."""
    assert status_of(OSError(number, "Odd"), is_json=False) == 1
    assert capsys.readouterr().err == "Error: The output can't be written: Odd.\n"
    assert status_of(OSError(number, "Odd", "own.txt"), is_json=False) == 70


@pytest.mark.parametrize("arguments", ["lines 1", "write 1"])
def test_closed_output_is_reported(arguments: str) -> None:
    """A command without a standard output fails if it has something to write."""
    message = "Error: The output can't be written: Bad file descriptor.\n"

    assert run_in_shell(f"full {arguments} >&-") == Result(1, "", message)
    assert run_in_shell("full fail none >&-") == Result(0, "", "")


@pytest.mark.parametrize("target", ["2</dev/null", "2>closed"])
@pytest.mark.parametrize(
    ("arguments", "status"),
    [
        ("-v log", 0),
        ("fail bug", 70),
        ("fail app", 1),
        ("--nothing", 2),
        ("", 2),
    ],
)
def test_standard_error_changes_no_status(arguments: str, status: int, target: str) -> None:
    """Without a reader of standard error, a command does its work and has its exit status."""
    script = f"full {arguments} {target}; echo $?"
    if target == "2>closed":
        script = f"((sleep 0.1; full {arguments}; echo $? >&3) 2>&1 >&3 | true) 3>&1"

    assert run_in_shell(script).out == f"{status}\n"


def test_standard_input_may_be_closed() -> None:
    """A closed standard input is empty."""
    assert run_in_shell("full read <&-") == Result(0, "", "")
    assert run_in_shell("full ask <&-").status == 1


def test_line_does_not_wait_for_others() -> None:
    """A reader gets a line while the command goes on, such as one that follows a log."""
    process = start("lines-then-wait", module=COMMANDS)
    assert process.stdout is not None
    is_there, _, _ = select.select([process.stdout], [], [], 10)  # it waits longer
    assert is_there
    assert process.stdout.readline() == b"line\n"
    process.kill()
    finish(process)


@each_signal
def test_signal_ends_a_command_that_reads(number: signal.Signals, status: int) -> None:
    """A thread that waits for standard input does not hold up the end."""
    process = start("read-async", module=COMMANDS)
    wait_for_start(process)
    process.send_signal(number)

    assert process.wait(5) == status
    assert finish(process) == Result(status, "", "")


@each_signal
def test_second_signal_ends_a_blocked_loop(number: signal.Signals, status: int) -> None:
    """A signal cancels an async command, and the next one ends it also if it blocks the loop."""
    process = start("block", module=COMMANDS)
    wait_for_start(process)
    process.send_signal(number)
    time.sleep(0.2)
    process.send_signal(number)

    assert process.wait(5) == status
    assert finish(process).err == ""


def test_thread_reads_every_line() -> None:
    """An async command reads standard input to its end, and gets the errors."""
    assert finish(start("read-async", module=COMMANDS), b"a\nb\n").out == "started\na\nb\n"
    result = finish(start("read-async", module=COMMANDS), b"a\n\xff\n")
    assert (result.status, result.err[:27]) == (1, "Error: standard input, line")


def test_bug_shows_a_traceback() -> None:
    """An unexpected exception has a status of its own, and shows no local variables."""
    result = finish(start("fail", "bug", module=COMMANDS))

    assert result.status == 70
    assert result.err.endswith("RuntimeError: 7\n")
    assert 'File "' in result.err
    assert "'hunter2'" not in result.err
