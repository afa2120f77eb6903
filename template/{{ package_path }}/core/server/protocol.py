"""HTTP/1.1 with limits that hold before the application is called."""

import asyncio
import sys
from types import SimpleNamespace
from typing import Any, cast

from fastapi import Response
from httptools import HttpRequestParser
from uvicorn._types import ASGISendEvent, HTTPResponseBodyEvent
from uvicorn.protocols.http.httptools_impl import (
    STATUS_LINE,
    HttpToolsProtocol,
    RequestResponseCycle,
)
from uvicorn.server import ServerState

from {{ package_name }}.core.server import Config
from {{ package_name }}.core.web.problems import (
    CODES,
    CONNECTION_CLOSE,
    problem_response,
)

BODY_HEADERS = (b"content-length", b"transfer-encoding")


class Http10Cycle(RequestResponseCycle):
    """A response to HTTP/1.0, which knows no chunks: its end is that of the connection."""

    until_close = False

    async def send(self, message: ASGISendEvent) -> None:
        """Send an ASGI message."""
        if message["type"] == "http.response.start":
            headers = message.get("headers", ())
            self.until_close = all(name != b"content-length" for name, _ in headers)
            if self.until_close:
                self.chunked_encoding = False
        elif self.until_close:
            body = cast(HTTPResponseBodyEvent, message).get("body", b"")
            self.expected_content_length = len(body)
        await super().send(message)


class BoundedHttpProtocol(HttpToolsProtocol):
    """HTTP with the limits that an application can't enforce.

    These are the size of the request head and the time until it is complete, chunk extensions and
    trailers, a body that no handler reads, and a response that the client does not read.

    Attributes:
        received: Bytes since the last head or body chunk was complete.
        data: The bytes that the parser is reading.
        unsent_bytes: Response bytes in the write buffer at the last check.
        unsent_since: When the buffer last shrank, by time.monotonic().
    """

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self.settings = config.settings
        self.reading_headers = True
        self.received = 0
        self.data = b""
        self.unsent_bytes = 0
        self.unsent_since = 0.0
        self.timer: asyncio.TimerHandle | None = None
        self.start_timer()

    def connection_lost(self, exc: Exception | None) -> None:
        self.stop_timer()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Parse the data, up to the limit for a head or a trailer."""
        self.received += len(data)
        self.data = data
        super().data_received(data)
        self.data = b""
        if self.received > self.settings.max_header_bytes:
            self.reject(problem_response(431, CODES[431], headers=CONNECTION_CLOSE))
        elif self.reading_headers and self.received and self.timer is None:
            self.start_timer()

    def on_headers_complete(self) -> None:
        """Serve or reject the request."""
        self.stop_timer()
        app = self.app
        # The first bytes of the body may have come along.
        if self.received > self.settings.max_header_bytes and self.head_bytes() > (
            self.settings.max_header_bytes
        ):
            self.app = problem_response(431, CODES[431], headers=CONNECTION_CLOSE)
        self.reading_headers = False
        self.received = 0
        super().on_headers_complete()
        self.headers = [*self.headers]  # a trailer must not add to the request's headers
        self.app = app
        if self.scope["http_version"] == "1.0":
            self.cycle.__class__ = Http10Cycle

    def _unsupported_upgrade_warning(self) -> None:
        """Ignore an upgrade, such as `h2c`: another parser reads the body of the request.

        The first one takes what follows for another protocol.
        """
        super()._unsupported_upgrade_warning()
        error = sys.exception()
        end_of_head = error.args[0] if error else 0
        head = [b"POST / HTTP/1.1"]
        head += [b"%s: %s" % item for item in self.headers if item[0] in BODY_HEADERS]
        self.cycle.keep_alive = False
        self.cycle.more_body = True
        self.parser = HttpRequestParser(
            SimpleNamespace(on_body=self.on_body, on_message_complete=self.on_message_complete)
        )
        self.parser.feed_data(b"\r\n".join([*head, b"", self.data[end_of_head:]]))

    def on_body(self, body: bytes) -> None:
        """Pass a chunk of the body on; the application limits it."""
        self.received = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        """Wait for the next request."""
        self.stop_timer()
        self.reading_headers = True
        self.received = 0
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """Start the timer for the rest of an unread body."""
        super().on_response_complete()
        if not self.reading_headers and self.cycle.response_complete:
            self.start_timer()

    def resume_writing(self) -> None:
        """Note that the client reads the response."""
        self.unsent_bytes = 0
        super().resume_writing()

    def abort_if_stalled(self, now: float, timeout: float) -> None:
        """Abort the connection if the client has read nothing for a timeout in seconds."""
        unsent = self.transport.get_write_buffer_size()
        if unsent != self.unsent_bytes or unsent == 0:
            self.unsent_bytes, self.unsent_since = unsent, now
        if now - self.unsent_since > timeout:
            self.transport.abort()

    def send_400_response(self, msg: str) -> None:
        """Reject bytes that are not HTTP."""
        self.reject(problem_response(400, CODES[400], detail=msg, headers=CONNECTION_CLOSE))

    def head_bytes(self) -> int:
        """Return the size of the request line and the headers in bytes."""
        return len(self.url) + sum(len(name) + len(value) for name, value in self.headers)

    def start_timer(self) -> None:
        """Start the timer for the head."""
        seconds = self.settings.header_timeout_seconds
        self.timer = self.loop.call_later(seconds, self.on_header_timeout)

    def stop_timer(self) -> None:
        if self.timer is not None:
            self.timer.cancel()
            self.timer = None

    def on_header_timeout(self) -> None:
        """Close a connection whose request is not complete in time."""
        self.timer = None
        if self.reading_headers and self.received:
            self.reject(problem_response(408, CODES[408], headers=CONNECTION_CLOSE))
        else:
            self.transport.close()

    def reject(self, response: Response) -> None:
        """Send a response without calling the application, and close the connection."""
        if not self.transport.is_closing():
            head = b"".join(b"%s: %s\r\n" % header for header in response.raw_headers)
            self.transport.write(STATUS_LINE[response.status_code] + head + b"\r\n" + response.body)
            self.transport.close()
