"""Calls to other services: what is repeated, what is not, and what becomes of failures."""

import asyncio
import gzip
import logging
import time
import traceback
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from email.utils import formatdate

import httpx
import pytest
import stamina
from fastapi import FastAPI

from {{ package_name }}.core.errors import NotFoundError, UnavailableError
from {{ package_name }}.core.http_client import (
    HttpClient,
    OutgoingCall,
    RefusedError,
    component,
)
from {{ package_name }}.core.http_client.retries import BURST, seconds_in
from {{ package_name }}.settings import Settings

URL = "https://api.example.org/orders?token=hunter2"


class Upstream:
    """Another service: it answers as it was told, the last time for ever."""

    def __init__(self, *answers: int | httpx.Response | Exception) -> None:
        self.answers = list(answers)
        self.requests: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        """Answer."""
        self.requests.append(request)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return httpx.Response(answer) if isinstance(answer, int) else answer


@asynccontextmanager
async def calling(transport: httpx.AsyncBaseTransport, **given: float) -> AsyncIterator[HttpClient]:
    """Yield the client of a running application."""
    start = component(Settings.load({"http_client": given}), transport).start
    assert start is not None
    async with start(FastAPI()) as state:
        http = state["http"]
        assert isinstance(http, HttpClient)
        yield http


async def call(upstream: Upstream, method: str = "GET", **given: float) -> httpx.Response:
    """Call a service once."""
    async with calling(httpx.MockTransport(upstream), **given) as http:
        return await http.send(httpx.Request(method, URL))


@pytest.fixture(autouse=True)
def _no_waiting() -> Iterator[None]:
    """Retry at once."""
    with stamina.set_testing(testing=True, attempts=100):
        yield


async def test_answer_is_returned() -> None:
    """Who asks gets the answer; who is asked gets to know who asks, and for what."""
    upstream = Upstream(httpx.Response(200, json=[1]))
    async with calling(httpx.MockTransport(upstream)) as http:
        response = await http.get("https://api.example.org/orders", {"page": "2"})

    (request,) = upstream.requests
    assert response.json() == [1]
    assert str(request.url) == "https://api.example.org/orders?page=2"
    agent = request.headers["user-agent"]
    assert agent.startswith("{{ distribution_name }}/")


@pytest.mark.parametrize(
    "failure",
    [429, 502, 503, 504, httpx.ConnectError("refused"), httpx.ReadTimeout("slow")],
    ids=str,
)
async def test_passing_failure_is_overcome(failure: int | Exception) -> None:
    """A failure that may pass is followed by another attempt."""
    upstream = Upstream(failure, failure, 200)

    assert (await call(upstream)).status_code == 200
    assert len(upstream.requests) == 3


@pytest.mark.parametrize(
    ("method", "attempts"),
    [("DELETE", 3), ("HEAD", 3), ("OPTIONS", 3), ("PUT", 3), ("PATCH", 1), ("POST", 1)],
)
async def test_only_what_does_no_harm_is_repeated(method: str, attempts: int) -> None:
    """What would be done twice, an order perhaps, is not sent twice."""
    upstream = Upstream(503)

    with pytest.raises(UnavailableError):
        await call(upstream, method)

    assert len(upstream.requests) == attempts


async def test_post_with_a_key_is_repeated() -> None:
    """Who gives an Idempotency-Key says that the other side knows a request when it comes again."""
    upstream = Upstream(httpx.ReadError("reset"), 201)
    request = httpx.Request("POST", URL, json={"item": 1}, headers={"Idempotency-Key": "7"})
    async with calling(httpx.MockTransport(upstream)) as http:
        assert (await http.send(request)).status_code == 201

    assert [sent.content for sent in upstream.requests] == [b'{"item":1}'] * 2


async def test_body_that_is_gone_is_not_repeated() -> None:
    """A body that comes from a stream can be sent once."""

    async def body() -> AsyncIterator[bytes]:
        yield b"1"

    upstream = Upstream(503)
    async with calling(httpx.MockTransport(upstream)) as http:
        with pytest.raises(UnavailableError):
            await http.send(httpx.Request("PUT", URL, content=body()))

    assert len(upstream.requests) == 1


