"""The log: one pipeline, one line a record, and nothing secret in it."""

import io
import json
import logging
from typing import Any

import pytest
import structlog

from {{ package_name }}.app import create_app
from {{ package_name }}.observability.logging import configured
from {{ package_name }}.settings import LoggingSettings, Settings

from support import connect


class Terminal(io.StringIO):
    """A stream that a person looks at."""

    def isatty(self) -> bool:
        """Say so."""
        return True


def written(stream: io.StringIO) -> list[dict[str, Any]]:
    """Return the records in a stream of JSON lines."""
    return [json.loads(line) for line in stream.getvalue().splitlines()]


@pytest.mark.parametrize("ours", [True, False], ids=["ours", "stdlib"])
def test_every_logger_writes_the_same_form(*, ours: bool) -> None:
    """Our records and everybody else's go through one pipeline."""
    stream = io.StringIO()
    with configured(LoggingSettings(), stream):
        if ours:
            structlog.stdlib.get_logger("some.name").warning("order.paid", order=7)
        else:
            logging.getLogger("some.name").warning("order.paid", extra={"order": 7})

    (record,) = written(stream)
    del record["timestamp"]
    assert record == {
        "event": "order.paid",
        "order": 7,
        "level": "warning",
        "logger": "some.name",
    }


def test_level_holds_for_both() -> None:
    """What is below the level is not written."""
    stream = io.StringIO()
    with configured(LoggingSettings(level="WARNING"), stream):
        structlog.stdlib.get_logger().info("quiet")
        logging.getLogger("some.name").info("quiet")

    assert stream.getvalue() == ""


def test_secrets_are_redacted() -> None:
    """A value is hidden by the name of its key, at any depth."""
    stream = io.StringIO()
    with configured(LoggingSettings(), stream):
        structlog.stdlib.get_logger().info(
            "order.paid",
            password="hunter2",
            calls=[{"headers": {"Authorization": "hunter2", "Accept": "*"}}],
        )

    (record,) = written(stream)
    assert record["password"] == "[redacted]"
    assert record["calls"] == [{"headers": {"Authorization": "[redacted]", "Accept": "*"}}]


def charge(pin: int) -> int:
    """Fail with a secret at hand."""
    return int("no number") + pin


def test_traceback_has_no_local_variables() -> None:
    """A traceback shows the code, not the values that it worked on."""
    stream = io.StringIO()
    pin = 1000 + 234
    with configured(LoggingSettings(), stream):
        try:
            charge(pin)
        except ValueError:
            logging.getLogger().exception("order.failed")

    (record,) = written(stream)
    assert "in charge" in record["exception"]
    assert "1234" not in stream.getvalue()


@pytest.mark.parametrize("form", ["json", "console"])
def test_injected_newline_stays_on_its_line(form: str) -> None:
    """A value can't forge a second record or colour the terminal."""
    stream = io.StringIO()
    settings = LoggingSettings.model_validate({"format": form})
    with configured(settings, stream):
        structlog.stdlib.get_logger().info("order\nforged", note="a\x1b[31m\nb")

    assert len(stream.getvalue().splitlines()) == 1
    assert "\x1b[31m" not in stream.getvalue()


def test_terminal_gets_a_readable_form() -> None:
    """A person gets colours, a program JSON."""
    stream = Terminal()
    with configured(LoggingSettings(), stream):
        structlog.stdlib.get_logger().info("order.paid")

    assert "\x1b[" in stream.getvalue()


@pytest.mark.parametrize("wanted", [True, False], ids=["wanted", "not wanted"])
async def test_client_is_logged_only_if_wanted(
    capsys: pytest.CaptureFixture[str], *, wanted: bool
) -> None:
    """An address is personal data: it is left out unless a setting asks for it."""
    settings = Settings.load({"logging": {"client_address": wanted, "format": "json"}})
    async with connect(create_app(settings)) as client:
        await client.get("/nowhere")

    records = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    (served,) = [record for record in records if record["event"] == "request.served"]
    assert ("client" in served) is wanted
