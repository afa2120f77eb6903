"""The command, in this process and as a process of its own."""

import io
import json
import os
import pty
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from {{ package_name }}.cli import create_program
from {{ package_name }}.core.program import Program

PACKAGE = "{{ package_name }}"
COMMAND = f"from {PACKAGE}.__main__ import main; main()"
"""The command of the project, as a program of its own."""
TESTS = Path(__file__).parents[1]
TIMEOUT_SECONDS = 60
COLOUR = re.compile(r"\x1b\[[0-9;]*3[0-9]m")


@dataclass(frozen=True, slots=True)
class Result:
    """What a command wrote, and its exit status."""

    status: int
    out: str
    err: str

    @property
    def data(self) -> object:
        """The JSON document on standard output."""
        return json.loads(self.out)


class Run:
    """Runs a command in this process."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self.capsys = capsys

    def __call__(self, *arguments: str, stdin: str = "", program: Program | None = None) -> Result:
        """Run a command, by default of the project; prompts read the lines of standard input."""
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin.encode())))
            status = (program or create_program()).main(arguments)
        out, err = self.capsys.readouterr()
        return Result(status, out, err)


def start(*arguments: str, module: str = PACKAGE, **variables: str) -> subprocess.Popen[bytes]:
    """Start a command as a process, by default of the project; `support.commands` has others."""
    return subprocess.Popen(
        [sys.executable, "-m", module, *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(TESTS), **variables},
    )


def finish(process: subprocess.Popen[bytes], stdin: bytes = b"") -> Result:
    """Wait for a process."""
    out, err = process.communicate(stdin, timeout=TIMEOUT_SECONDS)
    return Result(process.returncode, out.decode(), err.decode())


def run_in_shell(script: str, **variables: str) -> Result:
    """Run a script, in which `full` is the program of the tests."""
    define = 'full() { "$0" -m support.commands "$@"; }\n'
    done = subprocess.run(
        ["/bin/sh", "-c", define + script, sys.executable],
        env={**os.environ, "PYTHONPATH": str(TESTS), **variables},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=TIMEOUT_SECONDS,
        check=False,
    )
    return Result(done.returncode, done.stdout, done.stderr)


def imported(program: str, *arguments: str) -> set[str]:
    """Return the modules that a program has imported when it ends."""
    script = f"import sys\n{program}\nsys.stderr.write(' '.join(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", script, *arguments], capture_output=True, text=True, check=True
    )
    return set(done.stderr.splitlines()[-1].split())


def in_terminal(*arguments: str, **variables: str) -> str:
    """Run a command of `support.commands` in a terminal, and return what that receives."""
    main, side = pty.openpty()
    environment = {**os.environ, "PYTHONPATH": str(TESTS), "TERM": "xterm", **variables}
    command = [sys.executable, "-m", "support.commands", *arguments]
    with subprocess.Popen(command, env=environment, stdin=side, stdout=side, stderr=side):
        os.close(side)
        received = b""
        try:
            while data := os.read(main, 65536):
                received += data
        except OSError:  # Linux reports the end as an error
            pass
        finally:
            os.close(main)
    return received.decode()
