"""The HTTP client: one connection pool, deadlines, retries and limits for every call."""

import asyncio
import logging
import ssl
import time
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass
from functools import lru_cache, partial
from http.cookiejar import CookieJar, DefaultCookiePolicy
from importlib.metadata import version

import httpx2
from stamina import AsyncRetryingCaller
from stamina.instrumentation import set_on_retry_hooks

from {{ package_name }}.core.errors import NotFoundError, UnavailableError
from {{ package_name }}.core.http_client import environment, retries
from {{ package_name }}.core.http_client_settings import HttpClientSettings
from {{ package_name }}.core.names import NAME

logger = logging.getLogger(__name__)

IDEMPOTENT = frozenset({"DELETE", "GET", "HEAD", "OPTIONS", "PUT"})
MISSING = frozenset({404, 410})
SERVER_ERROR = 500
HOSTS = 1000
PORTS = range(1, environment.MAX_PORT + 1)

FAILURES = (TimeoutError, httpx2.HTTPError)


class UpstreamRequestError(Exception):
    """The upstream service rejects the request: a bug here, unless the caller expects it."""

    def __init__(self, message: str, response: httpx2.Response | None = None) -> None:
        super().__init__(message)
        self.response = response


class UpstreamUnavailableError(UnavailableError):
    """The upstream service is unavailable.

    The text has the host and the cause. `message`, which clients of a service see, has neither.
    """

    def __init__(self, reason: str) -> None:
        super().__init__("An upstream service is unavailable.")
        self.reason = reason

    def __str__(self) -> str:
        return self.reason


class ResponseTooLargeError(httpx2.RequestError):
    """A response exceeds `max_response_bytes`."""


@dataclass(slots=True)
class OutgoingCall:
    """A request with its retries; the deadline is a time of the event loop's clock."""

    request: httpx2.Request
    deadline: float
    max_attempts: int
    attempts: int = 0


def is_retryable(request: httpx2.Request) -> bool:
    """Return whether a request is idempotent, and its body can be sent again."""
    is_safe = request.method in IDEMPOTENT or "idempotency-key" in request.headers
    return is_safe and isinstance(request.stream, httpx2.ByteStream)


class HttpClient:
    """Calls other services.

    Attributes:
        header_providers: Return headers to add to every request.
        observers: Called after every attempt with the host, the class of the status ("none"
            without a response) and the duration in seconds.
    """

    def __init__(self, client: httpx2.AsyncClient, settings: HttpClientSettings) -> None:
        self.client = client
        self.settings = settings
        self.header_providers: list[Callable[[], Mapping[str, str]]] = []
        self.observers: list[Callable[[str, str, float], None]] = []
        self.budget = lru_cache(HOSTS)(lambda _host: retries.Budget(settings.retry_ratio))
        # `wait_before_next` limits the attempts, and the deadline their time.
        self.retrying = AsyncRetryingCaller(attempts=None, timeout=None)

    async def get(self, url: str, params: Mapping[str, str] | None = None) -> httpx2.Response:
        """Send a GET request, as `send` does."""
        return await self.send(httpx2.Request("GET", url, params=params))

    async def send(self, request: httpx2.Request) -> httpx2.Response:
        """Send a request, retry it if it is idempotent, and return a successful response.

        Raises:
            NotFoundError: The response is 404 or 410.
            UnavailableError: The upstream service is unreachable or unavailable until the deadline.
            UpstreamRequestError: It rejects the request, or the request can't be sent.
        """
        if request.url.port is not None and request.url.port not in PORTS:
            raise UpstreamRequestError("The request can't be sent: the port is not 1 to 65535.")
        for get_headers in self.header_providers:
            request.headers.update(get_headers())
        deadline = asyncio.get_running_loop().time() + self.settings.deadline_seconds
        attempts = self.settings.max_attempts if is_retryable(request) else 1
        call = OutgoingCall(request, deadline, attempts)
        self.budget(request.url.host).earn()
        try:
            async with asyncio.timeout_at(deadline):
                wait = partial(self.wait_before_next, call)
                return await self.retrying(wait, self.attempt, call)
        except retries.UNSENDABLE as error:
            # The message of the error may quote a secret.
            raise UpstreamRequestError(
                f"The request can't be sent: {type(error).__name__}."
            ) from None
        except FAILURES as error:
            raise translate(call, error) from error

    async def attempt(self, call: OutgoingCall) -> httpx2.Response:
        """Send a request once."""
        call.attempts += 1
        outcome, start = "none", time.perf_counter()
        try:
            response = await self.fetch(call.request)
            outcome = f"{response.status_code // 100}xx"
        finally:
            for observe in self.observers:
                observe(call.request.url.host, outcome, time.perf_counter() - start)
        if response.is_error or response.has_redirect_location:
            message = f"The response is {response.status_code}."
            raise httpx2.HTTPStatusError(message, request=call.request, response=response)
        return response

    async def fetch(self, request: httpx2.Request) -> httpx2.Response:
        """Return a response with its body, up to `max_response_bytes`."""
        body = bytearray()
        async with aclosing(await self.client.send(request, stream=True)) as response:
            async for chunk in response.aiter_bytes():
                body += chunk
                if len(body) > self.settings.max_response_bytes:
                    raise ResponseTooLargeError("The response is too large.", request=request)
        response.headers.pop("content-encoding", None)  # the body is decoded
        return httpx2.Response(
            response.status_code, headers=response.headers, content=bytes(body), request=request
        )

    def wait_before_next(self, call: OutgoingCall, error: Exception) -> bool | float:
        """Return the seconds before the next attempt, True for the default, False for none."""
        seconds = retries.retry_delay(error)
        if (
            seconds is None
            or call.attempts >= call.max_attempts
            or asyncio.get_running_loop().time() + seconds >= call.deadline
            or not self.budget(call.request.url.host).spend()
        ):
            return False
        return seconds or True


