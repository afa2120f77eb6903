"""The drain: a server that stops without failing a request."""

import signal
import socket
import time
from types import FrameType

import uvicorn

from {{ package_name }}.core.app import Application
from {{ package_name }}.core.server import Config, ServerSettings
from {{ package_name }}.core.server.protocol import BoundedHttpProtocol


class DrainingServer(uvicorn.Server):
    """A server that drains: SIGTERM makes it not ready, and after the drain it stops."""

    def __init__(self, app: Application, settings: ServerSettings) -> None:
        super().__init__(Config(app, settings))
        self.app = app
        self.drain_seconds = settings.drain_seconds
        self.stop_at: float | None = None

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Start the drain on the first SIGTERM; stop on Ctrl-C or a second SIGTERM."""
        if sig == signal.SIGINT:
            super().handle_exit(sig, frame)
        elif self.stop_at is None:
            self.app.in_flight.drain()
            self.stop_at = time.monotonic() + self.drain_seconds
        else:
            self.should_exit = self.force_exit = True
            for task in self.server_state.tasks:
                task.cancel()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop; after a second signal too, when uvicorn would skip the stop of the components."""
        await super().shutdown(sockets)
        if self.force_exit:
            await self.lifespan.shutdown()

    async def on_tick(self, counter: int) -> bool:
        """Return whether to stop, and abort stalled connections; called ten times a second."""
        now = time.monotonic()
        if counter % 10 == 0:
            connections = self.server_state.connections  # WebSockets too
            for connection in [
                item for item in connections if isinstance(item, BoundedHttpProtocol)
            ]:
                connection.abort_if_stalled(now, self.app.in_flight.timeout)
        if self.stop_at is not None and now >= self.stop_at:
            self.should_exit = True
        return await super().on_tick(counter)
