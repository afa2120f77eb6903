"""The access log: one line a request."""

import asyncio
from datetime import UTC, datetime
from typing import Any, cast

import structlog

from {{ package_name }}.core.logging.redaction import redact
from {{ package_name }}.core.logging.rendering import (
    LoggingSettings,
    LogStream,
    Output,
    dump,
    is_console,
    renderers,
)
from {{ package_name }}.core.web.context import RequestContext

BUFFER_SECONDS = 0.01
"""How long a line of the access log may wait; a process that is killed loses those that do."""


class AccessLogSettings(LoggingSettings):
    """The log, and its lines for requests."""

    client_address: bool = False


class BufferedOutput(Output):
    """Writes the lines for requests together: one write a line would cost more than rendering."""

    def __init__(self, stream: LogStream) -> None:
        super().__init__(stream)
        self.pending: list[bytes] = []

    def write_buffered(self, line: bytes) -> None:
        """Buffer a record until the next one that is not, at most for BUFFER_SECONDS."""
        if not self.pending:
            asyncio.get_running_loop().call_later(BUFFER_SECONDS, self.flush)
        self.pending.append(line)

    def write(self, line: str) -> None:
        """Write a record, after the buffered ones."""
        self.pending.append(line.encode(errors="backslashreplace"))
        self.flush()

    def flush(self) -> None:
        """Write the buffered records."""
        if self.pending:
            lines, self.pending = self.pending, []
            self.write_lines(lines)


class AccessLog:
    """Writes one line a request, also for failed requests.

    It calls the processors without a logger: a logger would add a third to the cost of the line.
    """

    def __init__(self, settings: AccessLogSettings, output: BufferedOutput) -> None:
        self.output = output
        self.client_address = settings.client_address
        self.renderers = renderers(settings, output.stream)
        self.is_json = not is_console(settings, output.stream)

    def write(self, context: RequestContext) -> None:
        """Write the line of a request, with the context variables that were bound for it."""
        scope = context.scope
        bound = structlog.contextvars.merge_contextvars(None, "info", {})
        line: Any = {
            **redact(None, "info", bound),
            "event": "request.completed",
            "level": "info",
            "logger": "access",
            "timestamp": datetime.now(UTC),
            "method": context.method,
            "route": context.route,  # not the path: it may hold names and tokens
            "status": context.status,
            "duration_ms": int(context.duration * 1_000_000) / 1000,
        }
        if self.client_address and scope.get("client"):
            line["client"] = scope["client"][0]
        if self.is_json:
            self.output.write_buffered(dump(line))
            return
        for render in self.renderers:
            line = cast("Any", render(None, "info", line))  # a dict, but for the last: a text
        self.output.write(line)
