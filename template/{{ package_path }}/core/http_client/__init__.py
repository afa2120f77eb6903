"""The HTTP client: one pool of connections, and every rule for calling other services."""

import asyncio
import logging
import ssl
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass
from functools import lru_cache, partial
from http.cookiejar import CookieJar, DefaultCookiePolicy
from importlib.metadata import version

import httpx
from fastapi import FastAPI
from stamina import AsyncRetryingCaller
from stamina.instrumentation import set_on_retry_hooks

from {{ package_name }}.core.component import Component
from {{ package_name }}.core.errors import NotFoundError
from {{ package_name }}.core.errors import UnavailableError
from {{ package_name }}.core.http_client import retries
from {{ package_name }}.core.http_client import HttpClientSettings
from {{ package_name }}.settings import Settings

logger = logging.getLogger(__name__)

NAME = "{{ distribution_name }}"
IDEMPOTENT = frozenset({"DELETE", "GET", "HEAD", "OPTIONS", "PUT"})
MISSING = frozenset({404, 410})
SERVER_ERROR = 500
HOSTS = 1000

FAILURES = (TimeoutError, httpx.HTTPError)


class RefusedError(Exception):
    """Another service won't do what this one asks: our mistake, unless the caller foresees it."""

    def __init__(self, message: str, response: httpx.Response | None = None) -> None:
        super().__init__(message)
        self.response = response


class TooLargeError(httpx.RequestError):
    """An answer has more bytes than this service reads."""


@dataclass(slots=True)
class OutgoingCall:
    """A request, however often it is sent, and when it must be over by the clock of the loop."""

    request: httpx.Request
    end: float
    most_attempts: int
    attempts: int = 0


def is_repeatable(request: httpx.Request) -> bool:
    """Does it no harm to send a request again, and is its body one that can be?"""
    is_safe = request.method in IDEMPOTENT or "idempotency-key" in request.headers
    return is_safe and isinstance(request.stream, httpx.ByteStream)


class HttpClient:
    """Calls other services.

    Attributes:
        headers: Return what is added to every request.
        watchers: Told of every attempt its host, the class of the status ("none" without an
            answer) and how long it took.
    """

    def __init__(self, client: httpx.AsyncClient, settings: HttpClientSettings) -> None:
        self.client = client
        self.settings = settings
        self.headers: list[Callable[[], Mapping[str, str]]] = []
        self.watchers: list[Callable[[str, str, float], None]] = []
        self.budget = lru_cache(HOSTS)(lambda _host: retries.Budget(settings.retry_ratio))
        # Attempts are bounded by `wait_before_next`, and their time by the end of the call.
        self.retrying = AsyncRetryingCaller(attempts=None, timeout=None)

    async def get(self, url: str, params: Mapping[str, str] | None = None) -> httpx.Response:
        """Get what is at an address, as `send` does."""
        return await self.send(httpx.Request("GET", url, params=params))

    async def send(self, request: httpx.Request) -> httpx.Response:
        """Send a request, again where that does no harm, and return the answer if it is good.

        Raises:
            NotFoundError: There is no such thing.
            UnavailableError: The other service can't be reached, or can't serve, in time.
            RefusedError: It says that the request is wrong, or the request can't be sent.
        """
        for given in self.headers:
            request.headers.update(given())
        end = asyncio.get_running_loop().time() + self.settings.total_seconds
        call = OutgoingCall(request, end, self.settings.attempts if is_repeatable(request) else 1)
        self.budget(request.url.host).earn()
        try:
            async with asyncio.timeout_at(end):
                wait = partial(self.wait_before_next, call)
                return await self.retrying(wait, self.attempt, call)
        except retries.UNSENDABLE as error:
            # Its message quotes what is wrong, which may be a secret.
            raise RefusedError(f"The request can't be sent: {type(error).__name__}.") from None
        except FAILURES as error:
            raise translate(call, error) from error

    async def attempt(self, call: OutgoingCall) -> httpx.Response:
        """Send a request once."""
        call.attempts += 1
        outcome, start = "none", time.perf_counter()
        try:
            response = await self.fetch(call.request)
            outcome = f"{response.status_code // 100}xx"
        finally:
            for watch in self.watchers:
                watch(call.request.url.host, outcome, time.perf_counter() - start)
        if response.is_error or response.has_redirect_location:
            message = f"The answer is {response.status_code}."
            raise httpx.HTTPStatusError(message, request=call.request, response=response)
        return response

    async def fetch(self, request: httpx.Request) -> httpx.Response:
        """Return an answer whose body has been read, unless there is too much of it."""
        body = bytearray()
        async with aclosing(await self.client.send(request, stream=True)) as response:
            async for part in response.aiter_bytes():
                body += part
                if len(body) > self.settings.body_bytes:
                    raise TooLargeError("The answer is too large.", request=request)
        response.headers.pop("content-encoding", None)  # the body is decoded
        return httpx.Response(
            response.status_code, headers=response.headers, content=bytes(body), request=request
        )

    def wait_before_next(self, call: OutgoingCall, error: Exception) -> bool | float:
        """Return how long to wait for another attempt: True for as usual, False for no other."""
        seconds = retries.wait_after(error)
        if (
            seconds is None
            or call.attempts >= call.most_attempts
            or asyncio.get_running_loop().time() + seconds >= call.end
            or not self.budget(call.request.url.host).spend()
        ):
            return False
        return seconds or True


def translate(call: OutgoingCall, error: Exception) -> Exception:
    """Return what a failure means to this service: the one place that says so, and logs it."""
    if isinstance(error, httpx.HTTPStatusError):
        status = error.response.status_code
        if status in MISSING:
            return NotFoundError("What was asked for does not exist.")
        if status < SERVER_ERROR and status not in retries.BUSY:
            text = f"{call.request.url.host} answers {call.request.method} with {status}."
            return RefusedError(text, error.response)
    about = retries.describe(call.request, error)
    logger.warning("http.failed", extra={**about, "attempts": call.attempts})
    return UnavailableError("Another service that this needs can't serve right now.")


@lru_cache
def tls_context() -> ssl.SSLContext:
    """Return the one TLS set-up of the process; to load all certificates takes 30 ms."""
    return httpx.create_ssl_context()


def build(
    settings: HttpClientSettings, transport: httpx.AsyncBaseTransport | None = None
) -> HttpClient:
    """Return a client that is set up; a test gives it a transport that calls nobody."""
    client = httpx.AsyncClient(
        transport=transport,
        verify=tls_context(),
        timeout=httpx.Timeout(settings.read_seconds, connect=settings.connect_seconds),
        limits=httpx.Limits(max_connections=settings.connections),
        # It serves many users: what one's answer sets would go out with the next one's request.
        cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
        follow_redirects=False,  # an answer could send it to an address inside the network
        trust_env=True,  # proxies and certificates are the platform's, as for every tool there
    )
    http = HttpClient(client, settings)
    agent = f"{NAME}/{version(NAME)}"
    http.headers.append(lambda: {"user-agent": agent})
    return http


def component(settings: Settings, transport: httpx.AsyncBaseTransport | None = None) -> Component:
    """Plug the client in."""

    @asynccontextmanager
    async def start(_app: FastAPI) -> AsyncIterator[Mapping[str, object]]:
        # Both are the process's, and the same for every application in it. The libraries' own
        # lines show addresses with their queries, headers, and the arguments of calls.
        set_on_retry_hooks([retries.report])
        for name in ("httpcore", "httpx"):
            logging.getLogger(name).setLevel(logging.WARNING)
        http = build(settings.http_client, transport)
        async with http.client:
            yield {"http": http}

    return Component(name="http_client", start=start)
