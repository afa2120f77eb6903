"""The log: one structlog pipeline for our records and everybody else's."""

import asyncio
import json
import logging
import re
import sys
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime
from decimal import Decimal
from functools import lru_cache, partial
from pathlib import PurePath
from typing import Any, BinaryIO

import orjson
import structlog
from fastapi import FastAPI
from structlog.typing import EventDict, Processor, WrappedLogger

from {{ package_name }}.core.component import Component
from {{ package_name }}.core.web.context import Exchange
from {{ package_name }}.core.logging import LoggingSettings
from {{ package_name }}.settings import Settings

SECRET = re.compile(r"passw|secret|token|authorization|cookie|api_?key|credential", re.IGNORECASE)
CREDENTIALS = re.compile(r"(?<=://)[^\s/@]+@")
CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
PLAIN = frozenset({bool, float, int, type(None)})
OPTIONS = orjson.OPT_PASSTHROUGH_DATACLASS | orjson.OPT_UTC_Z


@lru_cache(maxsize=1024)
def is_secret(key: str) -> bool:
    """Tell whether a key names something that belongs in no log."""
    return SECRET.search(key) is not None


def redacted(key: str, value: object) -> object:
    """Return the value, without what its key, a nested key or an address shows to be secret."""
    if is_secret(key):
        return "[redacted]"
    if isinstance(value, str):
        return CREDENTIALS.sub("[redacted]@", value) if "://" in value else value
    if isinstance(value, Mapping):
        return {str(name): redacted(str(name), item) for name, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [redacted(key, item) for item in value]
    return value


def redact(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Keep secrets out of a record."""
    for key, value in event.items():
        kind = type(value)
        is_plain = kind in PLAIN or (kind is str and "://" not in value)
        if not is_plain or is_secret(key):
            event[key] = redacted(key, value)
    return event


def add_time(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Say when; the renderer writes it."""
    event["timestamp"] = datetime.now(UTC)
    return event


def write_time(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Write the time for people."""
    event["timestamp"] = event["timestamp"].astimezone().strftime("%H:%M:%S")
    return event


def escape(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Keep a record on its line: a control character in a value could forge another one."""
    return {
        key: CONTROL.sub(lambda found: ascii(found[0])[1:-1], value)
        if isinstance(value, str) and key != "exception"
        else value
        for key, value in event.items()
    }


def drop_copies(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Drop the copies of the event that formatters and uvicorn leave in a record."""
    event.pop("message", None)
    event.pop("color_message", None)
    return event


def plain(value: object) -> str:
    """Return what a record shows of an object: nothing that it may hold, unless it is plain."""
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Decimal | PurePath):
        return str(value)
    return f"<{type(value).__name__}>"


def dump(event: EventDict) -> bytes:
    """Return a record as one line of ASCII, whatever is in it."""
    try:
        line = orjson.dumps(event, default=plain, option=OPTIONS)
    except TypeError:  # half a surrogate, or an integer beyond 64 bits
        line = b"\x7f"
    if line.isascii() and b"\x7f" not in line:
        return line
    return json.dumps(event, default=plain).replace("\x7f", "\\u007f").encode()


def to_json(_logger: WrappedLogger, _method: str, event: EventDict) -> str:
    """Write a record for programs."""
    return dump(event).decode()


class Output:
    """Where records end. One that nobody takes any more must not fail a request."""

    def __init__(self, stream: BinaryIO) -> None:
        self.stream = stream
        self.pending: list[bytes] = []

    def write(self, line: str) -> None:
        """Write a record, after those that wait."""
        self.pending.append(line.encode(errors="backslashreplace"))
        self.flush()

    def write_soon(self, line: bytes) -> None:
        """Write a record when the event loop has done what it is at, with those that come by then.

        To write each line by itself would cost a busy service more than to make it.
        """
        if not self.pending:
            asyncio.get_running_loop().call_soon(self.flush)
        self.pending.append(line)

    def flush(self) -> None:
        """Write what waits, if anything does."""
        if not self.pending:
            return
        lines = b"\n".join([*self.pending, b""])
        self.pending.clear()
        try:
            self.stream.write(lines)
            self.stream.flush()
        except OSError:
            return


class Logger:
    """What structlog hands finished records to; it makes one for each name."""

    def __init__(self, output: Output, name: str = "") -> None:
        self.name = name
        self.debug = self.info = self.warning = self.error = self.critical = output.write


def is_for_people(settings: LoggingSettings, stream: BinaryIO) -> bool:
    """Tell whether the log is readable instead of JSON."""
    return settings.format == "console" or (settings.format == "auto" and stream.isatty())


def renderers(settings: LoggingSettings, stream: BinaryIO) -> list[Processor]:
    """Return the last processors: JSON for programs, colours for a terminal."""
    if is_for_people(settings, stream):
        return [write_time, escape, structlog.dev.ConsoleRenderer(colors=stream.isatty())]
    return [to_json]


@contextmanager
def configured(settings: LoggingSettings, output: Output) -> Iterator[None]:
    """Send every record of the process to the output, and put things back at the end."""
    first: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        add_time,
    ]
    last: list[Processor] = [
        # Text without local variables: those hold passwords.
        structlog.processors.format_exc_info,
        redact,
        *renderers(settings, output.stream),
    ]
    structlog.configure(
        processors=[*first, *last],
        logger_factory=partial(Logger, output),
        wrapper_class=structlog.make_filtering_bound_logger(settings.level),
    )
    handler = logging.StreamHandler(output)
    handler.terminator = ""
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*first, structlog.stdlib.ExtraAdder(), drop_copies],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *last],
        )
    )
    root, server_access = logging.getLogger(), logging.getLogger("uvicorn.access")
    before = root.level, server_access.propagate
    root.addHandler(handler)
    root.setLevel(settings.level)
    server_access.propagate = False  # our access line replaces the server's
    try:
        yield
    finally:
        output.flush()
        root.removeHandler(handler)
        level, server_access.propagate = before
        root.setLevel(level)
        structlog.reset_defaults()


class AccessLog:
    """Writes one line a request, also for the requests that fail.

    It calls the processors without a logger: the line is half of what it costs to observe a
    request, and a logger would add a third to it.
    """

    def __init__(self, settings: LoggingSettings, output: Output) -> None:
        self.output = output
        self.client_address = settings.client_address
        self.renderers = renderers(settings, output.stream)
        self.is_json = not is_for_people(settings, output.stream)

    def write(self, exchange: Exchange) -> None:
        """Write the line of a request that has ended: what was bound for it, and these fields."""
        scope = exchange.scope
        bound = structlog.contextvars.merge_contextvars(None, "info", {})
        line: Any = {
            **redact(None, "info", bound),
            "event": "request.served",
            "level": "info",
            "logger": "access",
            "timestamp": datetime.now(UTC),
            "method": scope["method"],
            "route": exchange.route,  # not the path: that may hold names and tokens
            "status": exchange.status,
            "duration_ms": int(exchange.seconds * 1_000_000) / 1000,
        }
        if self.client_address and scope.get("client"):
            line["client"] = scope["client"][0]
        if self.is_json:
            self.output.write_soon(dump(line))
            return
        for render in self.renderers:
            line = render(None, "info", line)
        self.output.write(line)


def component(settings: Settings) -> Component:
    """Plug the log in."""
    output = Output(sys.stdout.buffer)
    access = AccessLog(settings.logging, output)

    @asynccontextmanager
    async def start(_app: FastAPI) -> AsyncIterator[Mapping[str, object]]:
        with configured(settings.logging, output):
            yield {}

    is_logged = settings.logging.level in {"DEBUG", "INFO"}
    return Component(name="logging", start=start, after=access.write if is_logged else None)
