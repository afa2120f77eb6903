"""The log of a command: JSON for programs, a readable form for a terminal."""

import json
import logging

import pytest

from {{ package_name }}.core.logging import LoggingSettings
from {{ package_name }}.core.logging.stderr import log_to_stderr
from {{ package_name }}.core.names import PREFIX

from support.command import COLOUR, Run, finish, in_terminal, start
from support.commands import PROGRAM


def test_log_is_on_standard_error(run: Run) -> None:
    """Records are JSON lines on standard error."""
    result = run("log", program=PROGRAM)

    records = [json.loads(line) for line in result.err.splitlines()]
    assert [record["level"] for record in records] == ["info", "error"]
    assert result.out == ""


def test_option_wins_over_the_variable(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """`--verbose` wins over the level of the environment, and that over the default."""
    monkeypatch.setenv(f"{PREFIX}LOGGING__LEVEL", "ERROR")

    assert len(run("log", program=PROGRAM).err.splitlines()) == 1
    assert len(run("--verbose", "log", program=PROGRAM).err.splitlines()) == 3


def test_every_record_is_json() -> None:
    """So are a wrong log call, a warning, and an error in a thread; the set-up is restored."""
    result = finish(start("log-badly", module="support.commands", PYTHONWARNINGS="always"))

    records = [json.loads(line) for line in result.err.splitlines()]
    events = [record["event"].partition("\n")[0] for record in records]
    assert result.out == "done\n"
    assert (events[0], events[2]) == ("logging.failed", "thread.failed")
    assert events[1].endswith("DeprecationWarning: old")
    assert len(events) == 3


@pytest.mark.parametrize(("level", "count"), [(None, 0), ("DEBUG", 1)], ids=str)
def test_level(capsys: pytest.CaptureFixture[str], level: str | None, count: int) -> None:
    """A level wins over that of the settings."""
    with log_to_stderr(LoggingSettings(level="WARNING"), level):
        logging.getLogger("some.name").info("order.paid")

    assert len(capsys.readouterr().err.splitlines()) == count


def test_no_color_is_obeyed() -> None:
    """A terminal gets colours, without NO_COLOR."""
    assert COLOUR.search(in_terminal("log"))
    assert not COLOUR.search(in_terminal("log", NO_COLOR="1"))
