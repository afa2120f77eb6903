"""How records become lines: JSON for collectors, a readable form for a terminal."""

import json
import os
from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import PurePath
from typing import Literal, Protocol

import orjson
import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from {{ package_name }}.core.escaping import escape_controls
from {{ package_name }}.core.settings import SettingsGroup

JSON_OPTIONS = orjson.OPT_PASSTHROUGH_DATACLASS | orjson.OPT_UTC_Z


class LoggingSettings(SettingsGroup):
    """The log."""

    level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    format: Literal["auto", "console", "json"] = "auto"


def add_time(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Add the time, as a processor of structlog."""
    event["timestamp"] = datetime.now(UTC)
    return event


def format_time(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Format the time as local HH:MM:SS."""
    event["timestamp"] = event["timestamp"].astimezone().strftime("%H:%M:%S")
    return event


def escape_fields(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Escape control characters: a line feed in a value could forge a record."""
    return {
        key: escape_controls(value) if isinstance(value, str) and key != "exception" else value
        for key, value in event.items()
    }


def drop_duplicate_fields(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Drop the copies of the message that formatters and servers add."""
    event.pop("message", None)
    event.pop("color_message", None)
    return event


def safe_repr(value: object) -> str:
    """Return the text for a value that JSON has no type for: only its class, unless it is safe."""
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Decimal | PurePath):
        return str(value)
    return f"<{type(value).__name__}>"


def dump(event: EventDict) -> bytes:
    """Return a record as one line of ASCII JSON."""
    try:
        line = orjson.dumps(event, default=safe_repr, option=JSON_OPTIONS)
    except TypeError:  # a lone surrogate, or an integer beyond 64 bits
        line = b"\x7f"
    if line.isascii() and b"\x7f" not in line:
        return line
    return json.dumps(event, default=safe_repr).replace("\x7f", "\\u007f").encode()


def to_json(_logger: WrappedLogger, _method: str, event: EventDict) -> str:
    """Render a record as JSON, as the last processor of structlog."""
    return dump(event).decode()


class LogStream(Protocol):
    """What the log is written to, such as `sys.stdout.buffer`."""

    def write(self, data: bytes, /) -> int: ...

    def flush(self) -> None: ...

    def isatty(self) -> bool: ...


class Output:
    """Writes records to a stream; a broken pipe fails nothing but the log."""

    def __init__(self, stream: LogStream) -> None:
        self.stream = stream

    def write(self, line: str) -> None:
        """Write a record."""
        self.write_lines([line.encode(errors="backslashreplace")])

    def flush(self) -> None:
        """Do nothing: every record is written at once."""

    def write_lines(self, lines: Sequence[bytes]) -> None:
        """Write encoded records."""
        try:
            self.stream.write(b"\n".join([*lines, b""]))
            self.stream.flush()
        except OSError:
            return


def is_console(settings: LoggingSettings, stream: LogStream) -> bool:
    """Return whether the log is for a terminal instead of JSON."""
    return settings.format == "console" or (settings.format == "auto" and stream.isatty())


def renderers(settings: LoggingSettings, stream: LogStream) -> list[Processor]:
    """Return the last processors: JSON, or colours for a terminal."""
    if is_console(settings, stream):
        has_colors = stream.isatty() and not os.environ.get("NO_COLOR")
        return [format_time, escape_fields, structlog.dev.ConsoleRenderer(colors=has_colors)]
    return [to_json]
