"""The command of this project. This file is yours: updates never touch it."""

import sys
from collections.abc import Sequence

from {{ package_name }}.app import create_app
from {{ package_name }}.commands import COMMANDS
from {{ package_name }}.core import cli
from {{ package_name }}.practices import PRACTICE_COMMANDS
from {{ package_name }}.settings import Settings


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command and return its exit status."""
    commands: tuple[cli.Command[Settings], ...] = (*PRACTICE_COMMANDS, *COMMANDS)
    return cli.main(Settings, create_app, commands, argv)


if __name__ == "__main__":
    sys.exit(main())
