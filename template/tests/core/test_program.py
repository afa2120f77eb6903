"""The command: common options, errors, and commands of each kind."""

import asyncio
import json
from pathlib import Path

import pytest

from {{ package_name }}.core.names import NAME
from {{ package_name }}.core.program import CONFIG_VARIABLE

from support.command import Run
from support.commands import PROGRAM


def test_help_lists_the_commands(run: Run) -> None:
    """Without arguments, the command shows its help, as a usage error."""
    shown = run("--help", program=PROGRAM)
    bare = run(program=PROGRAM)

    assert "wait-async" in shown.out
    assert (shown.status, bare.status) == (0, 2)
    assert shown.out in {bare.out, bare.err}


def test_version(run: Run) -> None:
    """`--version` shows the name and the version."""
    assert run("--version").out.startswith(f"{NAME} ")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--quiet", "--verbose", "fail", "x"), "Use --verbose or --quiet, not both."),
        (("--nothing",), "No such option: --nothing"),
        (("tablex",), "No such command 'tablex'. Did you mean 'table'?"),
        (("fail",), "Missing argument"),
        (("fail", "x", "--json"), "No such option: --json"),
    ],
    ids=str,
)
def test_usage_error(run: Run, arguments: tuple[str, ...], message: str) -> None:
    """Arguments that can't be used end with status 2."""
    result = run(*arguments, program=PROGRAM)

    assert (result.status, result.out) == (2, "")
    assert message in result.err


def test_error_is_shown(run: Run) -> None:
    """An AppError is its message, without control characters."""
    result = run("fail", "app", program=PROGRAM)

    assert (result.status, result.out) == (1, "")
    assert result.err == "Error: \\x1b[31mThere is no\nError: file.\n"


def test_error_is_json(run: Run) -> None:
    """`--json` writes errors as JSON, too."""
    result = run("--json", "fail", "app", program=PROGRAM)

    assert (result.status, result.out) == (1, "")
    message = "\x1b[31mThere is no\nfile."
    assert json.loads(result.err) == {"error": {"code": "not_found", "message": message}}


def test_bug_has_a_status_of_its_own(run: Run) -> None:
    """An unexpected exception is a traceback."""
    result = run("fail", "bug", program=PROGRAM)

    assert result.status == 70
    assert result.err.endswith("RuntimeError: 7\n")


def test_exit_with_a_text_fails(run: Run) -> None:
    """`sys.exit` with a text is a failure, and shows the text."""
    result = run("fail", "exit", program=PROGRAM)

    assert (result.status, result.err) == (1, "no status\n")


@pytest.mark.parametrize("options", [(), ("--json",)], ids=["text", "json"])
def test_bad_settings_end_the_command(run: Run, options: tuple[str, ...]) -> None:
    """A named configuration file must exist."""
    result = run("--config", "gone.toml", *options, "table", "x", program=PROGRAM)
    message = "gone.toml: No such file or directory"

    assert (result.status, result.out) == (2, "")
    if options:
        assert json.loads(result.err)["error"] == {"code": "invalid_settings", "message": message}
    else:
        assert result.err == f"Error: {message}\n"


def test_option_wins_over_the_variable(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """`--config` wins over the variable, which names a file, too."""
    Path("good.toml").touch()
    monkeypatch.setenv(CONFIG_VARIABLE, "gone.toml")

    assert run("--config", "good.toml", "table", "x", program=PROGRAM).status == 0
    assert run("table", "x", program=PROGRAM).status == 2


def test_help_needs_no_settings(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """The help is shown also with settings that can't be used."""
    monkeypatch.setenv(CONFIG_VARIABLE, "gone.toml")

    assert run("table", "--help", program=PROGRAM).status == 0


def test_group_has_commands_of_its_own(run: Run) -> None:
    """A `typer.Typer` is a group of commands, which run in the same context."""
    assert run("group", "inner", program=PROGRAM).out == "PracticeSettings"
    assert "Show that the settings" in run("group", "--help", program=PROGRAM).out


def test_cancelled_command_is_a_bug(run: Run) -> None:
    """Only a signal may cancel an async command."""
    with pytest.raises(asyncio.CancelledError):
        run("cancel", program=PROGRAM)


def test_levels(run: Run) -> None:
    """`--verbose` logs more, and `--quiet` less."""
    counts = [
        len(run(*options, "log", program=PROGRAM).err.splitlines())
        for options in (("-v",), (), ("-q",))
    ]

    assert counts == [3, 2, 1]


def test_log_has_no_control_characters(run: Run) -> None:
    """A record can't send commands to a terminal."""
    assert "\x1b" not in run("log", program=PROGRAM).err
