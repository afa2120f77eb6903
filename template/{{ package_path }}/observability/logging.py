"""The log: one structlog pipeline for our records and everybody else's."""

import logging
import re
import sys
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from typing import TextIO

import structlog
from fastapi import FastAPI
from starlette.middleware import Middleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from structlog.typing import EventDict, Processor, WrappedLogger

from {{ package_name }}.component import Component
from {{ package_name }}.settings import LoggingSettings, Settings

SECRET = re.compile(r"passw|secret|token|authorization|cookie|api_?key|credential", re.IGNORECASE)
CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")

access = structlog.stdlib.get_logger("access")


def redacted(key: str, value: object) -> object:
    """Return the value, without what its key or a nested key says is secret."""
    if SECRET.search(key):
        return "[redacted]"
    if isinstance(value, Mapping):
        return {str(name): redacted(str(name), item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [redacted(key, item) for item in value]
    return value


def redact(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Keep secrets out of a record."""
    return {key: redacted(key, value) for key, value in event.items()}


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


def renderer(settings: LoggingSettings, stream: TextIO) -> list[Processor]:
    """Return the last processors: JSON for programs, colours for a terminal."""
    if settings.format == "console" or (settings.format == "auto" and stream.isatty()):
        return [escape, structlog.dev.ConsoleRenderer(colors=stream.isatty())]
    return [structlog.processors.JSONRenderer()]


@contextmanager
def configured(settings: LoggingSettings, stream: TextIO) -> Iterator[None]:
    """Send every record of the process to the stream, and put things back at the end."""
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.make_filtering_bound_logger(settings.level),
    )
    handler = logging.StreamHandler(stream)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*shared, structlog.stdlib.ExtraAdder(), drop_copies],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                # Text without local variables: those hold passwords.
                structlog.processors.format_exc_info,
                redact,
                *renderer(settings, stream),
            ],
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
    """Writes one line a request, also for the requests that fail."""

    def __init__(self, app: ASGIApp, *, client_address: bool) -> None:
        self.app = app
        self.client_address = client_address

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        status = 500
        start = time.perf_counter()

        async def watched(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self.app(scope, receive, watched)
        finally:
            fields: dict[str, object] = {
                "method": scope["method"],
                # The template, not the path: that may hold names and tokens.
                "route": getattr(scope.get("route"), "path", "unmatched"),
                "status": status,
                "duration_ms": round((time.perf_counter() - start) * 1000, 3),
            }
            if self.client_address and scope.get("client"):
                fields["client"] = scope["client"][0]
            access.info("request.served", **fields)


def component(settings: Settings) -> Component:
    """Plug the log in."""

    @asynccontextmanager
    async def start(_app: FastAPI) -> AsyncIterator[Mapping[str, object]]:
        with configured(settings.logging, sys.stdout):
            yield {}

    client_address = settings.logging.client_address
    return Component(
        name="logging",
        start=start,
        middleware=(Middleware(AccessLog, client_address=client_address),),
    )
