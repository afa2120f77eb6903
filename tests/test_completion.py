"""Completion of a rendered tool in real shells: it is installed, and offers the sub-commands."""

import os
import pty
import re
import select
import shutil
import subprocess
import time
from pathlib import Path

import pytest

from conftest import Variant
from environment import BIN, Environments, python_for

pytestmark = pytest.mark.full

TOOL = "my-service"
COMMANDS = {"summarize", "fetch"}
SECONDS = 30


@pytest.fixture(scope="module")
def programs(variant: Variant, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of an installed tool's program."""
    python = python_for("3.11")
    assert python is not None
    folder = tmp_path_factory.mktemp("completion")
    environment = Environments(folder / "environments").of(python)
    project = shutil.copytree(variant(kind="cli", preset="full"), folder / "project")
    environment.install(project)
    return environment.venv / BIN


def environment(programs: Path, home: Path, shell: str) -> dict[str, str]:
    """Return the environment of a user with an empty home."""
    return {
        "HOME": str(home),
        "PATH": f"{programs}:/usr/bin:/bin",
        "SHELL": f"/usr/bin/{shell}",
        "TERM": "dumb",
        "LC_ALL": "C.UTF-8",
    }


def install(programs: Path, home: Path, shell: str) -> None:
    """Install completion, from the shell itself: Typer detects it."""
    subprocess.run(
        [shell, "-c", f"{TOOL} --install-completion; true"],
        env=environment(programs, home, shell),
        check=True,
        timeout=SECONDS,
        capture_output=True,
    )


def type_in(programs: Path, home: Path, shell: str, keys: str) -> str:
    """Type into an interactive shell in a terminal, and return what it shows."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.chdir(home)
        os.execvpe(shell, [shell, "-i"], environment(programs, home, shell))  # noqa: S606  (the shell itself is tried)
    shown, deadline, is_typed = "", time.monotonic() + SECONDS, False
    try:
        while time.monotonic() < deadline and not (is_typed and words(shown) >= COMMANDS):
            if select.select([terminal], [], [], 0.5)[0]:
                shown += os.read(terminal, 65536).decode(errors="replace")
            elif not is_typed:  # the prompt is there
                os.write(terminal, keys.encode())
                is_typed, shown = True, ""
    finally:
        os.kill(pid, 9)
        os.waitpid(pid, 0)
        os.close(terminal)
    return shown


def words(text: str) -> set[str]:
    """Return the words of a text."""
    return set(re.findall(r"[\w-]+", text))


@pytest.mark.parametrize("shell", ["bash", "zsh"])
def test_interactive_shell_offers_the_commands(programs: Path, tmp_path: Path, shell: str) -> None:
    """Tab after the name of the program lists its commands."""
    (tmp_path / ".zshrc").touch()  # without it, zsh asks a new user to configure it
    install(programs, tmp_path, shell)

    assert words(type_in(programs, tmp_path, shell, f"{TOOL} \t\t")) >= COMMANDS


def test_fish_offers_the_commands(programs: Path, tmp_path: Path) -> None:
    """`complete -C` prints what Tab would offer."""
    install(programs, tmp_path, "fish")
    done = subprocess.run(
        ["fish", "-c", f'complete -C "{TOOL} "'],
        env=environment(programs, tmp_path, "fish"),
        check=True,
        timeout=SECONDS,
        capture_output=True,
        text=True,
    )

    assert {line.split("\t")[0] for line in done.stdout.splitlines()} >= COMMANDS
