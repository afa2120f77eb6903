"""What a command writes: data for people or programs on standard output, progress elsewhere."""

import json
import sys
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, time
from decimal import Decimal
from enum import Enum
from pathlib import PurePath
from uuid import UUID

from rich.console import Console
from rich.progress import Progress
from rich.table import Table
from rich.text import Text

from {{ package_name }}.core.escaping import escape_controls

WIDE = 10_000
"""The width of a file or a pipe: no line is wrapped."""


def json_value(value: object) -> object:
    """Return how JSON shows a value that it has no type for.

    Raises:
        TypeError: It has no such form.
    """
    match value:
        case date() | time():  # a datetime is a date
            return value.isoformat()
        case Decimal() | PurePath() | UUID():
            return str(value)
        case set() | frozenset():
            return sorted(value, key=str)
        case Enum():
            return value.value
        case _:
            raise TypeError(f"JSON has no {type(value).__name__}; write a string or a number.")


def dump(values: object) -> str:
    """Return values as one line of JSON."""
    return json.dumps(values, allow_nan=False, default=json_value)


class CommandOutput:
    """Writes the results of a command.

    JSON shows dates and times in ISO 8601, a `Decimal`, a path and a `UUID` as a string, a set as a
    sorted list, and a member of an `Enum` as its value.

    Attributes:
        is_json: Whether a program reads them.
    """

    def __init__(self, *, is_json: bool, is_quiet: bool) -> None:
        self.is_json = is_json
        self.is_quiet = is_quiet

    def write_line(self, values: Mapping[str, object], text: str) -> None:
        """Write one of many results as soon as it is there: a JSON line, or a line of text."""
        line = dump(values) if self.is_json else escape_controls(text)
        sys.stdout.write(f"{line}\n")
        sys.stdout.flush()

    def write_table(self, rows: Sequence[Mapping[str, object]], columns: Mapping[str, str]) -> None:
        """Write all results: one JSON document, or a table.

        Args:
            rows: The results.
            columns: The titles of the columns, by key of a result.
        """
        if self.is_json:
            sys.stdout.write(f"{dump(rows)}\n")
            return
        # Text, not str: Rich would read [brackets] as markup.
        table = Table(box=None, pad_edge=False)
        for title in columns.values():
            table.add_column(Text(title), overflow="fold")
        for row in rows:
            table.add_row(*(Text(escape_controls(str(row[key]))) for key in columns))
        width = None if sys.stdout.isatty() else WIDE
        Console(file=sys.stdout, width=width, highlight=False).print(table)

    @contextmanager
    def progress(self, description: str, total: int | None = None) -> Generator[Callable[[], None]]:
        """Show a progress bar if standard error is a terminal.

        Args:
            description: What is in progress.
            total: The number of steps, None if it is unknown.

        Yields:
            A function to call after each step.
        """
        bar = Progress(
            console=Console(stderr=True),
            disable=self.is_quiet or not sys.stderr.isatty(),
            transient=True,
            # Rich would write lines of standard output to standard error, also those for a file.
            redirect_stdout=sys.stdout.isatty(),
        )
        with bar:
            task = bar.add_task(description, total=total)
            yield lambda: bar.advance(task)
