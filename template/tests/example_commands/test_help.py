"""The example shows commands whose help is fast."""

import pytest

from {{ package_name }}.core.program import Command
from {{ package_name }}.practice_commands import PRACTICE_COMMANDS

from support.command import COMMAND, imported


@pytest.mark.parametrize("command", PRACTICE_COMMANDS, ids=lambda command: command.name)
def test_help_of_a_command_loads_no_settings(command: Command) -> None:
    """The help of a command imports neither pydantic nor Rich."""
    assert {"pydantic", "rich"}.isdisjoint(imported(COMMAND, command.name, "--help"))
