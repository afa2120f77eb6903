"""Limits: size, time, concurrency and host names."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import httpx2
import pytest
from fastapi import APIRouter, Request, WebSocket
from starlette.responses import StreamingResponse

from {{ package_name }}.core.app import build
from {{ package_name }}.core.component import Component
from {{ package_name }}.core.errors import InvalidSettingsError
from {{ package_name }}.core.web import in_flight as module
from {{ package_name }}.core.web.routing import register
from {{ package_name }}.practices import PracticeSettings

from support.client import connect, open_websocket
from support.server import SkippedTime, served

SWEEP_SECONDS = 0.01
SEVERAL_CHECKS = 0.03
"""Time in which the deadlines are checked several times."""


def limited(**limits: object) -> PracticeSettings:
    """Return settings with these limits."""
    return PracticeSettings.load({"limits": limits})


class Trial:
    """Slow routes that skip most of their time, and a record of what they did."""

    def __init__(self) -> None:
        self.time = SkippedTime()
        self.read = 0
        self.ended = False
        self.gone = asyncio.Event()
        self.entered = asyncio.Event()
        router = APIRouter(prefix="/try")
        router.post("/body")(self.take)
        router.post("/work")(self.work)
        router.get("/wait")(self.wait)
        router.get("/stream")(self.stream)
        router.websocket("/talk")(self.talk)
        self.component = Component(name="try", routers=(router,))

    async def take(self, request: Request) -> dict[str, int]:
        """Read a body."""
        async for chunk in request.stream():
            self.read += len(chunk)
        return {"bytes": self.read}

    async def work(self, request: Request, seconds: float, pause: float) -> dict[str, int]:
        """Read a body, skip seconds, and pause."""
        await request.body()
        self.time.skip(seconds)
        await asyncio.sleep(pause)
        return {}

    async def wait(self) -> dict[str, str]:
        """Respond when the test sets `gone`."""
        self.entered.set()
        try:
            async with asyncio.timeout(5):
                await self.gone.wait()
        finally:
            self.ended = True
        return {}

    async def talk(self, socket: WebSocket) -> None:
        """Keep a WebSocket open until the test sets `gone`."""
        await socket.accept()
        self.entered.set()
        await self.gone.wait()

    async def stream(self, chunks: int, seconds: float, pause: float) -> StreamingResponse:
        """Send chunks; after each, skip seconds and pause."""

        async def body() -> AsyncIterator[bytes]:
            for _ in range(chunks):
                yield b"."
                self.time.skip(seconds)
                await asyncio.sleep(pause)

        return StreamingResponse(body())


@pytest.fixture
def trial(monkeypatch: pytest.MonkeyPatch) -> Trial:
    """Return routes whose skipped time counts for their deadlines."""
    trial = Trial()
    monkeypatch.setattr(module, "time", trial.time)
    monkeypatch.setattr(module, "SWEEP_SECONDS", SWEEP_SECONDS)
    return trial


async def chunked(*sizes: int) -> AsyncIterator[bytes]:
    """Yield a body without a Content-Length."""
    for size in sizes:
        yield b"x" * size


def code(response: httpx2.Response) -> tuple[int, Any]:
    """Return the status and the code of a problem."""
    return response.status_code, response.json()["code"]


@pytest.mark.parametrize("has_length", [True, False], ids=["length", "chunked"])
async def test_body_over_the_limit_is_rejected(trial: Trial, *, has_length: bool) -> None:
    """A body over the limit gets 413, and the connection is closed."""
    async with connect(build(limited(max_body_bytes=10).limits, [trial.component])) as client:
        content = b"x" * 11 if has_length else chunked(6, 6, 6)
        response = await client.post("/try/body", content=content)

    assert code(response) == (413, "content_too_large")
    assert response.headers["connection"] == "close"
    assert trial.read == (0 if has_length else 6)


@pytest.mark.parametrize("has_length", [True, False], ids=["length", "chunked"])
async def test_body_at_the_limit_is_accepted(trial: Trial, *, has_length: bool) -> None:
    """The limit is inclusive."""
    async with connect(build(limited(max_body_bytes=10).limits, [trial.component])) as client:
        content = b"x" * 10 if has_length else chunked(5, 5)
        response = await client.post("/try/body", content=content)

    assert response.json() == {"bytes": 10}


async def test_slow_body_gets_408(trial: Trial) -> None:
    """A body has a timeout."""

    async def trickle() -> AsyncIterator[bytes]:
        for _ in range(100):
            yield b"x"
            trial.time.skip(10)
            await asyncio.sleep(SEVERAL_CHECKS)

    settings = limited(body_timeout_seconds=15, request_timeout_seconds=600)
    async with connect(build(settings.limits, [trial.component])) as client:
        response = await client.post("/try/body", content=trickle())

    assert code(response) == (408, "request_timeout")
    assert response.headers["connection"] == "close"


async def test_response_must_start_in_time(trial: Trial) -> None:
    """A request that hangs is cancelled, cleans up, and gets 503 with Retry-After."""
    async with connect(
        build(limited(request_timeout_seconds=30).limits, [trial.component])
    ) as client:
        request = asyncio.create_task(client.get("/try/wait"))
        await trial.entered.wait()
        trial.time.skip(31)
        response = await request

    assert code(response) == (503, "deadline_exceeded")
    assert response.headers["retry-after"] == "5"
    assert trial.ended


async def test_deadline_is_reset_after_the_body(trial: Trial) -> None:
    """The time for the body does not count for the response."""
    settings = limited(body_timeout_seconds=30, request_timeout_seconds=60)
    read_on = {"seconds": 45, "pause": SEVERAL_CHECKS}
    async with connect(build(settings.limits, [trial.component])) as client:
        response = await client.post("/try/work", params=read_on, content=chunked(1, 1))

    assert response.status_code == 200


async def test_response_to_a_body_must_start_in_time(trial: Trial) -> None:
    """After the body, the request timeout holds."""
    settings = limited(body_timeout_seconds=60, request_timeout_seconds=30)
    hang = {"seconds": 45, "pause": 5}
    async with connect(build(settings.limits, [trial.component])) as client:
        response = await client.post("/try/work", params=hang, content=b"x")

    assert code(response) == (503, "deadline_exceeded")


async def test_steady_stream_has_no_deadline(trial: Trial) -> None:
    """A response may take longer than the timeout while each chunk is in time."""
    flow = {"chunks": 3, "seconds": 20, "pause": SEVERAL_CHECKS}
    async with connect(
        build(limited(request_timeout_seconds=30).limits, [trial.component])
    ) as client:
        response = await client.get("/try/stream", params=flow)

    assert response.content == b"..."


async def test_stalled_stream_is_aborted(trial: Trial) -> None:
    """A response whose next chunk is late ends with its connection."""
    stop = {"chunks": 2, "seconds": 40, "pause": 5}
    app = build(limited(request_timeout_seconds=30).limits, [trial.component])
    async with served(app) as server, httpx2.AsyncClient() as client:
        with pytest.raises(httpx2.RemoteProtocolError):
            await client.get(f"http://127.0.0.1:{server.port}/try/stream", params=stop)


async def test_cancellation_is_no_timeout(trial: Trial) -> None:
    """A request that another task cancels stays cancelled."""
    async with connect(build(limited().limits, [trial.component])) as client:
        request = asyncio.create_task(client.get("/try/wait"))
        await trial.entered.wait()
        request.cancel()
        with pytest.raises(asyncio.CancelledError):
            await request

    assert trial.ended


async def test_request_that_the_stop_cancels_gets_503(trial: Trial) -> None:
    """A client may send it again to another instance."""
    app = build(limited().limits, [trial.component])
    async with connect(app) as client:
        request = asyncio.create_task(client.get("/try/wait"))
        await trial.entered.wait()
        app.in_flight.drain()
        next(iter(app.in_flight.deadlines)).cancel()

        assert code(await request) == (503, "unavailable")


async def test_requests_over_the_limit_get_503(trial: Trial) -> None:
    """A request over the limit gets 503, until another one has ended."""
    async with connect(
        build(limited(max_concurrent_requests=1).limits, [trial.component])
    ) as client:
        first = asyncio.create_task(client.get("/try/wait"))
        await trial.entered.wait()
        second = await client.get("/try/wait")
        trial.gone.set()

        assert code(second) == (503, "overloaded")
        assert second.headers["retry-after"] == "5"
        assert (await first).status_code == 200
        assert (await client.get("/try/wait")).status_code == 200


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("example.org", 404),
        ("EXAMPLE.org:8000", 404),
        ("a.example.com", 404),
        ("[::1]:8000", 404),
        ("example.com", 400),
        ("example.org.", 404),
        ("example.org.evil.example", 400),
        ("evilexample.com", 400),
        ("", 400),
    ],
)
async def test_only_known_hosts_are_served(host: str, status: int) -> None:
    """A Host header with another name gets 400: it could poison links and caches."""
    hosts = ["EXAMPLE.org:8000", "*.example.com", "[::1]"]
    async with connect(build(limited(allowed_hosts=hosts).limits, [])) as client:
        response = await client.get("/nowhere", headers={"Host": host})

    assert response.status_code == status


@pytest.mark.parametrize(
    "host", ["https://example.org", "example.org/path", "user@example.org", "::1", "a.*.org", "*x"]
)
def test_allowed_host_is_a_name(host: str) -> None:
    """Another text would refuse every client."""
    with pytest.raises(InvalidSettingsError, match=r"ALLOWED_HOSTS__0: .*Write a host name"):
        limited(allowed_hosts=[host])


async def test_second_host_header_is_refused(settings: PracticeSettings) -> None:
    """Proxies and this service could take different ones (RFC 9112, section 3.2)."""
    headers = [("Host", "example.org"), ("Host", "evil.example")]
    async with connect(build(settings.limits, [])) as client:
        response = await client.get("/nowhere", headers=headers)

    assert response.status_code == 400


async def test_websockets_have_limits(trial: Trial) -> None:
    """Too many open WebSockets, another host or a drain refuse a further one."""
    settings = limited(max_concurrent_requests=1, allowed_hosts=["test"])
    app = build(settings.limits, [trial.component])
    host = {"Host": "test"}
    assert (await open_websocket(app, "/try/talk", {"Host": "other"}))[0]["status"] == 400
    async with asyncio.timeout(5):
        first = asyncio.create_task(open_websocket(app, "/try/talk", host))
        await trial.entered.wait()
        assert len(app.in_flight.websockets) == 1
        assert (await open_websocket(app, "/try/talk", host))[0]["status"] == 503

        trial.gone.set()
        assert (await first)[0]["type"] == "websocket.accept"
        app.in_flight.drain()
        assert (await open_websocket(app, "/try/talk", host))[0]["status"] == 503


async def test_websocket_must_open_in_time(trial: Trial) -> None:
    """The handshake has the timeout of a request; an open WebSocket has none."""
    app = build(limited(request_timeout_seconds=30).limits, [trial.component])
    hanging = APIRouter()

    @hanging.websocket("/hang")
    async def hang() -> None:
        trial.entered.set()
        await trial.gone.wait()

    register(app, hanging)
    async with connect(app):
        late = asyncio.create_task(open_websocket(app, "/hang", {}))
        await trial.entered.wait()
        trial.time.skip(31)
        assert (await late)[0]["status"] == 503

        trial.entered.clear()
        opened = asyncio.create_task(open_websocket(app, "/try/talk", {}))
        await trial.entered.wait()
        trial.time.skip(31)
        await asyncio.sleep(SEVERAL_CHECKS)
        trial.gone.set()
        assert (await opened)[0]["type"] == "websocket.accept"
