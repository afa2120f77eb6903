"""The log: one structlog pipeline for our records and everybody else's."""

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

from {{ package_name }}.component import Component, Exchange
from {{ package_name }}.settings import LoggingSettings, Settings

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
        if type(value) not in PLAIN or is_secret(key):
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


def to_json(_logger: WrappedLogger, _method: str, event: EventDict) -> str:
    """Return a record as one line of ASCII, whatever is in it."""
    try:
        line = orjson.dumps(event, default=plain, option=OPTIONS)
    except TypeError:  # half a surrogate, or an integer beyond 64 bits
        line = b"\x7f"
    if line.isascii() and b"\x7f" not in line:
        return line.decode()
    return json.dumps(event, default=plain).replace("\x7f", "\\u007f")


class Output:
    """Where records end. One that nobody takes any more must not fail a request."""

    def __init__(self, stream: BinaryIO, name: str = "") -> None:
        self.stream = stream
        self.name = name

    def write(self, line: str) -> None:
        """Write a record: structlog makes an output for each logger, the library uses one."""
        try:
            self.stream.write(line.encode(errors="backslashreplace") + b"\n")
            self.stream.flush()
        except OSError:
            return

    debug = info = warning = error = critical = write


def renderers(settings: LoggingSettings, stream: BinaryIO) -> list[Processor]:
    """Return the last processors: JSON for programs, colours for a terminal."""
    if settings.format == "console" or (settings.format == "auto" and stream.isatty()):
        return [write_time, escape, structlog.dev.ConsoleRenderer(colors=stream.isatty())]
    return [to_json]


@contextmanager
def configured(settings: LoggingSettings, stream: BinaryIO) -> Iterator[None]:
    """Send every record of the process to the stream, and put things back at the end."""
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
        *renderers(settings, stream),
    ]
    structlog.configure(
        processors=[*first, *last],
        logger_factory=partial(Output, stream),
        wrapper_class=structlog.make_filtering_bound_logger(settings.level),
    )
    handler = logging.StreamHandler(Output(stream))
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
        root.removeHandler(handler)
        level, server_access.propagate = before
        root.setLevel(level)
        structlog.reset_defaults()


class AccessLog:
    """Writes one line a request, also for the requests that fail.

    It calls the processors without a logger: the line is half of what it costs to observe a
    request, and a logger would add a third to it.
    """

    def __init__(self, settings: LoggingSettings, stream: BinaryIO) -> None:
        self.output = Output(stream, "access")
        self.client_address = settings.client_address
        self.renderers = renderers(settings, stream)

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
            "duration_ms": round(exchange.seconds * 1000, 3),
        }
        if self.client_address and scope.get("client"):
            line["client"] = scope["client"][0]
        for render in self.renderers:
            line = render(None, "info", line)
        self.output.write(line)


def component(settings: Settings) -> Component:
    """Plug the log in."""
    stream = sys.stdout.buffer
    access = AccessLog(settings.logging, stream)

    @asynccontextmanager
    async def start(_app: FastAPI) -> AsyncIterator[Mapping[str, object]]:
        with configured(settings.logging, stream):
            yield {}

    is_logged = settings.logging.level in {"DEBUG", "INFO"}
    return Component(name="logging", start=start, after=access.write if is_logged else None)