def translate(call: OutgoingCall, error: Exception) -> Exception:
    """Return the project's error for a failed call, and log it."""
    if isinstance(error, httpx2.HTTPStatusError):
        status = error.response.status_code
        if status in MISSING:
            return NotFoundError("The resource does not exist.")
        if status < SERVER_ERROR and status not in retries.RETRYABLE_STATUSES:
            text = f"{call.request.url.host} responds to {call.request.method} with {status}."
            return UpstreamRequestError(text, error.response)
    fields = retries.describe(call.request, error)
    logger.warning("http_client.failed", extra={**fields, "attempts": call.attempts})
    return UpstreamUnavailableError(
        f"{call.request.url.host} is unavailable: {retries.explain(error)}."
    )


@lru_cache
def tls_context() -> ssl.SSLContext:
    """Return the TLS context of the process; loading all certificates takes 30 ms."""
    return httpx2.create_ssl_context()


def build(
    settings: HttpClientSettings, transport: httpx2.AsyncBaseTransport | None = None
) -> HttpClient:
    """Return a client; tests pass a transport without a network."""
    with environment.readable():
        client = httpx2.AsyncClient(
            transport=transport,
            verify=tls_context(),
            timeout=httpx2.Timeout(
                settings.read_timeout_seconds, connect=settings.connect_timeout_seconds
            ),
            limits=httpx2.Limits(max_connections=settings.max_connections),
            # A cookie from one user's response must not go out with another user's request.
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
            follow_redirects=False,  # a redirect could lead to an address inside the network
            trust_env=True,  # proxies and certificates come from the environment
        )
    http = HttpClient(client, settings)
    agent = f"{NAME}/{version(NAME)}"
    http.header_providers.append(lambda: {"user-agent": agent})
    return http


@asynccontextmanager
async def open_http_client(
    settings: HttpClientSettings, transport: httpx2.AsyncBaseTransport | None = None
) -> AsyncGenerator[HttpClient]:
    """Open a client, and close its connections at the end."""
    # Both hold for the process. The libraries' own records show URLs with their queries, headers,
    # and the arguments of calls.
    set_on_retry_hooks([retries.log_retry])
    for name in ("httpcore2", "httpx2"):
        logging.getLogger(name).setLevel(logging.WARNING)
    http = build(settings, transport)
    async with http.client:
        yield http
