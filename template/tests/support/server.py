"""The server, in this process and as a command."""

import asyncio
import os
import secrets
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import IO

import httpx2

from {{ package_name }}.core.app import Application
from {{ package_name }}.core.names import PREFIX
from {{ package_name }}.core.server import Config, ServerSettings
from {{ package_name }}.core.server.drain import DrainingServer

# A supervisor sends SIGTERM; Windows has Ctrl-Break instead.
STOP = getattr(signal, "CTRL_BREAK_EVENT", signal.SIGTERM)
# A terminal sends SIGINT; no program can send it to another one on Windows.
INTERRUPT = getattr(signal, "CTRL_BREAK_EVENT", signal.SIGINT)

TESTS = Path(__file__).parents[1]
POLL_SECONDS = 0.01
START_SECONDS = 60


class SkippedTime:
    """Replaces the `time` module where a test skips time instead of waiting."""

    def __init__(self) -> None:
        self.skipped = 0.0

    def skip(self, seconds: float) -> None:
        """Move both clocks forward."""
        self.skipped += seconds

    def monotonic(self) -> float:
        """Return time.monotonic() plus the skipped seconds."""
        return time.monotonic() + self.skipped

    def perf_counter(self) -> float:
        """Return time.perf_counter() plus the skipped seconds."""
        return time.perf_counter() + self.skipped


def free_port() -> int:
    """Return a free port below the ephemeral ports.

    The system could give an ephemeral port to another test before the service has started.
    """
    while True:
        port = 20_000 + secrets.randbelow(12_000)
        with suppress(OSError), socket.create_server(("127.0.0.1", port)):
            return port


class InProcessServer(DrainingServer):
    """The server, with a tick of 10 ms instead of 100: tests wait less.

    Attributes:
        port: The port that it listens on.
    """

    config: Config
    port = 0

    async def main_loop(self) -> None:
        """Tick until the server should exit."""
        counter = 0
        while not await self.on_tick(counter):
            counter += 1
            await asyncio.sleep(POLL_SECONDS)


@asynccontextmanager
async def served(
    app: Application, settings: ServerSettings | None = None
) -> AsyncGenerator[InProcessServer]:
    """Serve the application on a free port, and yield the server."""
    server = InProcessServer(app, settings or ServerSettings())
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server.port = listener.getsockname()[1]
        serving = asyncio.create_task(server.serve([listener]))
        try:
            yield server
        finally:
            server.should_exit = True
            await serving


class Service:
    """The command as a process."""

    def __init__(self, process: subprocess.Popen[bytes], port: int, log: IO[bytes]) -> None:
        self.process = process
        self.address = "127.0.0.1", port
        self.url = f"http://127.0.0.1:{port}"
        self.log = log

    def wait_until_ready(self) -> None:
        """Wait until it listens: all components have started then."""
        deadline = time.monotonic() + START_SECONDS
        while True:
            with suppress(OSError), socket.create_connection(self.address, timeout=5):
                return
            assert self.process.poll() is None, self.end()
            assert time.monotonic() < deadline, "the service does not listen"
            time.sleep(POLL_SECONDS)

    def stop(self) -> None:
        """Send the stop signal."""
        self.process.send_signal(STOP)

    def end(self) -> tuple[int, str]:
        """Wait for the exit; return the exit status and the output."""
        status = self.process.wait(timeout=30)
        self.log.seek(0)
        return status, self.log.read().decode()


# Kills the process group when standard input ends: the process that started it has exited.
WATCHER = """
import os, signal, sys
sys.stdin.read()
getattr(os, "killpg", os.kill)(int(sys.argv[1]), getattr(signal, "SIGKILL", signal.SIGTERM))
"""


@contextmanager
def contained(process: subprocess.Popen[bytes]) -> Generator[None]:
    """Kill a process and its children after the block, or when the tests are killed."""
    command = [sys.executable, "-I", "-S", "-c", WATCHER, str(process.pid)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.DEVNULL) as watcher:
        try:
            yield
        finally:
            watcher.kill()
            if sys.platform == "win32":
                process.kill()
            else:
                with suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)


@contextmanager
def starting(*arguments: str, **variables: str) -> Generator[Service]:
    """Start the command on a free port, without waiting for it, and kill it after the block.

    It serves the practices alone. The reloading server has the project's own components too.
    """
    own = {PREFIX + name: value for name, value in variables.items()}
    own["PYTHONPATH"] = str(TESTS)
    port = free_port()
    reloading = "--reload" in arguments
    module = "{{ package_name }}" if reloading else "support.service"
    command = [sys.executable, "-m", module]
    with (
        tempfile.TemporaryFile() as log,  # a full pipe without a reader would block the service
        subprocess.Popen(
            [*command, "--port", str(port), *arguments],
            env=os.environ | own,
            stdout=log,
            stderr=subprocess.STDOUT,
            creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),
            start_new_session=True,
        ) as process,
        contained(process),
    ):
        yield Service(process, port, log)


@contextmanager
def launched(*arguments: str, **variables: str) -> Generator[Service]:
    """Start the command on a free port, wait until it listens, and kill it after the block."""
    with starting(*arguments, **variables) as service:
        service.wait_until_ready()
        yield service


@dataclass(frozen=True, slots=True)
class Session:
    """A run of the command, from start to exit.

    Attributes:
        statuses: The response status of each path.
        exit_status: The exit status after a stop signal.
        output: The standard output and standard error.
    """

    statuses: dict[str, int]
    exit_status: int
    output: str


@lru_cache
def served_session(*arguments: str) -> Session:
    """Start the command, send two requests and stop it, once for all tests."""
    with (
        launched(*arguments, SERVER__DRAIN_SECONDS="0") as service,
        httpx2.Client(base_url=service.url, headers={"X-Request-ID": "one"}) as client,
    ):
        paths = "/openapi.json", "/nowhere?token=hunter2"
        statuses = {path: client.get(path).status_code for path in paths}
        service.stop()
        exit_status, output = service.end()
    return Session(statuses=statuses, exit_status=exit_status, output=output)
