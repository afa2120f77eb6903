"""Redis backend with a hard timeout and a circuit breaker."""

import asyncio
import logging
import re
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from itertools import islice
from typing import Annotated, TypeVar
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, SecretStr
from redis.asyncio import ConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from {{ package_name }}.core.cache.store import CacheUnavailableError
from {{ package_name }}.core.settings import (
    SettingsGroup,
    check_characters,
    check_url,
)

logger = logging.getLogger(__name__)

Result = TypeVar("Result")

# A garbled reply makes the client raise more than its own errors.
REDIS_ERRORS = (RedisError, OSError, ValueError, LookupError, TypeError, AttributeError)

FAILURE_THRESHOLD = 5
"""The circuit breaker opens after so many failures in a row."""

MAX_PENDING_INVALIDATIONS = 10_000
INVALIDATION_BATCH_SIZE = 500

# A value that is not a string can't be an entry, so it is replaced.
COMPARE_AND_SET = """
local now = redis.pcall('GET', KEYS[1])
if type(now) ~= 'string' or now == ARGV[1] then
  redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
end
"""


def check_redis_url(value: SecretStr) -> SecretStr:
    """Return the URL of a Redis server.

    Raises:
        ValueError: It can't be used. The message shows nothing of it.
    """
    url = value.get_secret_value()
    if url.startswith("unix:///"):
        check_characters(url)
    else:
        check_url(url, ("redis", "rediss"), "redis://localhost:6379/0")
        if not re.fullmatch(r"(/\d*)?", urlsplit(url).path):
            raise ValueError("Use the number of a database as the path, such as /0")
    try:  # it opens no connection
        ConnectionPool.from_url(url).make_connection()  # type: ignore[no-untyped-call]  # has no types
    except REDIS_ERRORS:
        raise ValueError("Use only parameters that redis-py has, with valid values") from None
    return value


RedisUrl = Annotated[SecretStr, AfterValidator(check_redis_url)]


class CacheSettings(SettingsGroup):
    """The cache. Entries expire up to the share `jitter` of their ttl earlier, at random."""

    url: RedisUrl = SecretStr("redis://localhost:6379/0")
    max_connections: int = Field(default=10, ge=1, le=10_000)
    timeout_seconds: float = Field(default=0.08, gt=0, le=10)
    breaker_reset_seconds: float = Field(default=5, gt=0, le=3600)
    jitter: float = Field(default=0.1, ge=0, le=0.9)


