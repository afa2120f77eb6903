"""The server: limits of a connection before the application is called, and proxies."""

import asyncio
import json
import socket
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import httpx2
import pytest
from fastapi import APIRouter, Request
from fastapi.responses import StreamingResponse

from {{ package_name }}.core.app import build
from {{ package_name }}.core.component import Component
from {{ package_name }}.core.server import drain as module
from {{ package_name }}.practices import PracticeSettings

from support.server import POLL_SECONDS, InProcessServer, SkippedTime, served

LONG = 16_000_000
HEAD_AND_MORE = 1000

router = APIRouter(prefix="/try")


@router.post("/body")
async def take(request: Request) -> dict[str, object]:
    """Return the size of the body, and the client."""
    assert request.client is not None
    return {"bytes": len(await request.body()), "client": request.client.host}


@router.post("/names")
async def names(request: Request) -> list[str]:
    """Return the names of the headers, after the body."""
    await request.body()
    return list(request.headers)


@router.get("/long")
async def get_long() -> str:
    """Return more than the buffers of a connection hold."""
    return "x" * LONG


@router.get("/stream")
async def stream() -> StreamingResponse:
    """Stream some words."""
    return StreamingResponse(iter(["one", "", "two"]))


@router.get("/empty")
async def empty() -> StreamingResponse:
    """Stream nothing."""
    return StreamingResponse(iter(()))


@router.get("/small")
async def small() -> str:
    """Return a word."""
    return "small"


COMPONENTS = [Component(name="try", routers=(router,))]


@pytest.fixture(scope="module")
async def running() -> AsyncIterator[InProcessServer]:
    """Yield the server of this module."""
    settings = PracticeSettings.load({})
    async with served(build(settings.limits, COMPONENTS), settings.server) as server:
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


async def send_raw(server: InProcessServer, *chunks: bytes, pause: float = 0) -> tuple[int, Any]:
    """Send bytes to the server until it closes the connection; return the status and the code."""
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    try:
        for chunk in chunks:
            writer.write(chunk)
            await writer.drain()
            await asyncio.sleep(pause)
        async with asyncio.timeout(5):
            response = await reader.read()
    finally:
        writer.close()
    head, _, body = response.partition(b"\r\n\r\n")
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
    ids=["one packet", "several packets", "endless", "in the path"],
)
async def test_large_head_gets_431(server: InProcessServer, chunks: list[bytes]) -> None:
    """The head has a maximum size, whether it ends or not."""
    configure(server, max_header_bytes=1024)

    response = await send_raw(server, *chunks, pause=0.01)

    assert response == (431, "headers_too_large")


async def late_body() -> AsyncIterator[bytes]:
    """Yield a body that comes after the head."""
    for _ in range(2):
        await asyncio.sleep(0.01)
        yield b"x" * 2500


async def test_body_is_not_counted_as_head(server: InProcessServer) -> None:
    """Body bytes in one packet with the head don't count for the head."""
    configure(server, max_header_bytes=1024)
    async with httpx2.AsyncClient(base_url=f"http://127.0.0.1:{server.port}") as client:
        for content in (b"x" * 5000, late_body(), b"x" * 5000):
            response = await client.post("/try/body", content=content)

            assert response.json()["bytes"] == 5000


async def test_slow_head_gets_408(server: InProcessServer) -> None:
    """An incomplete head has a timeout."""
    configure(server, header_timeout_seconds=0.2)

    assert await send_raw(server, HEAD) == (408, "request_timeout")


@pytest.mark.parametrize("begin", [b"", HEAD + b"\r\n"], ids=["new", "after a request"])
async def test_silent_connection_is_closed(server: InProcessServer, begin: bytes) -> None:
    """An idle connection is closed, new or after a request."""
    assert server.config.timeout_keep_alive == server.config.settings.keep_alive_timeout_seconds
    configure(server, header_timeout_seconds=0.2)
    server.config.timeout_keep_alive = 0  # the setting is whole seconds, at least one
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    writer.write(begin)
    async with asyncio.timeout(10):
        response = await reader.read()
    writer.close()

    assert response.startswith(b"HTTP/1.1 404" if begin else b"")


async def test_every_head_has_a_timeout(server: InProcessServer) -> None:
    """The next request of a connection has the same timeout."""
    configure(server, header_timeout_seconds=0.2)
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
async def test_framing_of_a_body_has_a_size(server: InProcessServer, late: bytes) -> None:
    """Trailers and chunk extensions have a maximum size."""
    configure(server, max_header_bytes=1024)
    chunks = [CHUNKED % b"body", late, b"x" * 2000]

    response = await send_raw(server, *chunks, pause=0.01)

    assert response == (431, "headers_too_large")


async def test_trailer_is_no_header(server: InProcessServer) -> None:
    """A trailer is not added to the headers."""
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


