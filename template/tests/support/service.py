"""The command of a project that has nothing of its own; tests of the core start it."""

import sys

from {{ package_name }}.core import cli
from {{ package_name }}.practices import PRACTICE_COMMANDS, PracticeSettings

from support.client import practice_app

if __name__ == "__main__":
    sys.exit(cli.main(PracticeSettings, practice_app, PRACTICE_COMMANDS))
