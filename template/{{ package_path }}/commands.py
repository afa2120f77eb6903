"""The sub-commands of this project. This file is yours: updates never touch it."""

from {{ package_name }}.core.cli import Command
from {{ package_name }}.settings import Settings

COMMANDS: tuple[Command[Settings], ...] = ()
"""Your sub-commands, such as `Command(name="report", help="Print a report", run=print_report)`."""