@pytest.mark.parametrize(
    "failure", [503, httpx.ConnectError("refused"), httpx.RemoteProtocolError("half")], ids=str
)
async def test_lasting_failure_is_unavailability(failure: int | Exception) -> None:
    """When the attempts are used up, the error is ours, and the original one its cause."""
    upstream = Upstream(failure)

    with pytest.raises(UnavailableError) as raised:
        await call(upstream, attempts=2)

    assert len(upstream.requests) == 2
    assert isinstance(raised.value.__cause__, httpx.HTTPError)


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (404, NotFoundError),
        (410, NotFoundError),
        (500, UnavailableError),
        (httpx.DecodingError("no gzip"), UnavailableError),
        (400, RefusedError),
        (401, RefusedError),
        (409, RefusedError),
        (httpx.Response(302, headers={"Location": "http://169.254.169.254/"}), RefusedError),
    ],
    ids=str,
)
async def test_lasting_failure_is_not_repeated(
    answer: int | httpx.Response | Exception, error: type[Exception]
) -> None:
    """What would be answered the same again is told at once, and no redirect is followed."""
    upstream = Upstream(answer)

    with pytest.raises(error) as raised:
        await call(upstream)

    assert len(upstream.requests) == 1
    assert "hunter2" not in "".join(traceback.format_exception(raised.value))


async def test_refusal_can_be_foreseen() -> None:
    """Who knows that a request may be refused finds out how it was."""
    upstream = Upstream(httpx.Response(409, text="taken"))

    with pytest.raises(RefusedError) as raised:
        await call(upstream, "PUT")

    assert str(raised.value) == "api.example.org answers PUT with 409."
    assert raised.value.response is not None
    assert raised.value.response.text == "taken"


@pytest.mark.parametrize("kind", [httpx.LocalProtocolError, httpx.UnsupportedProtocol])
async def test_request_that_cannot_be_sent(kind: type[httpx.TransportError]) -> None:
    """A request of ours that is wrong is our mistake; what is wrong with it may be a secret."""
    upstream = Upstream(kind("Illegal header value b'hunter2'"))

    with pytest.raises(RefusedError) as raised:
        await call(upstream)

    assert len(upstream.requests) == 1
    assert "hunter2" not in "".join(traceback.format_exception(raised.value))


async def test_call_has_a_deadline() -> None:
    """Whatever the other side does, and however often it is asked, the call ends in time."""

    async def never(_request: httpx.Request) -> httpx.Response:
        await asyncio.sleep(60)
        return httpx.Response(200)

    async with calling(httpx.MockTransport(never), total_seconds=0.05) as http:
        start = time.monotonic()
        with pytest.raises(UnavailableError) as raised:
            await http.get(URL)

    assert time.monotonic() - start < 5
    assert isinstance(raised.value.__cause__, TimeoutError)


@pytest.mark.parametrize(
    ("header", "low", "high"),
    [
        ("0", 0, 0),
        ("2", 2, 2),
        ("9" * 5000, float("inf"), float("inf")),
        ("Wed, 21 Oct 2015 07:28:00 GMT", 0, 0),
        ("", 0, 0),
        ("-1", 0, 0),
        ("soon", 0, 0),
        ("\u0663", 0, 0),
        ("Mon, 01 Jan 2024 00:00:00 +9999999999999999", 0, 0),
        ("Mon, 01 Jan 0001 00:00:00 +2300", 0, 0),
    ],
)
def test_retry_after_is_read(header: str, low: float, high: float) -> None:
    """Retry-After holds seconds or a date; anything else is as if it were not there."""
    assert low <= seconds_in(header) <= high


def test_retry_after_may_be_a_date() -> None:
    """A date in Retry-After counts from now."""
    assert 5000 <= seconds_in(formatdate(time.time() + 6000, usegmt=True)) <= 6000


