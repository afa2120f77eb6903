"""Calls to a server that misbehaves, over real connections."""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest
import stamina

from {{ package_name }}.core.errors import UnavailableError
from {{ package_name }}.core.http_client import (
    HttpClient,
    HttpClientSettings,
    RefusedError,
    build,
)

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
BUSY = b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n"
LATER = b"HTTP/1.1 429 Too Many Requests\r\nRetry-After: 1\r\nContent-Length: 0\r\n\r\n"
HALF = b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf"
SLOW = b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n"
GARBAGE = b"SSH-2.0-OpenSSH_10.0\r\n"
NO_GZIP = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\n\r\nok"

ANSWERS = {
    "/busy-twice": [BUSY, BUSY, OK],
    "/half": [HALF],
    "/half-once": [HALF, OK],
    "/garbage": [GARBAGE],
    "/later": [LATER, OK],
    "/no-gzip": [NO_GZIP],
}


class Server:
    """A server with as many faults as paths."""

    def __init__(self) -> None:
        self.requests: Counter[str] = Counter()
        self.over = asyncio.Event()
        self.url = ""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Take a request, and do what its path says."""
        head = await reader.readuntil(b"\r\n\r\n")
        path = head.split(b" ")[1].decode()
        number = self.requests[path]
        self.requests[path] += 1
        if path == "/reset" or (path == "/reset-once" and not number):
            writer.transport.abort()
        elif path == "/hang":
            await self.over.wait()
        elif path == "/drip":
            writer.write(SLOW)
            while not self.over.is_set():
                writer.write(b".")
                await asyncio.sleep(0.02)
        else:
            answers = ANSWERS.get(path, [OK])
            writer.write(answers[min(number, len(answers) - 1)])
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
        found.over.set()


@asynccontextmanager
async def calling(**settings: float) -> AsyncIterator[HttpClient]:
    """Yield a client that retries at once."""
    http = build(HttpClientSettings.model_validate(settings))
    with stamina.set_testing(testing=True, attempts=100):
        async with http.client:
            yield http


@pytest.mark.parametrize(
    ("path", "requests"), [("/", 1), ("/busy-twice", 3), ("/half-once", 2), ("/reset-once", 2)]
)
async def test_passing_fault_is_overcome(server: Server, path: str, requests: int) -> None:
    """What works the second or third time works."""
    async with calling() as http:
        response = await http.get(server.url + path)

    assert response.content == b"ok"
    assert server.requests[path] == requests


@pytest.mark.parametrize(
    ("path", "requests"),
    [("/garbage", 3), ("/half", 3), ("/reset", 3), ("/no-gzip", 1)],
)
async def test_lasting_fault_is_unavailability(server: Server, path: str, requests: int) -> None:
    """A server that never answers well is unavailable, whatever it does."""
    async with calling() as http:
        with pytest.raises(UnavailableError):
            await http.get(server.url + path)

    assert server.requests[path] == requests


async def test_silence_is_not_waited_for(server: Server) -> None:
    """A server that does not answer in time is asked again."""
    async with calling(read_seconds=0.1) as http:
        with pytest.raises(UnavailableError) as raised:
            await http.get(f"{server.url}/hang")

    assert isinstance(raised.value.__cause__, httpx.ReadTimeout)
    assert server.requests["/hang"] == 3


@pytest.mark.parametrize("path", ["/drip", "/hang"])
async def test_call_ends_in_time(server: Server, path: str) -> None:
    """An answer that trickles in, or never comes, does not outlast the deadline."""
    start = time.monotonic()
    async with calling(total_seconds=0.3) as http:
        with pytest.raises(UnavailableError):
            await http.get(server.url + path)

    assert 0.3 <= time.monotonic() - start < 2
    assert server.requests[path] == 1


async def test_connection_of_a_late_answer_is_given_back(server: Server) -> None:
    """Calls that were cut off leave the one connection that there may be to the next."""
    async with calling(connections=1) as http:
        patient = http.settings
        http.settings = patient.model_copy(update={"total_seconds": 0.2})
        with pytest.raises(UnavailableError):
            await http.get(f"{server.url}/drip")
        http.settings = patient

        assert (await http.get(server.url)).content == b"ok"


@pytest.mark.slow
async def test_server_says_when_to_come_again(server: Server) -> None:
    """Retry-After is waited for."""
    start = time.monotonic()
    http = build(HttpClientSettings())
    async with http.client:
        response = await http.get(f"{server.url}/later")

    assert response.content == b"ok"
    assert 1 <= time.monotonic() - start < 5


async def test_nobody_listens(server: Server) -> None:
    """A port that is closed is told as what it is."""
    async with calling() as http:
        with pytest.raises(UnavailableError) as raised:
            await http.get("http://127.0.0.1:1")

    assert isinstance(raised.value.__cause__, httpx.ConnectError)
    assert not server.requests


async def test_illegal_header_is_our_mistake(server: Server) -> None:
    """A header that would forge another one is not sent, and not shown."""
    request = httpx.Request("GET", server.url, headers={"Authorization": "hunter2\r\nA: b"})
    async with calling() as http:
        with pytest.raises(RefusedError, match=r"\AThe request can't be sent: LocalProtocolError"):
            await http.send(request)

    assert not server.requests
