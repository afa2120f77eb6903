"""Limits: what is too big, too slow or too much is turned away, and nothing else."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from fastapi import APIRouter, Request
from starlette.responses import StreamingResponse

from {{ package_name }}.app import create_app
from {{ package_name }}.core.component import Component
from {{ package_name }}.core.web import limits as module
from {{ package_name }}.settings import Settings

from support.client import connect
from support.server import SkippedTime, served

SWEEP_SECONDS = 0.01
SEVERAL_SWEEPS = 0.03
"""Enough for a sweep to end what it should not."""


def limited(**limits: object) -> Settings:
    """Return settings with these limits."""
    return Settings.load({"limits": limits})


class Trial:
    """Routes that take their time, most of which they skip, and what has happened in them."""

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
        self.component = Component(name="try", routers=(router,))

    async def take(self, request: Request) -> dict[str, int]:
        """Read a body."""
        async for part in request.stream():
            self.read += len(part)
        return {"bytes": self.read}

    async def work(self, request: Request, seconds: float, pause: float) -> dict[str, int]:
        """Read a body, skip seconds, and pause."""
        await request.body()
        self.time.skip(seconds)
        await asyncio.sleep(pause)
        return {}

    async def wait(self) -> dict[str, str]:
        """Answer when the test says so."""
        self.entered.set()
        try:
            async with asyncio.timeout(5):
                await self.gone.wait()
        finally:
            self.ended = True
        return {}

    async def stream(self, parts: int, seconds: float, pause: float) -> StreamingResponse:
        """Send parts; after each, skip seconds and pause."""

        async def body() -> AsyncIterator[bytes]:
            for _ in range(parts):
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


async def parts(*sizes: int) -> AsyncIterator[bytes]:
    """Yield a body whose size is not told."""
    for size in sizes:
        yield b"x" * size


def code(response: httpx.Response) -> tuple[int, Any]:
    """Return the status and the code of a problem."""
    return response.status_code, response.json()["code"]


@pytest.mark.parametrize("told", [True, False], ids=["told", "not told"])
async def test_body_over_the_limit_is_not_read_on(trial: Trial, *, told: bool) -> None:
    """A body that is too large is refused, and the connection with what is left of it."""
    async with connect(create_app(limited(body_bytes=10), [trial.component])) as client:
        content = b"x" * 11 if told else parts(6, 6, 6)
        response = await client.post("/try/body", content=content)

    assert code(response) == (413, "content_too_large")
    assert response.headers["connection"] == "close"
    assert trial.read == (0 if told else 6)


@pytest.mark.parametrize("told", [True, False], ids=["told", "not told"])
async def test_body_at_the_limit_is_taken(trial: Trial, *, told: bool) -> None:
    """The limit itself is allowed."""
    async with connect(create_app(limited(body_bytes=10), [trial.component])) as client:
        content = b"x" * 10 if told else parts(5, 5)
        response = await client.post("/try/body", content=content)

    assert response.json() == {"bytes": 10}


async def test_body_must_come_in_time(trial: Trial) -> None:
    """A body that trickles in does not hold a request for ever."""

    async def trickle() -> AsyncIterator[bytes]:
        for _ in range(100):
            yield b"x"
            trial.time.skip(10)
            await asyncio.sleep(SEVERAL_SWEEPS)

    settings = limited(body_seconds=15, request_seconds=600)
    async with connect(create_app(settings, [trial.component])) as client:
        response = await client.post("/try/body", content=trickle())

    assert code(response) == (408, "request_timeout")
    assert response.headers["connection"] == "close"


async def test_answer_must_begin_in_time(trial: Trial) -> None:
    """A request that hangs is ended, cleans up after itself, and may be tried again."""
    async with connect(create_app(limited(request_seconds=30), [trial.component])) as client:
        request = asyncio.create_task(client.get("/try/wait"))
        await trial.entered.wait()
        trial.time.skip(31)
        response = await request

    assert code(response) == (503, "deadline_exceeded")
    assert response.headers["retry-after"] == "5"
    assert trial.ended


async def test_whoever_has_read_a_body_has_time_to_answer(trial: Trial) -> None:
    """The time for the body is not taken from that for the response."""
    settings = limited(body_seconds=30, request_seconds=60)
    read_on = {"seconds": 45, "pause": SEVERAL_SWEEPS}
    async with connect(create_app(settings, [trial.component])) as client:
        response = await client.post("/try/work", params=read_on, content=parts(1, 1))

    assert response.status_code == 200


async def test_answer_to_a_body_must_begin_in_time(trial: Trial) -> None:
    """Nor does a body give its request more time for the response."""
    settings = limited(body_seconds=60, request_seconds=30)
    hang = {"seconds": 45, "pause": 5}
    async with connect(create_app(settings, [trial.component])) as client:
        response = await client.post("/try/work", params=hang, content=b"x")

    assert code(response) == (503, "deadline_exceeded")


async def test_stream_that_flows_is_not_cut(trial: Trial) -> None:
    """A response may take longer than its deadline while its parts come in time."""
    flow = {"parts": 3, "seconds": 20, "pause": SEVERAL_SWEEPS}
    async with connect(create_app(limited(request_seconds=30), [trial.component])) as client:
        response = await client.get("/try/stream", params=flow)

    assert response.content == b"..."


async def test_stream_that_stops_is_cut(trial: Trial) -> None:
    """A response whose next part does not come in time ends with its connection."""
    stop = {"parts": 2, "seconds": 40, "pause": 5}
    app = create_app(limited(request_seconds=30), [trial.component])
    async with served(app) as server, httpx.AsyncClient() as client:
        with pytest.raises(httpx.RemoteProtocolError):
            await client.get(f"http://127.0.0.1:{server.port}/try/stream", params=stop)


async def test_cancelling_is_not_mistaken_for_a_deadline(trial: Trial) -> None:
    """Whoever else cancels a request sees it cancelled."""
    async with connect(create_app(limited(), [trial.component])) as client:
        request = asyncio.create_task(client.get("/try/wait"))
        await trial.entered.wait()
        request.cancel()
        with pytest.raises(asyncio.CancelledError):
            await request

    assert trial.ended


async def test_too_many_at_once_are_turned_away(trial: Trial) -> None:
    """What can't be served soon is refused at once, and taken when there is room again."""
    async with connect(create_app(limited(requests_at_once=1), [trial.component])) as client:
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
        ("example.org.evil.example", 400),
        ("evilexample.com", 400),
        ("", 400),
    ],
)
async def test_only_known_hosts_are_served(host: str, status: int) -> None:
    """A name in a Host header that is not ours is not used to build links or to fill caches."""
    settings = limited(allowed_hosts=["example.org", "*.example.com", "[::1]"])
    async with connect(create_app(settings, [])) as client:
        response = await client.get("/nowhere", headers={"Host": host})

    assert response.status_code == status
