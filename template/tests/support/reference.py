"""The reference page: the help of every command, 80 columns wide on every machine."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typer

from {{ package_name }}.cli import create_program
from {{ package_name }}.core.names import NAME
from {{ package_name }}.core.program import Program

FILE = Path(__file__).parents[2] / "docs/commands.md"
COLUMNS = 80


def contexts(context: typer.Context) -> Iterator[typer.Context]:
    """Yield the context of a command, and of each of its sub-commands that is listed."""
    yield context
    for name, command in getattr(context.command, "commands", {}).items():
        if not command.hidden:
            yield from contexts(command.make_context(name, [], context, resilient_parsing=True))


def help_by_command(program: Program) -> dict[str, str]:
    """Return the help of each command, by what the user types."""
    group = program.build(program.new_context())
    root: Any = group.make_context(NAME, [], terminal_width=COLUMNS, resilient_parsing=True)
    return {context.command_path: context.get_help().rstrip() for context in contexts(root)}


def reference(program: Program) -> str:
    """Return the page of a program."""
    sections = ["# Commands", "`uv run poe reference` writes this page; do not edit it."]
    for command, text in help_by_command(program).items():
        sections += [f"## `{command}`", f"```text\n{text}\n```"]
    return "\n\n".join(sections) + "\n"


if __name__ == "__main__":
    FILE.parent.mkdir(exist_ok=True)
    FILE.write_text(reference(create_program()), encoding="utf-8", newline="\n")
