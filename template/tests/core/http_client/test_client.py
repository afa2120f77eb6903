"""The HTTP client: which calls are retried, and which errors failures become."""

import asyncio
import gzip
import logging
import socket
import ssl
import time
import traceback
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from contextlib import asynccontextmanager
from email.utils import formatdate

import httpx2
import pytest
import stamina

from {{ package_name }}.core.errors import NotFoundError, UnavailableError
from {{ package_name }}.core.http_client import (
    HttpClient,
    OutgoingCall,
    UpstreamRequestError,
    open_http_client,
)
from {{ package_name }}.core.http_client.retries import (
    BURST,
    parse_retry_after,
)
from {{ package_name }}.core.http_client_settings import HttpClientSettings

URL = "https://api.example.org/orders?token=hunter2"


class Upstream:
    """An upstream service: it returns its responses in order, and the last one repeatedly."""

    def __init__(self, *responses: int | httpx2.Response | Exception) -> None:
        self.responses = list(responses)
        self.requests: list[httpx2.Request] = []

    def __call__(self, request: httpx2.Request) -> httpx2.Response:
        """Return a response."""
        self.requests.append(request)
        response = self.responses.pop(0) if len(self.responses) > 1 else self.responses[0]
        if isinstance(response, Exception):
            raise response
        return httpx2.Response(response) if isinstance(response, int) else response


@asynccontextmanager
async def calling(
    transport: httpx2.AsyncBaseTransport, **settings: float
) -> AsyncGenerator[HttpClient]:
    """Yield a client."""
    async with open_http_client(HttpClientSettings.model_validate(settings), transport) as http:
        yield http


async def call(upstream: Upstream, method: str = "GET", **settings: float) -> httpx2.Response:
    """Send one request."""
    async with calling(httpx2.MockTransport(upstream), **settings) as http:
        return await http.send(httpx2.Request(method, URL))


@pytest.fixture(autouse=True)
def _no_waiting() -> Iterator[None]:
    """Retry without a delay."""
    with stamina.set_testing(testing=True, attempts=100):
        yield


async def test_response_is_returned() -> None:
    """The response is returned; the request has the query and a user agent."""
    upstream = Upstream(httpx2.Response(200, json=[1]))
    async with calling(httpx2.MockTransport(upstream)) as http:
        response = await http.get("https://api.example.org/orders", {"page": "2"})

    (request,) = upstream.requests
    assert response.json() == [1]
    assert str(request.url) == "https://api.example.org/orders?page=2"
    agent = request.headers["user-agent"]
    assert agent.startswith("{{ distribution_name }}/")


@pytest.mark.parametrize(
    "failure",
    [429, 502, 503, 504, httpx2.ConnectError("refused"), httpx2.ReadTimeout("slow")],
    ids=str,
)
async def test_transient_failure_is_retried(failure: int | Exception) -> None:
    """A failure that may be transient is retried."""
    upstream = Upstream(failure, failure, 200)

    assert (await call(upstream)).status_code == 200
    assert len(upstream.requests) == 3


@pytest.mark.parametrize(
    ("method", "attempts"),
    [("DELETE", 3), ("HEAD", 3), ("OPTIONS", 3), ("PUT", 3), ("PATCH", 1), ("POST", 1)],
)
async def test_only_idempotent_requests_are_retried(method: str, attempts: int) -> None:
    """A request that could have its effect twice, such as an order, is sent once."""
    upstream = Upstream(503)

    with pytest.raises(UnavailableError):
        await call(upstream, method)

    assert len(upstream.requests) == attempts


async def test_post_with_an_idempotency_key_is_retried() -> None:
    """An Idempotency-Key makes a POST idempotent."""
    upstream = Upstream(httpx2.ReadError("reset"), 201)
    request = httpx2.Request("POST", URL, json={"item": 1}, headers={"Idempotency-Key": "7"})
    async with calling(httpx2.MockTransport(upstream)) as http:
        assert (await http.send(request)).status_code == 201

    assert [sent.content for sent in upstream.requests] == [b'{"item":1}'] * 2


async def test_streamed_body_is_not_sent_again() -> None:
    """A body from a stream can be sent only once."""

    async def body() -> AsyncIterator[bytes]:
        yield b"1"

    upstream = Upstream(503)
    async with calling(httpx2.MockTransport(upstream)) as http:
        with pytest.raises(UnavailableError):
            await http.send(httpx2.Request("PUT", URL, content=body()))

    assert len(upstream.requests) == 1


@pytest.mark.parametrize(
    "failure", [503, httpx2.ConnectError("refused"), httpx2.RemoteProtocolError("half")], ids=str
)
async def test_permanent_failure_is_unavailability(failure: int | Exception) -> None:
    """After the last attempt the error is an UnavailableError, with the last failure as cause."""
    upstream = Upstream(failure)

    with pytest.raises(UnavailableError) as raised:
        await call(upstream, max_attempts=2)

    assert len(upstream.requests) == 2
    assert isinstance(raised.value.__cause__, httpx2.HTTPError)


