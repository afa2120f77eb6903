"""A Redis server for the fault tests: on a free port, or the one that TEST_REDIS_URL names."""

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import pytest

from tenon.demo import free_port


@dataclass(slots=True)
class Server:
    """A Redis server; `process` is None if the tests did not start it."""

    url: str
    process: subprocess.Popen[bytes] | None = None
    closing: ExitStack = field(default_factory=ExitStack)

    @property
    def address(self) -> tuple[str, int]:
        """Its host and port."""
        parts = urlsplit(self.url)
        assert parts.hostname is not None
        return parts.hostname, parts.port or 6379

    def own(self) -> subprocess.Popen[bytes]:
        """Return the process; skip the test if it did not start the server."""
        if self.process is None:
            pytest.skip("TEST_REDIS_URL names a server that the tests must not stop.")
        return self.process

    def signal(self, number: int) -> None:
        """Send it a signal."""
        self.own().send_signal(number)

    def start(self) -> None:
        """Start a server, and wait until it responds."""
        command = ["redis-server", "--bind", "127.0.0.1", "--port", str(self.address[1])]
        self.process = subprocess.Popen(
            [*command, "--save", "", "--appendonly", "no"],
            cwd=self.closing.enter_context(tempfile.TemporaryDirectory()),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
        )
        for _ in range(200):
            with suppress(OSError):
                if self.do("PING"):
                    return
            time.sleep(0.05)
        pytest.fail("The server does not start")

    def kill(self) -> None:
        """Kill it."""
        self.signal(signal.SIGKILL)
        self.own().wait()

    def do(self, *words: str) -> bytes:
        """Send a command and return the start of the reply."""
        with socket.create_connection(self.address, timeout=5) as connection:
            parts = [f"${len(word.encode())}\r\n{word}\r\n" for word in words]
            connection.sendall(f"*{len(words)}\r\n{''.join(parts)}".encode())
            return connection.recv(65_536)


@contextmanager
def redis_server() -> Iterator[Server]:
    """Run a server, or yield the one that TEST_REDIS_URL names if there is no redis-server."""
    if shutil.which("redis-server") is None:
        given = os.environ.get("TEST_REDIS_URL")
        assert given, "Install redis-server (apt-get install redis-server) or set TEST_REDIS_URL."
        yield Server(given)
        return
    server = Server(f"redis://127.0.0.1:{free_port()}/0")
    with server.closing:
        server.start()
        try:
            yield server
        finally:
            server.signal(signal.SIGCONT)
            server.kill()
