"""The server: what it takes from a connection before there is a request, and whom it believes."""

import asyncio
import json
import socket
import time
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any

import httpx
import pytest
from fastapi import APIRouter, Request

from {{ package_name }}.app import create_app
from {{ package_name }}.component import Component
from {{ package_name }}.settings import Settings

from support import served

LONG = 16_000_000

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


def configured(**server: object) -> Settings:
    """Return settings with these of the server."""
    return Settings.load({"server": server, "limits": {"request_seconds": 0.5}})


async def exchange(settings: Settings, *chunks: bytes, pause: float = 0) -> tuple[int, Any]:
    """Send bytes to the server until it closes the connection; return the status and the code."""
    async with served(create_app(settings, COMPONENTS), settings.server) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
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
async def test_large_head_is_refused(chunks: list[bytes]) -> None:
    """Headers have a size, whether they end or not."""
    answer = await exchange(configured(header_bytes=1024), *chunks, pause=0.05)

    assert answer == (431, "headers_too_large")


async def late_body() -> AsyncIterator[bytes]:
    """Yield a body that comes after the head."""
    for _ in range(2):
        await asyncio.sleep(0.05)
        yield b"x" * 2500


async def test_body_is_not_counted_as_head() -> None:
    """What comes in one packet with the head is the body's; so is the next request's."""
    settings = configured(header_bytes=1024)
    async with (
        served(create_app(settings, COMPONENTS), settings.server) as port,
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client,
    ):
        for content in (b"x" * 5000, late_body(), b"x" * 5000):
            response = await client.post("/try/body", content=content)

            assert response.json()["bytes"] == 5000


async def test_head_must_come_in_time() -> None:
    """A request that is only begun does not hold a connection."""
    start = time.monotonic()

    assert await exchange(configured(header_seconds=0.3), HEAD) == (408, "request_timeout")
    assert time.monotonic() - start < 3


@pytest.mark.parametrize("begin", [b"", b"GET /nowhere HTTP/1.1\r\nHost: test\r\n\r\n"])
async def test_silent_connection_is_closed(begin: bytes) -> None:
    """A connection on which nothing comes is closed, after a request too."""
    settings = configured(header_seconds=0.3, keep_alive_seconds=1)
    async with served(create_app(settings, COMPONENTS), settings.server) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(begin)
        async with asyncio.timeout(10):
            answer = await reader.read()
        writer.close()

    assert answer.startswith(b"HTTP/1.1 404" if begin else b"")


async def test_every_head_must_come_in_time() -> None:
    """A connection that has served a request gets no more patience for the next one."""
    settings = configured(header_seconds=0.3)
    async with served(create_app(settings, COMPONENTS), settings.server) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
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
async def test_what_is_around_a_body_has_a_size(late: bytes) -> None:
    """What is neither head nor body, and so read by nobody, can't go on for ever."""
    chunks = [CHUNKED % b"body", late, b"x" * 2000]

    answer = await exchange(configured(header_bytes=1024), *chunks, pause=0.05)

    assert answer == (431, "headers_too_large")


async def test_trailer_is_no_header() -> None:
    """What comes after the body, where no proxy looks, is not taken for a header."""
    settings = configured()
    async with served(create_app(settings, COMPONENTS), settings.server) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
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


async def test_body_that_nobody_reads_has_its_time() -> None:
    """A request that is answered before its body is complete does not hold its connection."""
    settings = configured(header_seconds=0.3)
    async with served(create_app(settings, COMPONENTS), settings.server) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
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


async def received(first: float, then: float, buffer: int) -> int:
    """Ask for a long answer and take it bit by bit; return how much came.

    Args:
        first: Seconds until the first bit is taken.
        then: Seconds between two bits.
        buffer: Bytes that the client's system may hold for it.
    """
    settings, loop, length = configured(), asyncio.get_running_loop(), 0
    async with served(create_app(settings, COMPONENTS), settings.server) as port:
        with socket.socket() as client:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
            client.settimeout(0)
            await loop.sock_connect(client, ("127.0.0.1", port))
            await loop.sock_sendall(client, b"GET /try/long HTTP/1.1\r\nHost: test\r\n\r\n")
            await asyncio.sleep(first)
            with suppress(ConnectionError):
                while length < LONG and (part := await loop.sock_recv(client, 262_144)):
                    length += len(part)
                    await asyncio.sleep(then)
    return length


async def test_client_that_takes_nothing_is_cut_off() -> None:
    """An answer that nobody takes does not hold its connection for ever."""
    assert await received(first=3, then=0, buffer=4096) < LONG


async def test_client_that_takes_its_time_is_not_cut_off() -> None:
    """An answer that is taken slowly, but steadily, is sent to its end."""
    assert await received(first=0, then=0.03, buffer=262_144) >= LONG


@pytest.mark.parametrize("noise", [b"\x16\x03\x01\r\n\r\n", b"\x16" * 5000])
async def test_noise_is_refused(noise: bytes) -> None:
    """What is no HTTP gets one problem, however much it is."""
    assert await exchange(configured(header_bytes=1024), noise) == (400, "bad_request")


@pytest.mark.parametrize(("trusted", "host"), [("", "127.0.0.1"), ("127.0.0.0/8", "203.0.113.7")])
async def test_only_known_proxies_are_believed(trusted: str, host: str) -> None:
    """Who the client is comes from the connection, unless a proxy that we know says better."""
    settings = configured(trusted_proxies=trusted)
    async with (
        served(create_app(settings, COMPONENTS), settings.server) as port,
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client,
    ):
        response = await client.post("/try/body", headers={"X-Forwarded-For": "203.0.113.7"})

    assert response.json()["client"] == host
