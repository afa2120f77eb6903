"""The HTTP server: which one, how it is set up and how it stops."""

import contextlib
import signal
import time
from types import FrameType

import uvicorn
from fastapi import FastAPI
from uvicorn.config import LOGGING_CONFIG

from {{ package_name }}.components import SERVER_LOGS_ITSELF
from {{ package_name }}.settings import ServerSettings


class Server(uvicorn.Server):
    """A server that drains: not ready first, then a while for everyone to notice, then the end."""

    def __init__(self, app: FastAPI, settings: ServerSettings) -> None:
        super().__init__(
            uvicorn.Config(
                app,
                host=settings.host,
                port=settings.port,
                log_config=LOGGING_CONFIG if SERVER_LOGS_ITSELF else None,
                server_header=False,
                timeout_graceful_shutdown=settings.shutdown_seconds,
            )
        )
        self.app = app
        self.drain_seconds = settings.drain_seconds
        self.stop_at: float | None = None

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Start to drain on the first signal; stop at once on Ctrl-C or a second one."""
        if sig == signal.SIGINT:
            super().handle_exit(sig, frame)
        elif self.stop_at is None:
            self.app.state.draining = True
            self.stop_at = time.monotonic() + self.drain_seconds
        else:
            self.should_exit = self.force_exit = True

    async def on_tick(self, counter: int) -> bool:
        """Tell whether to stop; the server asks ten times a second."""
        if self.stop_at is not None and time.monotonic() >= self.stop_at:
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