async def test_unread_body_has_a_timeout(server: InProcessServer) -> None:
    """A connection is closed if the body continues after the response."""
    configure(server, header_timeout_seconds=0.2)
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
async def requested(
    monkeypatch: pytest.MonkeyPatch, buffer: int
) -> AsyncGenerator[tuple[InProcessServer, SkippedTime, socket.socket]]:
    """Request a long response; yield the server, its time, and the client's socket.

    Args:
        monkeypatch: Replaces the time.
        buffer: Size of the client's receive buffer in bytes.
    """
    time, settings, loop = SkippedTime(), PracticeSettings.load({}), asyncio.get_running_loop()
    monkeypatch.setattr(module, "time", time)
    app = build(settings.limits, COMPONENTS)
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
    """Return the bytes in the write buffers of the server."""
    connections = server.server_state.connections
    return sum(connection.transport.get_write_buffer_size() for connection in connections)


async def test_stalled_client_is_aborted(monkeypatch: pytest.MonkeyPatch) -> None:
    """A client that reads nothing loses its connection."""
    loop, length = asyncio.get_running_loop(), 0
    async with requested(monkeypatch, buffer=4096) as (server, time, client):
        while server.server_state.connections:
            time.skip(server.app.in_flight.timeout + 1)
            await asyncio.sleep(POLL_SECONDS)
        with suppress(ConnectionError):
            while chunk := await loop.sock_recv(client, 262_144):
                length += len(chunk)

    assert length < LONG


async def test_slow_client_is_served(monkeypatch: pytest.MonkeyPatch) -> None:
    """A client that reads slowly but steadily gets the whole response."""
    loop, length, skipped = asyncio.get_running_loop(), 0, 0.0
    async with requested(monkeypatch, buffer=262_144) as (server, time, client):
        limit = server.app.in_flight.timeout
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
async def test_noise_gets_400(server: InProcessServer, noise: bytes) -> None:
    """Bytes that are not HTTP get one response."""
    configure(server, max_header_bytes=1024)

    assert await send_raw(server, noise) == (400, "bad_request")


@pytest.mark.parametrize(("trusted", "host"), [([], "127.0.0.1"), (["127.0.0.0/8"], "203.0.113.7")])
async def test_only_trusted_proxies_name_the_client(trusted: list[str], host: str) -> None:
    """X-Forwarded-For is ignored unless a trusted proxy sends it."""
    settings = PracticeSettings.load({"server": {"trusted_proxies": trusted}})
    async with (
        served(build(settings.limits, COMPONENTS), settings.server) as server,
        httpx2.AsyncClient(base_url=f"http://127.0.0.1:{server.port}") as client,
    ):
        response = await client.post("/try/body", headers={"X-Forwarded-For": "203.0.113.7"})

    assert response.json()["client"] == host


async def respond(server: InProcessServer, *chunks: bytes) -> bytes:
    """Send bytes to the server, and return what it sends until it closes the connection."""
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    for chunk in chunks:
        writer.write(chunk)
        await writer.drain()
        await asyncio.sleep(POLL_SECONDS)
    async with asyncio.timeout(5):
        response = await reader.read()
    writer.close()
    return response


@pytest.mark.parametrize(
    ("path", "body"), [("/try/stream", b"onetwo"), ("/try/empty", b""), ("/try/small", b'"small"')]
)
async def test_http_10_has_no_chunks(server: InProcessServer, path: str, body: bytes) -> None:
    """A client of HTTP/1.0, such as nginx by default, would take the sizes of chunks for data."""
    request = f"GET {path} HTTP/1.0\r\nHost: test\r\n\r\n".encode()
    response = await respond(server, request)

    head, _, content = response.partition(b"\r\n\r\n")
    assert content == body
    assert b"transfer-encoding" not in head


UPGRADE = b"POST /try/body HTTP/1.1\r\nHost: test\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n"


@pytest.mark.parametrize(
    "chunks",
    [
        [UPGRADE + b"Content-Length: 5\r\n\r\nhello"],
        [UPGRADE + b"Content-Length: 5\r\n\r", b"\nhel", b"lo"],
        [UPGRADE + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhe", b"llo\r\n0\r\n\r\n"],
    ],
    ids=["one packet", "several packets", "chunked"],
)
async def test_upgrade_does_not_lose_the_body(server: InProcessServer, chunks: list[bytes]) -> None:
    """An upgrade that the server does not know is ignored; clients in Java offer h2c by default."""
    response = await respond(server, *chunks)

    assert response.startswith(b"HTTP/1.1 200")
    assert b'"bytes":5' in response


async def test_upgrade_without_a_body_is_ignored(server: InProcessServer) -> None:
    """The request is served, and the connection is closed after it."""
    response = await respond(server, UPGRADE.replace(b"POST /try/body", b"GET /nowhere") + b"\r\n")

    assert response.startswith(b"HTTP/1.1 404")
