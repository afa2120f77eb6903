"""What tests call: the application in process, behind its server, and as a command."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import IO

import httpx
from fastapi import FastAPI
from starlette.types import Receive, Scope, Send

from {{ package_name }}.server import Server
from {{ package_name }}.settings import PREFIX, ServerSettings

# What a supervisor sends; Windows knows a console's Ctrl-Break instead.
STOP = getattr(signal, "CTRL_BREAK_EVENT", signal.SIGTERM)


@asynccontextmanager
async def connect(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    """Start the application, as a server would, and yield a client of it."""
    async with app.router.lifespan_context(app) as state:

        async def serve(scope: Scope, receive: Receive, send: Send) -> None:
            await app({**scope, "state": dict(state or {})}, receive, send)

        transport = httpx.ASGITransport(app=serve)
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
            yield client


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
    return port


@asynccontextmanager
async def served(app: FastAPI, settings: ServerSettings | None = None) -> AsyncIterator[int]:
    """Serve the application by the real server, and yield its port."""
    server = Server(app, settings or ServerSettings())
    with socket.create_server(("127.0.0.1", 0)) as listener:
        serving = asyncio.create_task(server.serve([listener]))
        try:
            yield listener.getsockname()[1]
        finally:
            server.should_exit = True
            await serving


class Service:
    """The command, running."""

    def __init__(self, process: subprocess.Popen[bytes], port: int, log: IO[bytes]) -> None:
        self.process = process
        self.url = f"http://127.0.0.1:{port}"
        self.log = log

    def stop(self) -> None:
        """Ask it to stop."""
        self.process.send_signal(STOP)

    def end(self) -> tuple[int, str]:
        """Wait for its end; return its exit status and what it printed."""
        status = self.process.wait(timeout=30)
        self.log.seek(0)
        return status, self.log.read().decode()


@contextmanager
def launched(*arguments: str, **variables: str) -> Iterator[Service]:
    """Start the command on a free port, wait until it answers, and leave nothing running."""
    port = free_port()
    command = [sys.executable, "-m", "{{ package_name }}"]
    with (
        tempfile.TemporaryFile() as log,  # a pipe that nobody reads would stop the service
        subprocess.Popen(
            [*command, "--port", str(port), *arguments],
            env={**os.environ, **{PREFIX + name: value for name, value in variables.items()}},
            stdout=log,
            stderr=subprocess.STDOUT,
            creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),
        ) as process,
    ):
        service = Service(process, port, log)
        try:
            for _ in range(600):
                try:
                    httpx.get(f"{service.url}/openapi.json", timeout=5)
                    break
                except httpx.TransportError:
                    assert process.poll() is None, service.end()
                    time.sleep(0.05)
            yield service
        finally:
            process.kill()