class Breaker:
    """Circuit breaker: opens after five failures in a row, then lets single trial calls through.

    The breaker closes when one succeeds.

    Args:
        reset_seconds: Interval of the trial calls.
        clock: A monotonic clock in seconds.
    """

    def __init__(self, reset_seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self.reset_seconds = reset_seconds
        self.clock = clock
        self.failures = 0
        self.retry_at = 0.0

    def is_open(self) -> bool:
        """Return whether only trial calls are allowed."""
        return self.failures >= FAILURE_THRESHOLD

    def allow_request(self) -> bool:
        """Return whether a call may be sent; while the breaker is open, that is a trial call."""
        if self.is_open():
            now = self.clock()
            if now < self.retry_at:
                return False
            self.retry_at = now + self.reset_seconds
        return True

    def record_failure(self, error: Exception) -> None:
        self.failures += 1
        if self.failures == FAILURE_THRESHOLD:
            self.retry_at = self.clock() + self.reset_seconds
            # Not the message of the error: it names the server, and may quote its reply.
            logger.warning("cache.circuit_opened", extra={"error": type(error).__name__})

    def record_success(self) -> None:
        if self.is_open():
            logger.info("cache.circuit_closed")
        self.failures = 0


class RedisStore:
    """Stores bytes by key in Redis.

    Attributes:
        pending: Invalidations that are not written yet: version and ttl in milliseconds, by key.
    """

    def __init__(self, client: Redis, settings: CacheSettings, breaker: Breaker) -> None:
        self.client = client
        self.timeout = settings.timeout_seconds
        self.semaphore = asyncio.Semaphore(settings.max_connections)
        self.breaker = breaker
        self.pending: dict[str, tuple[bytes, int]] = {}

    @property
    def gauges(self) -> Mapping[str, Callable[[], float]]:
        return {
            "breaker_open": self.breaker.is_open,
            "pending_invalidations": lambda: len(self.pending),
        }

    async def get_many(self, keys: Sequence[str]) -> Sequence[bytes | None]:
        async def work() -> Sequence[bytes | None]:
            found = zip(keys, await self.client.mget(keys), strict=True)
            return [value if isinstance(value, bytes) else None for _, value in found]

        return await self.run(work)

    async def set_if_absent(self, key: str, value: bytes, ttl: float) -> bool:
        async def work() -> bool:
            is_set = await self.client.set(key, value, nx=True, px=milliseconds(ttl))
            if is_set is False:  # it is None if the key has a value
                raise ValueError("Not a reply to SET")
            return is_set is not None

        return await self.run(work)

    async def compare_and_set(
        self, key: str, expected: bytes | None, value: bytes, ttl: float
    ) -> None:
        arguments = (key, expected or b"", value, milliseconds(ttl))
        await self.run(lambda: self.client.eval(COMPARE_AND_SET, 1, *arguments))

    async def set(self, key: str, value: bytes, ttl: float) -> None:
        """Store a value; if Redis is unavailable, store it before the next read.

        If the process ends before that, or more than MAX_PENDING_INVALIDATIONS are pending, old
        entries are hits until they expire.
        """
        self.pending.pop(key, None)
        self.pending[key] = value, milliseconds(ttl)
        if len(self.pending) > MAX_PENDING_INVALIDATIONS:
            del self.pending[next(iter(self.pending))]
        with suppress(CacheUnavailableError):
            await self.run(self.write_pending)

    async def delete(self, key: str) -> None:
        await self.run(lambda: self.client.delete(key))

    async def close(self) -> None:
        with suppress(*REDIS_ERRORS):
            async with asyncio.timeout(self.timeout):
                await self.client.aclose()

    async def run(self, work: Callable[[], Awaitable[Result]]) -> Result:
        """Run calls to Redis, within the timeout and if the circuit breaker allows them.

        Raises:
            CacheUnavailableError: The calls failed, or the circuit breaker is open.
        """
        if not self.breaker.allow_request():
            raise CacheUnavailableError("The circuit breaker is open.")
        try:
            async with asyncio.timeout(self.timeout), self.semaphore:
                await self.write_pending()
                result = await work()
        except REDIS_ERRORS as error:
            self.breaker.record_failure(error)
            raise CacheUnavailableError("Redis is unavailable.") from error
        self.breaker.record_success()
        return result

    async def write_pending(self) -> None:
        """Write the pending invalidations, so that no read finds an entry that they invalidate."""
        while self.pending:
            batch = list(islice(self.pending.items(), INVALIDATION_BATCH_SIZE))
            async with self.client.pipeline(transaction=False) as pipe:
                for key, (version, ttl) in batch:
                    pipe.set(key, version, px=ttl)
                await pipe.execute()
            for key, item in batch:
                if self.pending.get(key) is item:  # there is no newer one
                    del self.pending[key]


def milliseconds(seconds: float) -> int:
    """Return a ttl in milliseconds, at least 1: Redis rejects 0."""
    return max(1, round(seconds * 1000))


def build(settings: CacheSettings) -> RedisStore:
    """Return the store; it connects on first use.

    The store's timeout covers everything that the client does. A timeout of the client's own would
    apply to each step, and take a third of the time of a read; so would a blocking pool.
    """
    client = Redis.from_url(
        settings.url.get_secret_value(),
        max_connections=settings.max_connections,
        socket_timeout=None,
        socket_connect_timeout=settings.timeout_seconds,
        retry=Retry(NoBackoff(), 0),
    )
    return RedisStore(client, settings, Breaker(settings.breaker_reset_seconds))