@pytest.mark.parametrize(
    ("response", "error"),
    [
        (404, NotFoundError),
        (410, NotFoundError),
        (500, UnavailableError),
        (httpx2.DecodingError("no gzip"), UnavailableError),
        (400, UpstreamRequestError),
        (401, UpstreamRequestError),
        (409, UpstreamRequestError),
        (
            httpx2.Response(302, headers={"Location": "http://169.254.169.254/"}),
            UpstreamRequestError,
        ),
    ],
    ids=str,
)
async def test_permanent_failure_is_not_retried(
    response: int | httpx2.Response | Exception, error: type[Exception]
) -> None:
    """A failure that a retry would not change is raised at once; no redirect is followed."""
    upstream = Upstream(response)

    with pytest.raises(error) as raised:
        await call(upstream)

    assert len(upstream.requests) == 1
    assert "hunter2" not in "".join(traceback.format_exception(raised.value))


async def test_rejection_has_the_response() -> None:
    """A caller that expects a rejection gets its response."""
    upstream = Upstream(httpx2.Response(409, text="taken"))

    with pytest.raises(UpstreamRequestError) as raised:
        await call(upstream, "PUT")

    assert str(raised.value) == "api.example.org responds to PUT with 409."
    assert raised.value.response is not None
    assert raised.value.response.text == "taken"


@pytest.mark.parametrize("kind", [httpx2.LocalProtocolError, httpx2.UnsupportedProtocol])
async def test_unsendable_request_shows_no_secret(kind: type[httpx2.TransportError]) -> None:
    """An invalid request is a bug here; the invalid part may be a secret."""
    upstream = Upstream(kind("Illegal header value b'hunter2'"))

    with pytest.raises(UpstreamRequestError) as raised:
        await call(upstream)

    assert len(upstream.requests) == 1
    assert "hunter2" not in "".join(traceback.format_exception(raised.value))


@pytest.mark.parametrize("port", [-1, 0, 65_536, 10**20])
async def test_impossible_port_is_refused(port: int) -> None:
    """A port that no host has can't be sent to; the error is that of a bad request."""
    async with open_http_client(HttpClientSettings()) as http:
        with pytest.raises(UpstreamRequestError, match=r"the port is not 1 to 65535\.$"):
            await http.get(f"http://127.0.0.1:{port}/")


def caused(error: Exception, cause: Exception) -> Exception:
    """Return an error with its cause."""
    error.__cause__ = cause
    return error


def untrusted() -> Exception:
    """Return the error for a certificate."""
    error = ssl.SSLCertVerificationError(1, "failed")
    error.verify_message = "self-signed certificate"
    return caused(httpx2.ConnectError("failed"), error)


@pytest.mark.parametrize(
    ("failure", "reason"),
    [
        (500, "it responds with 500"),
        (TimeoutError(), "it does not respond in time"),
        (httpx2.ReadTimeout("slow"), "it does not respond in time"),
        (untrusted(), "its certificate is not valid: self-signed certificate"),
        (
            caused(httpx2.ConnectError("failed"), socket.gaierror(-2, "unknown")),
            "its name can't be resolved",
        ),
        (
            caused(httpx2.ConnectError("failed"), ConnectionRefusedError()),
            "it refuses the connection",
        ),
        (httpx2.RemoteProtocolError("It is odd."), "It is odd"),
        (httpx2.ReadError(""), "ReadError"),
    ],
    ids=str,
)
async def test_unavailability_has_a_reason(failure: int | Exception, reason: str) -> None:
    """The text, for users of a tool, has the host and the cause; `message`, for clients, not."""
    with pytest.raises(UnavailableError) as raised:
        await call(Upstream(failure))

    assert str(raised.value) == f"api.example.org is unavailable: {reason}."
    assert raised.value.message == "An upstream service is unavailable."


async def test_certificate_error_is_not_retried() -> None:
    """A certificate stays wrong."""
    upstream = Upstream(untrusted())

    with pytest.raises(UnavailableError):
        await call(upstream)

    assert len(upstream.requests) == 1


async def test_call_has_a_deadline() -> None:
    """A call ends at the deadline, whatever the upstream service does."""

    async def never(_request: httpx2.Request) -> httpx2.Response:
        await asyncio.sleep(60)
        return httpx2.Response(200)

    async with calling(httpx2.MockTransport(never), deadline_seconds=0.05) as http:
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
def test_retry_after_is_parsed(header: str, low: float, high: float) -> None:
    """Retry-After has seconds or a date; anything else counts as 0."""
    assert low <= parse_retry_after(header) <= high


