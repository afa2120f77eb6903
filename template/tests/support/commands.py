"""A program for the tests of the core: it has none of the project's commands and settings."""

import asyncio
import errno
import logging
import sys
import threading
import time
import warnings
from collections.abc import Iterator
from typing import Annotated

import typer

from {{ package_name }}.core import errors
from {{ package_name }}.core.async_commands import iterate_in_thread
from {{ package_name }}.core.input import read_lines
from {{ package_name }}.core.program import Command, CommandContext, Program
from {{ package_name }}.practices import PracticeSettings

logger = logging.getLogger(__name__)


def settings_name(context: typer.Context) -> str:
    """Return the name of the settings class, which shows that the settings are loaded."""
    command: CommandContext[PracticeSettings] = context.obj
    return type(command.settings).__name__


def show_result(result: object) -> None:
    """Write the result of a command of the group."""
    sys.stdout.write(f"result {result}\n")


group = typer.Typer(deprecated=True, result_callback=show_result)


@group.callback()
async def prepare(context: typer.Context) -> None:
    """Commands."""
    logger.debug("prepared %s", settings_name(context))


@group.command()
async def inner(context: typer.Context) -> str:
    """Return the name of the settings class."""
    return settings_name(context)


nested = typer.Typer()
group.add_typer(nested, name="nested")


@nested.command()
def deep() -> str:
    """Return a text from a group in a group, which has no callback."""
    return "deep"


def complete(context: typer.Context) -> list[str]:
    """Complete an argument by the settings."""
    return [settings_name(context)]


def completed(name: Annotated[str, typer.Argument(autocompletion=complete)]) -> int:
    """Take an argument that the settings complete."""
    return len(name)


def write(count: int) -> None:
    """Write a long line at once."""
    sys.stdout.write("x" * count)


def pass_on(context: typer.Context) -> None:
    """Write the options that it does not know."""
    sys.stdout.write(" ".join(context.args))


def yield_lines() -> Iterator[str]:
    """Yield, which no command may."""
    yield "line"


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
    raised: dict[str, BaseException] = {
        "abort": typer.Abort(),
        "base": BaseException(),
        "app": errors.NotFoundError("\x1b[31mThere is no\nfile."),
        "bug": RuntimeError(str(len(secret))),
        "exit": SystemExit("no \x1b[31mstatus"),
        "interrupt": KeyboardInterrupt(),
        "none": SystemExit(None),
        "pipe": BrokenPipeError(errno.EPIPE, "Broken pipe"),
        "parameter": typer.BadParameter("It is odd."),
        "status": typer.Exit(7),
        "typer": typer.TyperException("It is odd."),
    }
    raise raised[kind]


def lines_then_wait(context: typer.Context) -> None:
    """Write a line, and wait."""
    command: CommandContext[PracticeSettings] = context.obj
    command.output.write_line({}, "line")
    time.sleep(60)


def ask() -> None:
    """Ask, and write the answer."""
    sys.stdout.write(f"{typer.prompt('Name')} {typer.confirm('Sure?')}")


def read() -> None:
    """Write the lines of standard input."""
    sys.stdout.writelines(read_lines("-"))


async def read_async() -> None:
    """Write the lines of standard input, which a thread reads."""
    sys.stdout.write("started\n")
    sys.stdout.flush()
    async for line in iterate_in_thread(read_lines("-")):
        sys.stdout.write(line)


async def block() -> None:
    """Block the event loop."""
    sys.stdout.write("started\n")
    sys.stdout.flush()
    sys.stdin.readline()


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


def fail_in_thread() -> None:
    """End a thread by an error, and another one by SystemExit."""
    for error in (RuntimeError("7"), SystemExit(7)):
        thread = threading.Thread(target=raise_error, args=(error,))
        thread.start()
        thread.join()


def raise_error(error: BaseException) -> None:
    """Raise an error."""
    raise error


def log_badly() -> None:
    """Log what is no record of a command: a wrong call, a warning, and the end of a thread."""
    logger.warning("bad %d", "x")
    warnings.warn("old", DeprecationWarning, stacklevel=1)
    fail_in_thread()
    sys.stdout.write("done\n")


def log_in_progress(context: typer.Context) -> None:
    """Log while a bar is shown."""
    command: CommandContext[PracticeSettings] = context.obj
    with command.output.progress("Logging") as advance:
        log()
        advance()


PROGRAM = Program(
    description="Commands for tests.",
    commands=[
        Command("group", "Commands.", f"{__name__}:group", deprecated=True),
        Command("secret", "", f"{__name__}:log", hidden=True),
        Command(
            "pass-on",
            "",
            f"{__name__}:pass_on",
            deprecated=True,
            context_settings={"allow_extra_args": True, "ignore_unknown_options": True},
        ),
        *(
            Command(function.__name__.replace("_", "-"), "", f"{__name__}:{function.__name__}")
            for function in (
                *(table, lines, fail, wait, wait_async, cancel, log, log_in_progress, log_badly),
                *(ask, block, completed, lines_then_wait, read, read_async, write, yield_lines),
            )
        ),
    ],
    settings="{{ package_name }}.practices:PracticeSettings",
    start_logging="{{ package_name }}.practices:start_logging",
)

if __name__ == "__main__":
    sys.exit(PROGRAM.main())
