"""The reference page: the help of every command, 80 columns wide on every machine."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typer

from {{ package_name }}.cli import create_program
from {{ package_name }}.core.names import NAME

FILE = Path(__file__).parents[2] / "docs/commands.md"
COLUMNS = 80


def contexts(context: typer.Context) -> Iterator[typer.Context]:
    """Yield the context of a command, and of each of its sub-commands."""
    yield context
    for name, command in getattr(context.command, "commands", {}).items():
        yield from contexts(command.make_context(name, [], context, resilient_parsing=True))


def reference() -> str:
    """Return the page."""
    program = create_program()
    group = program.build(program.new_context())
    root: Any = group.make_context(NAME, [], terminal_width=COLUMNS, resilient_parsing=True)
    sections = ["# Commands", "`uv run poe reference` writes this page; do not edit it."]
    for context in contexts(root):
        sections.append(f"## `{context.command_path}`")
        sections.append(f"```text\n{context.get_help().rstrip()}\n```")
    return "\n\n".join(sections) + "\n"


if __name__ == "__main__":
    FILE.parent.mkdir(exist_ok=True)
    FILE.write_text(reference(), encoding="utf-8", newline="\n")
