"""The server: what it takes from a connection before there is a request, and whom it believes."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import httpx
import pytest
from fastapi import APIRouter, Request

from {{ package_name }}.app import create_app
from {{ package_name }}.core import server as module
from {{ package_name }}.core.component import Component
from {{ package_name }}.settings import Settings

from support.server import POLL_SECONDS, InProcessServer, SkippedTime, served

LONG = 16_000_000
HEAD_AND_MORE = 1000

router = APIRouter(prefix="/try")


@router.post("/body")
async def take(request: Request) -> dict[str, object]:
    """Say how much came, and from where."""
    assert request.client is not None
    return {"bytes": len(await request.body()), "client": request.client.host}


@router.post("/names")
async def names(request: Request) -> list[str]:
    """Say which headers came, once the body has."""
    await request.body()
    return list(request.headers)


@router.get("/long")
async def answer_at_length() -> str:
    """Answer with more than a connection holds by itself."""
    return "x" * LONG


COMPONENTS = [Component(name="try", routers=(router,))]


@pytest.fixture(scope="module")
async def running() -> AsyncIterator[InProcessServer]:
    """Yield the server of this module."""
    settings = Settings.load({})
    async with served(create_app(settings, COMPONENTS), settings.server) as server:
        yield server


@pytest.fixture
def server(running: InProcessServer) -> Iterator[InProcessServer]:
    """Yield the server, whose settings a test may change for the connections that follow."""
    config = running.config
    settings, keep_alive = config.settings, config.timeout_keep_alive
    yield running
    config.settings, config.timeout_keep_alive = settings, keep_alive


def configure(server: InProcessServer, **settings: float) -> None:
    """Change settings of the server."""
    server.config.settings = server.config.settings.model_copy(update=settings)


async def exchange(server: InProcessServer, *chunks: bytes, pause: float = 0) -> tuple[int, Any]:
    """Send bytes to the server until it closes the connection; return the status and the code."""
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    try:
        for chunk in chunks:
            writer.write(chunk)
            await writer.drain()
            await asyncio.sleep(pause)
        async with asyncio.timeout(5):
            answer = await reader.read()
    finally:
        writer.close()
    head, _, body = answer.partition(b"\r\n\r\n")
    assert b"application/problem+json" in head
    return int(head.split()[1]), json.loads(body)["code"]


HEAD = b"GET /nowhere HTTP/1.1\r\nHost: test\r\n"
LARGE = b"X-Large: " + b"x" * 2000 + b"\r\n"


@pytest.mark.parametrize(
    "chunks",
    [
        [HEAD + LARGE + b"\r\n"],
        [HEAD, LARGE, b"\r\n"],
        [HEAD, b"X-Large: " + b"x" * 2000],
        [b"GET /" + b"x" * 2000 + b" HTTP/1.1\r\nHost: test\r\n\r\n"],
    ],
    ids=["at once", "in parts", "endless", "in the path"],
)
async def test_large_head_is_refused(server: InProcessServer, chunks: list[bytes]) -> None:
    """Headers have a size, whether they end or not."""
    configure(server, header_bytes=1024)

    answer = await exchange(server, *chunks, pause=0.01)

    assert answer == (431, "headers_too_large")


async def late_body() -> AsyncIterator[bytes]:
    """Yield a body that comes after the head."""
    for _ in range(2):
        await asyncio.sleep(0.01)
        yield b"x" * 2500


async def test_body_is_not_counted_as_head(server: InProcessServer) -> None:
    """What comes in one packet with the head is the body's; so is the next request's."""
    configure(server, header_bytes=1024)
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{server.port}") as client:
        for content in (b"x" * 5000, late_body(), b"x" * 5000):
            response = await client.post("/try/body", content=content)

            assert response.json()["bytes"] == 5000


async def test_head_must_come_in_time(server: InProcessServer) -> None:
    """A request that is only begun does not hold a connection."""
    configure(server, header_seconds=0.2)

    assert await exchange(server, HEAD) == (408, "request_timeout")


@pytest.mark.parametrize("begin", [b"", HEAD + b"\r\n"], ids=["at once", "after a request"])
async def test_silent_connection_is_closed(server: InProcessServer, begin: bytes) -> None:
    """A connection on which nothing comes is closed, after a request too."""
    assert server.config.timeout_keep_alive == server.config.settings.keep_alive_seconds
    configure(server, header_seconds=0.2)
    server.config.timeout_keep_alive = 0  # the setting is whole seconds, at least one
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    writer.write(begin)
    async with asyncio.timeout(10):
        answer = await reader.read()
    writer.close()

    assert answer.startswith(b"HTTP/1.1 404" if begin else b"")


async def test_every_head_must_come_in_time(server: InProcessServer) -> None:
    """A connection that has served a request gives the next one as little time."""
    configure(server, header_seconds=0.2)
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    writer.write(HEAD + b"\r\n")
    first = await reader.readuntil(b"\r\n\r\n")
    writer.write(HEAD)
    async with asyncio.timeout(3):
        rest = await reader.read()
    writer.close()

    assert first.startswith(b"HTTP/1.1 404")
    assert b"HTTP/1.1 408" in rest


CHUNKED = b"POST /try/%s HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\n\r\n"


@pytest.mark.parametrize(
    "late", [b"1\r\nx\r\n0\r\nX: ", b"1;x="], ids=["trailer", "extension of a chunk"]
)
async def test_what_is_around_a_body_has_a_size(server: InProcessServer, late: bytes) -> None:
    """Bytes that are neither head nor body, and so never read, have a limit."""
    configure(server, header_bytes=1024)
    chunks = [CHUNKED % b"body", late, b"x" * 2000]

    answer = await exchange(server, *chunks, pause=0.01)

    assert answer == (431, "headers_too_large")


async def test_trailer_is_no_header(server: InProcessServer) -> None:
    """What comes after the body, where no proxy looks, is not taken for a header."""
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    writer.write((CHUNKED % b"names") + b"1\r\nx\r\n0\r\nX-Late: x\r\n\r\n")
    head = await reader.readuntil(b"\r\n\r\n")
    body = await reader.readuntil(b"]")
    writer.close()

    assert head.startswith(b"HTTP/1.1 200")
    assert json.loads(body) == ["host", "transfer-encoding"]


async def trickle(writer: asyncio.StreamWriter) -> None:
    """Send a body that does not end."""
    while True:
        writer.write(b"1\r\nx\r\n")
        await asyncio.sleep(0.05)


async def test_body_that_nobody_reads_has_its_time(server: InProcessServer) -> None:
    """A request that is answered before its body is complete does not hold its connection."""
    configure(server, header_seconds=0.2)
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    writer.write(CHUNKED % b"nowhere")
    head = await reader.readuntil(b"\r\n\r\n")
    sending = asyncio.create_task(trickle(writer))
    with suppress(ConnectionError):
        async with asyncio.timeout(3):
            await reader.read()
    sending.cancel()
    writer.close()

    assert head.startswith(b"HTTP/1.1 404")
    assert b"close" not in head


@asynccontextmanager
async def asked(
    monkeypatch: pytest.MonkeyPatch, buffer: int
) -> AsyncIterator[tuple[InProcessServer, SkippedTime, socket.socket]]:
    """Ask for a long response; yield the server, its time, and the client's socket.

    Args:
        monkeypatch: Replaces the time.
        buffer: Bytes that the client's system may hold.
    """
    time, settings, loop = SkippedTime(), Settings.load({}), asyncio.get_running_loop()
    monkeypatch.setattr(module, "time", time)
    app = create_app(settings, COMPONENTS)
    async with served(app, settings.server) as server, asyncio.timeout(30):
        with socket.socket() as client:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
            client.settimeout(0)
            await loop.sock_connect(client, ("127.0.0.1", server.port))
            await loop.sock_sendall(client, b"GET /try/long HTTP/1.1\r\nHost: test\r\n\r\n")
            head = b""
            while len(head) < HEAD_AND_MORE:
                head += await loop.sock_recv(client, HEAD_AND_MORE)
            yield server, time, client


def unsent(server: InProcessServer) -> int:
    """Return how many bytes of responses the server still holds."""
    connections = server.server_state.connections
    return sum(connection.transport.get_write_buffer_size() for connection in connections)


async def test_client_that_takes_nothing_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    """A response that the client does not take does not hold its connection for ever."""
    loop, length = asyncio.get_running_loop(), 0
    async with asked(monkeypatch, buffer=4096) as (server, time, client):
        while server.server_state.connections:
            time.skip(server.app.state.traffic.seconds + 1)
            await asyncio.sleep(POLL_SECONDS)
        with suppress(ConnectionError):
            while part := await loop.sock_recv(client, 262_144):
                length += len(part)

    assert length < LONG


async def test_client_that_takes_its_time_is_not_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    """A response that is taken slowly, but steadily, is sent to its end."""
    loop, length, skipped = asyncio.get_running_loop(), 0, 0.0
    async with asked(monkeypatch, buffer=262_144) as (server, time, client):
        limit = server.app.state.traffic.seconds
        while left := unsent(server):
            while unsent(server) == left:
                length += len(await loop.sock_recv(client, 262_144))
            await server.on_tick(0)
            time.skip(0.9 * limit)
            skipped += 0.9 * limit
        while length + HEAD_AND_MORE < LONG:
            length += len(await loop.sock_recv(client, 262_144))

    assert skipped > limit


@pytest.mark.parametrize("noise", [b"\x16\x03\x01\r\n\r\n", b"\x16" * 5000])
async def test_noise_is_refused(server: InProcessServer, noise: bytes) -> None:
    """What is no HTTP gets one problem, however much it is."""
    configure(server, header_bytes=1024)

    assert await exchange(server, noise) == (400, "bad_request")


@pytest.mark.parametrize(("trusted", "host"), [("", "127.0.0.1"), ("127.0.0.0/8", "203.0.113.7")])
async def test_only_known_proxies_are_believed(trusted: str, host: str) -> None:
    """Who the client is comes from the connection, unless a proxy that we know says better."""
    settings = Settings.load({"server": {"trusted_proxies": trusted}})
    async with (
        served(create_app(settings, COMPONENTS), settings.server) as server,
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{server.port}") as client,
    ):
        response = await client.post("/try/body", headers={"X-Forwarded-For": "203.0.113.7"})

    assert response.json()["client"] == host
