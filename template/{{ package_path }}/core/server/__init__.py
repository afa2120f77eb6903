"""The HTTP server: which one, how it is set up, what it lets in and how it stops."""

import asyncio
import contextlib
import signal
import time
from types import FrameType
from typing import Any

import uvicorn
from fastapi import FastAPI, Response
from uvicorn.config import LOGGING_CONFIG
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol
from uvicorn.server import ServerState

from {{ package_name }}.core.web.problems import CLOSE
from {{ package_name }}.core.web.problems import CODES
from {{ package_name }}.core.web.problems import problem
from {{ package_name }}.practices import SERVER_LOGS_ITSELF
from {{ package_name }}.core.server import ServerSettings


class Config(uvicorn.Config):
    """The set-up of the server.

    Proxies say who the client is only where they are known; anybody else could lie.
    """

    def __init__(self, app: FastAPI, settings: ServerSettings) -> None:
        super().__init__(
            app,
            host=settings.host,
            port=settings.port,
            http=Protocol,
            log_config=LOGGING_CONFIG if SERVER_LOGS_ITSELF else None,
            access_log=False,  # a line by the server costs a request a third; it says no more
            server_header=False,
            reset_contextvars=True,  # what one request binds must not reach the log of another
            proxy_headers=bool(settings.trusted_proxies),
            forwarded_allow_ips=list(settings.trusted_proxies),
            timeout_keep_alive=settings.keep_alive_seconds,
            timeout_graceful_shutdown=settings.shutdown_seconds,
        )
        self.settings = settings


class Protocol(HttpToolsProtocol):
    """HTTP that bounds what the application can't.

    That is the size of a request's head, which it hears of when the head is complete, and the time
    until then; whatever is sent around the body; a body that nobody reads; and an answer that the
    client does not take.

    Attributes:
        received: Bytes since the last part of a head or body was complete.
        left: Bytes of answers that the client had not taken when it was last looked at.
        left_since: When that was, at first.
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
        self.in_head = True
        self.received = 0
        self.left = 0
        self.left_since = 0.0
        self.timer: asyncio.TimerHandle | None = None
        self.start_timer()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the connection."""
        self.stop_timer()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Read on, unless the head or the trailer gets too long."""
        self.received += len(data)
        super().data_received(data)
        if self.received > self.settings.header_bytes:
            self.refuse(problem(431, CODES[431], headers=CLOSE))
        elif self.in_head and self.received and self.timer is None:
            self.start_timer()

    def on_headers_complete(self) -> None:
        """Start to serve a request, or to refuse it."""
        self.stop_timer()
        app = self.app
        # The first bytes of the body may have come along.
        if self.received > self.settings.header_bytes and self.head_bytes() > (
            self.settings.header_bytes
        ):
            self.app = problem(431, CODES[431], headers=CLOSE)
        self.in_head = False
        self.received = 0
        super().on_headers_complete()
        self.headers = [*self.headers]  # the request's own must not grow by what comes in a trailer
        self.app = app

    def on_body(self, body: bytes) -> None:
        """Take a part of the body, which the application counts."""
        self.received = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        """Wait for the next request."""
        self.stop_timer()
        self.in_head = True
        self.received = 0
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """Give the rest of a body that nobody has read its time."""
        super().on_response_complete()
        if not self.in_head and self.cycle.response_complete:
            self.start_timer()

    def resume_writing(self) -> None:
        """Note that the client takes its answer."""
        self.left = 0
        super().resume_writing()

    def check(self, now: float, seconds: float) -> None:
        """End the connection if the client has taken nothing of an answer for so long."""
        left = self.transport.get_write_buffer_size()
        if left != self.left or left == 0:
            self.left, self.left_since = left, now
        if now - self.left_since > seconds:
            self.transport.abort()

    def send_400_response(self, msg: str) -> None:
        """Refuse what is no HTTP."""
        self.refuse(problem(400, CODES[400], detail=msg, headers=CLOSE))

    def head_bytes(self) -> int:
        """Return the size of the request line and the headers."""
        return len(self.url) + sum(len(name) + len(value) for name, value in self.headers)

    def start_timer(self) -> None:
        """Give the head its time."""
        self.timer = self.loop.call_later(self.settings.header_seconds, self.expire)

    def stop_timer(self) -> None:
        """Stop the clock."""
        if self.timer is not None:
            self.timer.cancel()
            self.timer = None

    def expire(self) -> None:
        """End a connection whose request did not come in time."""
        self.timer = None
        if self.in_head and self.received:
            self.refuse(problem(408, CODES[408], headers=CLOSE))
        else:
            self.transport.close()

    def refuse(self, response: Response) -> None:
        """Send a response that no request has asked for, and close."""
        if not self.transport.is_closing():
            head = b"".join(b"%s: %s\r\n" % header for header in response.raw_headers)
            self.transport.write(STATUS_LINE[response.status_code] + head + b"\r\n" + response.body)
            self.transport.close()


class Server(uvicorn.Server):
    """A server that drains: not ready first, then a while for everyone to notice, then the end."""

    def __init__(self, app: FastAPI, settings: ServerSettings) -> None:
        super().__init__(Config(app, settings))
        self.app = app
        self.drain_seconds = settings.drain_seconds
        self.stop_at: float | None = None

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Start to drain on the first signal; stop at once on Ctrl-C or a second one."""
        if sig == signal.SIGINT:
            super().handle_exit(sig, frame)
        elif self.stop_at is None:
            self.app.state.traffic.drain()
            self.stop_at = time.monotonic() + self.drain_seconds
        else:
            self.should_exit = self.force_exit = True

    async def on_tick(self, counter: int) -> bool:
        """Tell whether to stop, and look after the connections; called ten times a second."""
        now = time.monotonic()
        if counter % 10 == 0:
            # WebSockets are connections, too.
            ours = [item for item in self.server_state.connections if isinstance(item, Protocol)]
            for connection in ours:
                connection.check(now, self.app.state.traffic.seconds)
        if self.stop_at is not None and now >= self.stop_at:
            self.should_exit = True
        return await super().on_tick(counter)


def serve(app: FastAPI, settings: ServerSettings) -> None:
    """Serve the application until a signal ends it."""
    with contextlib.suppress(KeyboardInterrupt):
        Server(app, settings).run()


def serve_reloading(factory: str, settings: ServerSettings) -> None:
    """Serve what the factory builds, and build it anew when the code changes.

    Args:
        factory: Where it is, as "module:function"; each new process imports it.
        settings: Where to listen.
    """
    uvicorn.run(
        factory,
        factory=True,
        reload=True,
        host=settings.host,
        port=settings.port,
        access_log=SERVER_LOGS_ITSELF,
    )
