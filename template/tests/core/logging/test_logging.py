"""The log: one pipeline, one line a record, no secrets."""

import io
import json
import logging
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import PurePosixPath
from typing import Any

import pytest
import structlog

from {{ package_name }}.core.logging import LoggingSettings, configure_logging
from {{ package_name }}.core.logging.rendering import Output


class Terminal(io.BytesIO):
    """A terminal."""

    def isatty(self) -> bool:
        """Return True."""
        return True


def written(stream: io.BytesIO) -> list[dict[str, Any]]:
    """Return the records in a stream of JSON lines."""
    return [json.loads(line) for line in stream.getvalue().decode().splitlines()]


@pytest.mark.parametrize("is_structlog", [True, False], ids=["structlog", "logging"])
def test_every_logger_writes_the_same_form(*, is_structlog: bool) -> None:
    """Records of structlog and of the standard library go through one pipeline."""
    stream = io.BytesIO()
    with configure_logging(LoggingSettings(), Output(stream)):
        if is_structlog:
            structlog.get_logger("some.name").warning("order.paid", order=7)
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


def test_record_that_cannot_be_formatted_is_a_record() -> None:
    """A log call with wrong arguments is logged where it is, instead of plain text."""
    stream = io.BytesIO()
    with configure_logging(LoggingSettings(), Output(stream)):
        handler = logging.getLogger().handlers[-1]
        handler.handle(logging.LogRecord("some.name", 30, "own.py", 7, "bad %d", ("x",), None))

    (record,) = written(stream)
    assert (record["event"], record["logger"]) == ("logging.failed", "some.name")
    assert (record["file"], record["line"]) == ("own.py", 7)
    assert record["exception"].splitlines()[-1].startswith("TypeError: %d format")


def test_level_holds_for_both() -> None:
    """Records below the level are dropped."""
    stream = io.BytesIO()
    with configure_logging(LoggingSettings(level="WARNING"), Output(stream)):
        structlog.get_logger().info("quiet")
        logging.getLogger("some.name").info("quiet")

    assert stream.getvalue() == b""


def test_secrets_are_redacted() -> None:
    """A value is redacted by its key, at any depth."""
    stream = io.BytesIO()
    with configure_logging(LoggingSettings(), Output(stream)):
        structlog.get_logger().info(
            "order.paid",
            password="hunter2",
            calls=[{"headers": {"Authorization": "hunter2", "Accept": "*"}}],
        )

    (record,) = written(stream)
    assert record["password"] == "[redacted]"
    assert record["calls"] == [{"headers": {"Authorization": "[redacted]", "Accept": "*"}}]


def test_addresses_show_no_credentials() -> None:
    """The password in the URL of a message or an error is redacted."""
    stream = io.BytesIO()
    with configure_logging(LoggingSettings(), Output(stream)):
        try:
            int("postgresql://app:hunter2@db")
        except ValueError:
            logging.getLogger().exception("database.failed at amqp://:hunter2@queue/0")

    assert b"hunter2" not in stream.getvalue()
    assert b"[redacted]@db" in stream.getvalue()


@dataclass
class Account:
    """An object with content that must not be logged."""

    owner: str


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC), "2026-01-02T03:04:05Z"),
        (Decimal("1.10"), "1.10"),
        (PurePosixPath("a/b"), "a/b"),
        ({"b"}, ["b"]),
        (Account("hunter2"), "<Account>"),
        (ValueError("hunter2"), "<ValueError>"),
        ("\ud800", "\ud800"),
        (2**70, 2**70),
        ("\x7f\x9f\u2028é", "\x7f\x9f\u2028é"),
        ((2**70, datetime(2026, 1, 2, tzinfo=UTC)), [2**70, "2026-01-02T00:00:00+00:00"]),
    ],
    ids=["time", "number", "path", "set", "object", "error", "half", "large", "odd", "both"],
)
def test_every_value_can_be_logged(value: object, shown: object) -> None:
    """A record is one line of ASCII, and shows only the class of an object."""
    stream = io.BytesIO()
    with configure_logging(LoggingSettings(), Output(stream)):
        structlog.get_logger().info("order.paid", value=value)

    (record,) = written(stream)
    assert record["value"] == shown
    assert stream.getvalue().strip().isascii()
    assert not any(byte < 0x20 or byte == 0x7F for byte in stream.getvalue().strip())


class Full(io.BytesIO):
    """A stream that can't be written."""

    flushes = 0

    def flush(self) -> None:
        """Fail."""
        self.flushes += 1
        raise OSError("No space left on device")


def test_broken_stream_fails_nothing_else() -> None:
    """A record that can't be written is lost; the caller continues."""
    stream = Full()
    Output(stream).write("order.paid")

    assert stream.flushes == 1


def charge(pin: int) -> int:
    """Fail with a secret in a local variable."""
    return int("no number") + pin


def test_traceback_has_no_local_variables() -> None:
    """A traceback shows the code, not the local variables."""
    stream = io.BytesIO()
    pin = 10**15 + 234  # longer than the digits of a timestamp
    with configure_logging(LoggingSettings(), Output(stream)):
        try:
            charge(pin)
        except ValueError:
            logging.getLogger().exception("order.failed")

    (record,) = written(stream)
    assert "in charge" in record["exception"]
    assert str(pin).encode() not in stream.getvalue()


@pytest.mark.parametrize("form", ["json", "console"])
def test_injected_newline_stays_on_its_line(form: str) -> None:
    """A value can't forge a record, or send control codes to the terminal."""
    stream = io.BytesIO()
    settings = LoggingSettings.model_validate({"format": form})
    with configure_logging(settings, Output(stream)):
        structlog.get_logger().info("order\nforged", note="a\x1b[31m\nb")

    assert len(stream.getvalue().decode().splitlines()) == 1
    assert b"\x1b[31m" not in stream.getvalue()


@pytest.mark.parametrize(("no_color", "has_colors"), [("", True), ("1", False)], ids=str)
def test_terminal_gets_a_readable_form(
    monkeypatch: pytest.MonkeyPatch, no_color: str, *, has_colors: bool
) -> None:
    """A terminal gets colours, unless NO_COLOR is set."""
    monkeypatch.setenv("NO_COLOR", no_color)
    stream = Terminal()
    with configure_logging(LoggingSettings(), Output(stream)):
        structlog.get_logger().info("order.paid")

    assert b"order.paid" in stream.getvalue()
    assert (b"\x1b[" in stream.getvalue()) is has_colors
