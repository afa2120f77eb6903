"""The help of the program, as a terminal of 80 columns shows it."""

from textwrap import fill

from {{ package_name }}.core.names import NAME
from {{ package_name }}.core.program import (
    CONFIG_VARIABLE,
    EPILOG,
    Command,
    Program,
)

from support.reference import COLUMNS, help_by_command

INDENT = " " * 24
CONFIG = fill(
    f"Read this configuration file (TOML).  [env var: {CONFIG_VARIABLE}]",
    COLUMNS,
    initial_indent=INDENT,
    subsequent_indent=INDENT,
).lstrip()
HELP = f"""\
  Does the work.

Options:
  -v, --verbose         Log more: DEBUG and above.
  -q, --quiet           Log errors only; show no progress.
  --json                Write JSON instead of text; errors, too.
  --config FILE         {CONFIG}
  --version             Show the version.
  --install-completion  Install completion for the current shell.
  --show-completion     Show completion for the current shell, to copy it or
                        customize the installation.
  --help                Show this message and exit.

Commands:
  table  Writes a table.
  old    Writes lines. (DEPRECATED)

{fill(EPILOG, COLUMNS, initial_indent="  ", subsequent_indent="  ")}"""


def test_help_of_the_program() -> None:
    """It has the common options, the commands that are not hidden, and what wins over what."""
    program = Program(
        description="Does the work.",
        commands=[
            Command("table", "Writes a table.", "support.commands:table"),
            Command("old", "Writes lines.", "support.commands:lines", deprecated=True),
            Command("secret", "Logs.", "support.commands:log", hidden=True),
        ],
        settings="unused",
        start_logging="unused",
    )

    usage, _, text = help_by_command(program)[NAME].partition("\n\n")

    assert usage.split() == ["Usage:", NAME, "[OPTIONS]", "COMMAND", "[ARGS]..."]
    assert text == HELP
