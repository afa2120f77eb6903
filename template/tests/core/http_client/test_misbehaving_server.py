"""The HTTP client against a misbehaving server, over real connections."""

import asyncio
import gzip
import time
import tracemalloc
from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager

import httpx2
import pytest
import stamina

from {{ package_name }}.core.errors import UnavailableError
from {{ package_name }}.core.http_client import (
    HttpClient,
    UpstreamRequestError,
    build,
)
from {{ package_name }}.core.http_client_settings import HttpClientSettings

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
BUSY = b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n"
LATER = b"HTTP/1.1 429 Too Many Requests\r\nRetry-After: 1\r\nContent-Length: 0\r\n\r\n"
HALF = b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf"
SLOW = b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n"
GARBAGE = b"SSH-2.0-OpenSSH_10.0\r\n"
NO_GZIP = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\n\r\nok"
BOMB_BODY = gzip.compress(gzip.compress(bytes(2**25)))
BOMB = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip, gzip\r\nContent-Length: %d\r\n\r\n%b" % (
    len(BOMB_BODY),
    BOMB_BODY,
)

RESPONSES = {
    "/bomb": [BOMB],
    "/busy-twice": [BUSY, BUSY, OK],
    "/half": [HALF],
    "/half-once": [HALF, OK],
    "/garbage": [GARBAGE],
    "/later": [LATER, OK],
    "/no-gzip": [NO_GZIP],
}


class Server:
    """A server with a fault for each path."""

    def __init__(self) -> None:
        self.requests: Counter[str] = Counter()
        self.stopped = asyncio.Event()
        self.url = ""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Read a request, and respond with the fault of its path."""
        head = await reader.readuntil(b"\r\n\r\n")
        path = head.split(b" ")[1].decode()
        number = self.requests[path]
        self.requests[path] += 1
        if path == "/reset" or (path == "/reset-once" and not number):
            writer.transport.abort()
        elif path == "/hang":
            await self.stopped.wait()
        elif path == "/drip":
            writer.write(SLOW)
            while not self.stopped.is_set():
                writer.write(b".")
                await asyncio.sleep(0.02)
        else:
            responses = RESPONSES.get(path, [OK])
            writer.write(responses[min(number, len(responses) - 1)])
        writer.close()


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    """Yield the server."""
    found = Server()
    listener = await asyncio.start_server(found.serve, "127.0.0.1", 0)
    host, port = listener.sockets[0].getsockname()
    found.url = f"http://{host}:{port}"
    async with listener:
        yield found
        found.stopped.set()


@asynccontextmanager
async def calling(**settings: float) -> AsyncGenerator[HttpClient]:
    """Yield a client that retries without a delay."""
    http = build(HttpClientSettings.model_validate(settings))
    with stamina.set_testing(testing=True, attempts=100):
        async with http.client:
            yield http


@pytest.mark.parametrize(
    ("path", "requests"), [("/", 1), ("/busy-twice", 3), ("/half-once", 2), ("/reset-once", 2)]
)
async def test_transient_fault_is_retried(server: Server, path: str, requests: int) -> None:
    """A call succeeds if a later attempt does."""
    async with calling() as http:
        response = await http.get(server.url + path)

    assert response.content == b"ok"
    assert server.requests[path] == requests


@pytest.mark.parametrize(
    ("path", "requests"),
    [("/garbage", 3), ("/half", 3), ("/reset", 3), ("/no-gzip", 1)],
)
async def test_permanent_fault_is_unavailability(server: Server, path: str, requests: int) -> None:
    """A server that never sends a valid response is unavailable."""
    async with calling() as http:
        with pytest.raises(UnavailableError):
            await http.get(server.url + path)

    assert server.requests[path] == requests


async def test_read_timeout_is_retried(server: Server) -> None:
    """A request without a response within the read timeout is retried."""
    async with calling(read_timeout_seconds=0.1) as http:
        with pytest.raises(UnavailableError) as raised:
            await http.get(f"{server.url}/hang")

    assert isinstance(raised.value.__cause__, httpx2.ReadTimeout)
    assert server.requests["/hang"] == 3


@pytest.mark.parametrize("path", ["/drip", "/hang"])
async def test_call_ends_at_the_deadline(server: Server, path: str) -> None:
    """A slow or missing response does not outlast the deadline."""
    start = time.monotonic()
    async with calling(deadline_seconds=0.3) as http:
        with pytest.raises(UnavailableError):
            await http.get(server.url + path)

    assert 0.3 <= time.monotonic() - start < 2
    assert server.requests[path] == 1


async def test_connection_of_a_late_response_is_released(server: Server) -> None:
    """A call that ended at the deadline releases the only connection."""
    async with calling(max_connections=1) as http:
        original = http.settings
        http.settings = original.model_copy(update={"deadline_seconds": 0.2})
        with pytest.raises(UnavailableError):
            await http.get(f"{server.url}/drip")
        http.settings = original

        assert (await http.get(server.url)).content == b"ok"


async def test_retry_after_is_waited_for(server: Server) -> None:
    """The client waits for the seconds of Retry-After."""
    start = time.monotonic()
    http = build(HttpClientSettings())
    async with http.client:
        response = await http.get(f"{server.url}/later")

    assert response.content == b"ok"
    assert 1 <= time.monotonic() - start < 5


async def test_decompression_is_bounded(server: Server) -> None:
    """A few bytes that decompress to a huge body are refused before the body is in memory."""
    tracemalloc.start()
    try:
        async with calling(max_response_bytes=1000) as http:
            with pytest.raises(UnavailableError):
                await http.get(f"{server.url}/bomb")
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert len(BOMB) < 1000
    assert peak < 2**23


async def test_closed_port_is_unavailability(server: Server) -> None:
    """A closed port is an UnavailableError, with the ConnectError as cause."""
    async with calling() as http:
        with pytest.raises(UnavailableError) as raised:
            await http.get("http://127.0.0.1:1")

    assert isinstance(raised.value.__cause__, httpx2.ConnectError)
    assert not server.requests


async def test_illegal_header_is_not_sent(server: Server) -> None:
    """A header with a line break is neither sent nor shown."""
    request = httpx2.Request("GET", server.url, headers={"Authorization": "hunter2\r\nA: b"})
    async with calling() as http:
        with pytest.raises(
            UpstreamRequestError, match=r"\AThe request can't be sent: LocalProtocolError"
        ):
            await http.send(request)

    assert not server.requests
