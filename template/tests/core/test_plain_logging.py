"""The log of a command by the standard library."""

import logging

import pytest

from {{ package_name }}.core.plain_logging import (
    LoggingSettings,
    log_to_stderr,
)

from support.command import run_in_shell


def test_record_is_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    """A record has its level and its logger, and no control characters; tracebacks have lines."""
    with log_to_stderr(LoggingSettings(), None):
        logging.getLogger("some.name").info("order.paid\x1b[31m")
        logging.getLogger("some.name").debug("hidden")
        try:
            int("x")
        except ValueError:
            logging.getLogger("some.name").exception("order.failed")

    first, second, *traceback = capsys.readouterr().err.splitlines()
    assert first == r"INFO some.name: order.paid\x1b[31m"
    assert second == "ERROR some.name: order.failed"
    assert traceback[-1].startswith("ValueError")


@pytest.mark.parametrize("target", ["", "2</dev/null"])
def test_bad_record_does_not_end_the_command(target: str) -> None:
    """A log call with wrong arguments is shown, and the command goes on; so without a reader."""
    assert run_in_shell(f"full log-badly {target}").out == "done\n"


@pytest.mark.parametrize(("level", "count"), [("DEBUG", 2), (None, 1), ("ERROR", 0)], ids=str)
def test_level(capsys: pytest.CaptureFixture[str], level: str | None, count: int) -> None:
    """A level wins over that of the settings while a command runs, and is restored."""
    before = logging.getLogger().level
    with log_to_stderr(LoggingSettings(), level):
        logging.getLogger("some.name").debug("order.paid")
        logging.getLogger("some.name").info("order.paid")

    assert len(capsys.readouterr().err.splitlines()) == count
    assert logging.getLogger().level == before