def test_retry_after_may_be_a_date() -> None:
    """A date in Retry-After is converted to seconds from now."""
    assert 5000 <= parse_retry_after(formatdate(time.time() + 6000, usegmt=True)) <= 6000


async def test_retry_after_is_the_minimum_delay() -> None:
    """The next attempt waits for Retry-After and a random jitter."""
    request = httpx2.Request("GET", URL)
    response = httpx2.Response(503, headers={"Retry-After": "2"})
    error = httpx2.HTTPStatusError("503", request=request, response=response)
    async with calling(httpx2.MockTransport(Upstream(200))) as http:
        deadline = asyncio.get_running_loop().time() + 60
        call = OutgoingCall(request, deadline, max_attempts=2)
        delays = {http.wait_before_next(call, error) for _ in range(5)}

    assert len(delays) == 5
    assert all(2 < delay < 3 for delay in delays)


async def test_delay_past_the_deadline_is_not_started() -> None:
    """Without time for another attempt, the call fails at once."""
    upstream = Upstream(httpx2.Response(429, headers={"Retry-After": "11"}))

    with pytest.raises(UnavailableError):
        await call(upstream)

    assert len(upstream.requests) == 1


async def test_retries_are_a_share_of_the_calls() -> None:
    """The retry budget limits retries to a share of the calls, for each host."""
    upstream = Upstream(503)
    async with calling(httpx2.MockTransport(upstream), retry_ratio=0.1) as http:
        for _ in range(200):
            with pytest.raises(UnavailableError):
                await http.get(URL)
        calls = len(upstream.requests)
        with pytest.raises(UnavailableError):
            await http.get("https://other.example.org/")

    assert 200 + BURST < calls <= 200 + 20 + BURST
    assert len(upstream.requests) == calls + 3


@pytest.mark.parametrize("headers", [{}, {"Content-Encoding": "gzip"}], ids=["plain", "gzip"])
async def test_response_size_is_limited(headers: dict[str, str]) -> None:
    """The limit holds for the decoded body."""
    text = b"x" * 10_000

    def upstream() -> Upstream:
        content = gzip.compress(text) if headers else text
        return Upstream(httpx2.Response(200, headers=headers, content=content))

    assert (await call(upstream(), max_response_bytes=10_000)).content == text
    with pytest.raises(UnavailableError):
        await call(upstream(), max_response_bytes=9_999)


async def test_cookies_are_not_stored() -> None:
    """A cookie from one response is not sent with another request."""
    upstream = Upstream(httpx2.Response(200, headers={"Set-Cookie": "session=1"}))
    async with calling(httpx2.MockTransport(upstream)) as http:
        await http.get(URL)
        await http.get(URL)

        assert not http.client.cookies
    assert not any("cookie" in request.headers for request in upstream.requests)


async def test_failures_are_logged_without_secrets(caplog: pytest.LogCaptureFixture) -> None:
    """Each retry and the failure are logged with the host, and without the query."""
    caplog.set_level(logging.DEBUG)

    with pytest.raises(UnavailableError):
        await call(Upstream(httpx2.ConnectError("refused"), 503), max_attempts=2)

    lines = [vars(record) for record in caplog.records if record.name != "asyncio"]
    assert [(line["msg"], line["host"], line["method"], line["cause"]) for line in lines] == [
        ("http_client.retried", "api.example.org", "GET", "ConnectError"),
        ("http_client.failed", "api.example.org", "GET", 503),
    ]
    assert (lines[0]["attempt"], lines[0]["wait_seconds"], lines[1]["attempts"]) == (1, 0, 2)
    assert "hunter2" not in str(lines)


async def test_other_retries_are_logged_without_arguments(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Other functions that stamina retries are logged without their arguments."""
    attempts: list[str] = []

    @stamina.retry(on=ValueError)
    async def connect(password: str) -> None:
        attempts.append(password)
        if len(attempts) == 1:
            raise ValueError(password)

    async with calling(httpx2.MockTransport(Upstream(200))):
        await connect("hunter2")

    (line,) = [vars(record) for record in caplog.records]
    assert (line["msg"], line["cause"]) == ("retry.scheduled", "ValueError")
    assert "connect" in line["call"]
    assert "hunter2" not in str(line)


async def test_attempts_are_observed() -> None:
    """Observers are called after every attempt, also without a response."""
    seen: list[tuple[str, str]] = []
    upstream = Upstream(httpx2.ConnectError("refused"), 503, 200)
    async with calling(httpx2.MockTransport(upstream)) as http:
        http.observers.append(lambda host, status, _seconds: seen.append((host, status)))
        await http.get(URL)

    assert seen == [("api.example.org", status) for status in ("none", "5xx", "2xx")]