async def test_retry_after_is_kept_to() -> None:
    """The next attempt comes no earlier than was asked for, and not when everybody's does."""
    request = httpx.Request("GET", URL)
    response = httpx.Response(503, headers={"Retry-After": "2"})
    error = httpx.HTTPStatusError("503", request=request, response=response)
    async with calling(httpx.MockTransport(Upstream(200))) as http:
        end = asyncio.get_running_loop().time() + 60
        waits = {http.wait_before_next(OutgoingCall(request, end, 2), error) for _ in range(5)}

    assert len(waits) == 5
    assert all(2 < wait < 3 for wait in waits)


async def test_nobody_waits_in_vain() -> None:
    """A wait that would outlast the deadline is not begun."""
    upstream = Upstream(httpx.Response(429, headers={"Retry-After": "11"}))

    with pytest.raises(UnavailableError):
        await call(upstream)

    assert len(upstream.requests) == 1


async def test_retries_are_a_share_of_the_calls() -> None:
    """A service that is down is asked little more often than there are calls; others as always."""
    upstream = Upstream(503)
    async with calling(httpx.MockTransport(upstream), retry_ratio=0.1) as http:
        for _ in range(200):
            with pytest.raises(UnavailableError):
                await http.get(URL)
        calls = len(upstream.requests)
        with pytest.raises(UnavailableError):
            await http.get("https://other.example.org/")

    assert 200 + BURST < calls <= 200 + 20 + BURST
    assert len(upstream.requests) == calls + 3


@pytest.mark.parametrize("headers", [{}, {"Content-Encoding": "gzip"}], ids=["plain", "gzip"])
async def test_large_answer_is_not_read_on(headers: dict[str, str]) -> None:
    """An answer has a size, also if it comes in small print."""
    text = b"x" * 10_000

    def answer() -> Upstream:
        content = gzip.compress(text) if headers else text
        return Upstream(httpx.Response(200, headers=headers, content=content))

    assert (await call(answer(), body_bytes=10_000)).content == text
    with pytest.raises(UnavailableError):
        await call(answer(), body_bytes=9_999)


async def test_cookies_are_not_kept() -> None:
    """What an answer to one user sets is not sent with the request of another."""
    upstream = Upstream(httpx.Response(200, headers={"Set-Cookie": "session=1"}))
    async with calling(httpx.MockTransport(upstream)) as http:
        await http.get(URL)
        await http.get(URL)

        assert not http.client.cookies
    assert not any("cookie" in request.headers for request in upstream.requests)


async def test_failures_are_logged_without_secrets(caplog: pytest.LogCaptureFixture) -> None:
    """A line tells of each retry and of the failure, with the host, and without the query."""
    caplog.set_level(logging.DEBUG)

    with pytest.raises(UnavailableError):
        await call(Upstream(httpx.ConnectError("refused"), 503), attempts=2)

    lines = [vars(record) for record in caplog.records if record.name != "asyncio"]
    assert [(line["msg"], line["host"], line["method"], line["cause"]) for line in lines] == [
        ("http.retried", "api.example.org", "GET", "ConnectError"),
        ("http.failed", "api.example.org", "GET", 503),
    ]
    assert (lines[0]["attempt"], lines[0]["wait_seconds"], lines[1]["attempts"]) == (1, 0, 2)
    assert "hunter2" not in str(lines)


async def test_retries_of_others_are_logged_without_arguments(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Whatever else is retried by stamina is logged too, without what it was called with."""
    tries: list[str] = []

    @stamina.retry(on=ValueError)
    async def connect(password: str) -> None:
        tries.append(password)
        if len(tries) == 1:
            raise ValueError(password)

    async with calling(httpx.MockTransport(Upstream(200))):
        await connect("hunter2")

    (line,) = [vars(record) for record in caplog.records]
    assert (line["msg"], line["cause"]) == ("call.retried", "ValueError")
    assert "connect" in line["call"]
    assert "hunter2" not in str(line)


async def test_attempts_are_watched() -> None:
    """Who watches is told of every attempt, also of one without an answer."""
    seen: list[tuple[str, str]] = []
    upstream = Upstream(httpx.ConnectError("refused"), 503, 200)
    async with calling(httpx.MockTransport(upstream)) as http:
        http.watchers.append(lambda host, status, _seconds: seen.append((host, status)))
        await http.get(URL)

    assert seen == [("api.example.org", status) for status in ("none", "5xx", "2xx")]
