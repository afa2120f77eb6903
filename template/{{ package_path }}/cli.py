"""The command of this project. This file is yours: updates never touch it."""

from {{ package_name }}.core.program import Command, Program
from {{ package_name }}.practice_commands import PRACTICE_COMMANDS

DESCRIPTION = "The commands of this project."
"""The first line of `--help`."""

COMMANDS: tuple[Command, ...] = ()
"""Your commands, such as `Command("greet", "Say hello.", f"{__package__}.greet:greet")`."""


def create_program() -> Program:
    """Return the command with all its sub-commands."""
    return Program(
        description=DESCRIPTION,
        commands=(*PRACTICE_COMMANDS, *COMMANDS),
        settings="{{ package_name }}.settings:Settings",
        start_logging="{{ package_name }}.practices:start_logging",
    )
