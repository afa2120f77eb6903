"""A program for the tests of the core: it has none of the project's commands and settings."""

import asyncio
import logging
import sys
import time

import typer

from {{ package_name }}.core import errors
from {{ package_name }}.core.program import Command, CommandContext, Program
from {{ package_name }}.practices import PracticeSettings

logger = logging.getLogger(__name__)
group = typer.Typer(rich_markup_mode=None)


@group.command()
def inner(context: typer.Context) -> None:
    """Show that the settings are loaded."""
    command: CommandContext[PracticeSettings] = context.obj
    sys.stdout.write(type(command.settings).__name__)


@group.command()
def other() -> None:
    """Make the group one of two commands."""


def table(context: typer.Context, values: list[str]) -> None:
    """Write a table."""
    command: CommandContext[PracticeSettings] = context.obj
    command.output.write_table([{"name": value} for value in values], {"name": "[NAME]"})


def lines(context: typer.Context, count: int) -> None:
    """Write lines, with progress."""
    command: CommandContext[PracticeSettings] = context.obj
    with command.output.progress("Writing", count) as advance:
        for number in range(count):
            command.output.write_line({"number": number}, f"line\t{number}")
            advance()


def fail(kind: str) -> None:
    """Fail."""
    secret = "hunter2"
    if kind == "bug":
        raise RuntimeError(str(len(secret)))
    if kind == "exit":
        sys.exit("no status")
    raise errors.NotFoundError("\x1b[31mThere is no\nfile.")


def wait() -> None:
    """Wait, and clean up."""
    try:
        sys.stdout.write("started\n")
        sys.stdout.flush()
        time.sleep(60)
    finally:
        sys.stdout.write("cleaned up\n")


async def wait_async() -> None:
    """Wait in an event loop, and clean up."""
    try:
        sys.stdout.write("started\n")
        sys.stdout.flush()
        await asyncio.sleep(60)
    finally:
        await asyncio.sleep(0.01)
        sys.stdout.write("cleaned up\n")


async def cancel() -> None:
    """Cancel itself."""
    raise asyncio.CancelledError


def log() -> None:
    """Log a record of each level."""
    for level in (logging.DEBUG, logging.INFO, logging.ERROR):
        logger.log(level, "order.paid\x1b[31m")


def log_in_progress(context: typer.Context) -> None:
    """Log while a bar is shown."""
    command: CommandContext[PracticeSettings] = context.obj
    with command.output.progress("Logging") as advance:
        log()
        advance()


PROGRAM = Program(
    description="Commands for tests.",
    commands=[
        Command("group", "Commands.", f"{__name__}:group"),
        *(
            Command(function.__name__.replace("_", "-"), "", f"{__name__}:{function.__name__}")
            for function in (table, lines, fail, wait, wait_async, cancel, log, log_in_progress)
        ),
    ],
    settings="{{ package_name }}.practices:PracticeSettings",
    start_logging="{{ package_name }}.practices:start_logging",
)

if __name__ == "__main__":
    sys.exit(PROGRAM.main())
