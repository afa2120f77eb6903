"""The command: common options, errors, and commands of each kind."""

import io
import json
import sys
from pathlib import Path

import pytest

from {{ package_name }}.core.names import NAME
from {{ package_name }}.core.program import CONFIG_VARIABLE
from {{ package_name }}.practices import PracticeSettings

from support.command import Run, finish, start
from support.commands import PROGRAM
from support.reference import reference


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
        (("--config", "", "fail", "x"), "Name a file after --config."),
        (("--nothing",), "No such option: --nothing"),
        (("tablex",), "No such command 'tablex'. Did you mean 'table'?"),
        (("fail",), "Missing argument"),
        (("fail", "x", "--other"), "No such option: --other (Possible options: "),
        (
            ("fail", "x", "--json"),
            f"No such option: --json. Give it before the command: {NAME} --json fail\n",
        ),
        (("table", "-q"), f"No such option: -q. Give it before the command: {NAME} -q table\n"),
        (("group", "inner", "--verb"), "No such option: --verb\n"),
        (
            ("group", "inner", "--config=x"),
            f"No such option: --config. Give it before the command: {NAME} --config group inner\n",
        ),
        (("fail", "parameter"), "Invalid value: It is odd."),
    ],
    ids=str,
)
def test_usage_error(run: Run, arguments: tuple[str, ...], message: str) -> None:
    """Arguments that can't be used end with status 2."""
    result = run(*arguments, program=PROGRAM)

    assert (result.status, result.out) == (2, "")
    assert message in result.err


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("--json", "--quiet", "--verbose", "log"), "usage_error", "Invalid value: Use --verbose"),
        (("--json", "--nothing"), "usage_error", "No such option: --nothing"),
        (("--nothing", "--json"), "usage_error", "No such option: --nothing"),
        (("--json", "tablex"), "usage_error", "No such command 'tablex'"),
        (("--json", "fail"), "usage_error", "Missing argument"),
        (("--json", "fail", "x", "--other"), "usage_error", "No such option: --other"),
        (("--json", "fail", "parameter"), "usage_error", "Invalid value: It is odd."),
        (("--json", "fail", "typer"), "usage_error", "It is odd."),
        (("--json", "fail", "abort"), "aborted", "The command was aborted."),
        (("--json", "fail", "exit"), "failed", "no \x1b[31mstatus"),
        (("--json", "ask"), "aborted", "The command was aborted."),
    ],
    ids=str,
)
def test_every_error_is_json(run: Run, arguments: tuple[str, ...], code: str, message: str) -> None:
    """With `--json`, every error is a JSON document: those of the arguments, too."""
    result = run(*arguments, program=PROGRAM)

    error = json.loads(result.err.splitlines()[-1])["error"]
    assert result.status == (2 if code == "usage_error" and message != "It is odd." else 1)
    assert (error["code"], error["message"][: len(message)]) == (code, message)


@pytest.mark.parametrize(
    ("kind", "status", "err"),
    [
        ("abort", 1, "Error: The command was aborted.\n"),
        ("exit", 1, "Error: no \\x1b[31mstatus\n"),
        ("interrupt", 130, ""),
        ("none", 0, ""),
        ("pipe", 141, ""),
        ("status", 7, ""),
        ("typer", 1, "Error: It is odd.\n"),
    ],
)
def test_end_has_a_status(run: Run, kind: str, status: int, err: str) -> None:
    """Each way to end a command has its status, and its text has no control characters."""
    result = run("fail", kind, program=PROGRAM)

    assert (result.status, result.err) == (status, err)


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
    """A `typer.Typer` is a group, also of one command; its callbacks run in the context, too."""
    result = run("--verbose", "group", "inner", program=PROGRAM)

    assert (result.status, result.out) == (0, "result PracticeSettings\n")
    assert "prepared PracticeSettings" in result.err
    assert result.err.startswith("DeprecationWarning: The command 'group' is deprecated.\n")
    assert run("group", "nested", "deep", program=PROGRAM).out == "result deep\n"


def test_settings_are_loaded_once(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """A group and its command share the settings."""
    loaded: list[Path] = []
    load = PracticeSettings.load_file

    def load_file(path: Path, *, is_required: bool) -> PracticeSettings:
        loaded.append(path)
        return load(path, is_required=is_required)

    monkeypatch.setattr(PracticeSettings, "load_file", load_file)
    run("group", "inner", program=PROGRAM)

    assert len(loaded) == 1


def test_help_of_a_group_is_that_of_a_command(run: Run) -> None:
    """It is plain, has no options of a program of its own, and is on the reference page."""
    shown = run("group", "--help", program=PROGRAM).out
    page = reference(PROGRAM)
    lines = [line.rstrip() for line in shown.splitlines()]

    assert "Return the name of the settings class." in shown
    assert "--install-completion" not in shown
    assert shown.isascii()
    assert all(line in page for line in lines)
    assert f"## `{NAME} group inner`" in page


def test_hidden_command_is_not_listed(run: Run) -> None:
    """A hidden command runs; neither the help nor the reference page has it."""
    assert run("secret", program=PROGRAM).status == 0
    assert "secret" not in run("--help", program=PROGRAM).out
    assert "secret" not in reference(PROGRAM)


def test_command_has_settings_of_typer(run: Run) -> None:
    """A command may be deprecated, and take options that it does not know."""
    result = run("pass-on", "--odd", "x", program=PROGRAM)

    assert result.out == "--odd x"
    assert result.err == "DeprecationWarning: The command 'pass-on' is deprecated.\n"
    assert "(DEPRECATED)" in run("pass-on", "--help", program=PROGRAM).out


def test_completion_has_the_settings() -> None:
    """A function that completes an argument gets the context of the command, with settings."""
    variables = {
        f"_{NAME.replace('-', '_').upper()}_COMPLETE": "complete_bash",
        "COMP_WORDS": f"{NAME} --quiet --verbose completed ",
        "COMP_CWORD": "4",
    }

    assert finish(start(module="support.commands", **variables)).out == "PracticeSettings\n"


def test_prompt_reads_standard_input(run: Run) -> None:
    """A test gives the answers to prompts."""
    result = run("ask", stdin="Ada\ny\n", program=PROGRAM)

    assert result.out.endswith("Ada True")


@pytest.mark.parametrize(
    ("command", "message"),
    [
        ("cancel", "RuntimeError: The command was cancelled, but by no signal.\n"),
        ("yield-lines", "can't yield; write its results by `command.output`.\n"),
    ],
)
def test_wrong_command_is_a_bug(run: Run, command: str, message: str) -> None:
    """Only a signal may cancel an async command, and no caller reads what a command yields."""
    result = run(command, program=PROGRAM)

    assert result.status == 70
    assert result.err.endswith(message)


def test_exception_of_a_test_ends_the_test(run: Run) -> None:
    """Exceptions that are no errors, such as that of `pytest.fail`, are not the command's."""
    with pytest.raises(BaseException, match=r"^$"):
        run("fail", "base", program=PROGRAM)


async def test_async_command_needs_the_event_loop(run: Run) -> None:
    """In an event loop, an async command says what to do instead."""
    result = run("read-async", program=PROGRAM)

    assert result.status == 70
    assert result.err.endswith("make the test a `def`, or use `start`.\n")


def test_output_may_be_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    """Python code may run the command with a text stream as standard output."""
    stream = io.StringIO()
    monkeypatch.setattr(sys, "stdout", stream)

    assert PROGRAM.main(["table", "x"]) == 0
    assert stream.getvalue().split() == ["[NAME]", "x"]


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
