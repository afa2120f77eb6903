"""The command `summarize`."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from {{ package_name }}.core.program import CommandContext
from {{ package_name }}.example_commands.readings import (
    Format,
    summarize_readings,
)

if TYPE_CHECKING:  # the help needs no settings
    from {{ package_name }}.settings import Settings

COLUMNS = {
    "sensor": "SENSOR",
    "count": "COUNT",
    "mean": "MEAN",
    "minimum": "MIN",
    "maximum": "MAX",
}


def summarize(
    context: typer.Context,
    file: Annotated[str, typer.Argument(help="The file; - is standard input.")],
    form: Annotated[Format, typer.Option("--format", help="The format.")] = Format.CSV,
) -> None:
    """Summarize a file of readings.

    A CSV file has the header `sensor,value`; a file of JSON lines has an object with both keys on
    each line. Memory use does not grow with the number of readings.
    """
    command: CommandContext[Settings] = context.obj
    found = summarize_readings(file, form, command.settings.readings.max_sensors)
    rows = [{"sensor": sensor, **asdict(summary)} for sensor, summary in found.items()]
    command.output.write_table(rows, COLUMNS)
