"""The commands: a fast `--help`, the reference page, and completion."""

import inspect
import os
import re
import subprocess
import sys
from pkgutil import resolve_name

import pytest
import typer
from typer.main import get_group

from {{ package_name }}.cli import create_program
from {{ package_name }}.core.names import NAME
from {{ package_name }}.core.program import Command

from support.command import COMMAND, PACKAGE, imported
from support.reference import FILE, reference

COMMANDS = create_program().commands
LISTED = [command.name for command in COMMANDS if not command.hidden]

BARE = """
import typer

app = typer.Typer(rich_markup_mode=None)
app.command()(lambda: None)
app.command(name="other")(lambda: None)
"""
"""A program of Typer alone."""

SLOW = {"asyncio", "email", "importlib.metadata", "logging", "tomllib"}
"""Modules of the standard library that take more time than all of the core's part of `--help`."""


@pytest.mark.parametrize("arguments", [("--help",), ("--bad",), ()], ids=str)
def test_help_imports_nothing_slow(arguments: tuple[str, ...]) -> None:
    """`--help` takes the time of Typer: the modules of commands are imported when they run."""
    own = imported(COMMAND, *arguments)
    bare = imported(f"{BARE}\ntry:\n    app()\nexcept SystemExit:\n    pass", "--help")
    extra = own - bare
    tops = {name.partition(".")[0] for name in extra}
    slow = (extra & SLOW) | (tops - {*sys.stdlib_module_names, PACKAGE})

    hint = "Name the command in cli.py as a string, and import these in its module:"
    assert not slow, f"{hint} {', '.join(sorted(slow))}."


def first_line(command: Command) -> str:
    """Return the first line of a command's own help."""
    target = resolve_name(command.target)
    text = get_group(target).help if isinstance(target, typer.Typer) else target.__doc__
    return inspect.cleandoc(text or "").partition("\n")[0]


def test_help_is_that_of_the_function() -> None:
    """The list of commands says what each command says."""
    listed = {command.target: command.help for command in COMMANDS}

    assert {command.target: first_line(command) for command in COMMANDS} == listed


def test_groups_are_hidden_and_deprecated_alike() -> None:
    """The list of commands hides a group and calls it deprecated, as the group does."""
    groups = [
        (command, get_group(target))
        for command in COMMANDS
        if isinstance(target := resolve_name(command.target), typer.Typer)
    ]
    listed = [(command.name, command.hidden, command.deprecated) for command, _ in groups]

    assert listed == [
        (command.name, group.hidden, bool(group.deprecated)) for command, group in groups
    ]


def test_names_are_unique() -> None:
    """A second command with a name would hide the first one."""
    names = [command.name for command in COMMANDS]

    assert len(names) == len(set(names))


def test_reference_is_current(monkeypatch: pytest.MonkeyPatch) -> None:
    """docs/commands.md, once it is written, has the help of every command, on every terminal."""
    monkeypatch.setenv("COLUMNS", "40")
    monkeypatch.setenv("FORCE_COLOR", "1")
    page = reference(create_program())

    assert all(f"## `{NAME} {name}`" in page for name in LISTED)
    assert (FILE.read_text(encoding="utf-8") if FILE.exists() else page) == page, (
        "Run `uv run poe reference`."
    )


@pytest.mark.parametrize("shell", ["bash", "fish", "zsh"])
def test_shell_completes_the_commands(shell: str) -> None:
    """Each shell is offered the name of every command."""
    line = f"{NAME} "
    variables = {
        f"_{NAME.replace('-', '_').upper()}_COMPLETE": f"complete_{shell}",
        "_TYPER_COMPLETE_FISH_ACTION": "get-args",
        "_TYPER_COMPLETE_ARGS": line,
        "COMP_WORDS": line,
        "COMP_CWORD": "1",
    }
    done = subprocess.run(
        [sys.executable, "-m", PACKAGE],
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
        check=True,
    )

    assert set(LISTED) <= set(re.findall(r"[\w-]+", done.stdout))
