"""The cache in Redis, which may be down, frozen or wrong: nobody waits for it, or fails with it."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from itertools import islice
from typing import Annotated, TypeVar

from pydantic import AfterValidator, Field, SecretStr
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from {{ package_name }}.core.cache.store import StoreError
from {{ package_name }}.core.settings import SettingsGroup

logger = logging.getLogger(__name__)

Result = TypeVar("Result")

# What the client raises; a garbled answer makes it raise more than its own errors.
TROUBLE = (RedisError, OSError, ValueError, LookupError, TypeError, AttributeError)

ERRORS = 5
"""So many in a row, and the server is left alone for a while."""

MOST_MARKS = 10_000
MARKS_AT_ONCE = 500

# What has another type than text can't be read, and is replaced.
REPLACE = """
local now = redis.pcall('GET', KEYS[1])
if type(now) ~= 'string' or now == ARGV[1] then
  redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
end
"""


def check_redis_url(value: SecretStr) -> SecretStr:
    """Return the URL of a Redis server.

    Raises:
        ValueError: It has another scheme.
    """
    if not value.get_secret_value().startswith(("redis://", "rediss://", "unix://")):
        raise ValueError("Write an address such as redis://localhost:6379/0")
    return value


RedisUrl = Annotated[SecretStr, AfterValidator(check_redis_url)]


class CacheSettings(SettingsGroup):
    """The cache. `jitter` is the share by which entries expire earlier, at random."""

    url: RedisUrl = SecretStr("redis://localhost:6379/0")
    max_connections: int = Field(default=10, ge=1, le=10_000)
    timeout_seconds: float = Field(default=0.08, gt=0, le=10)
    breaker_reset_seconds: float = Field(default=5, gt=0, le=3600)
    jitter: float = Field(default=0.1, ge=0, le=0.9)


class Breaker:
    """Keeps everybody from a server that does not serve, but for one who tries from time to time.

    One line of the log says that it is so, and one that it is over.
    """

    def __init__(self, seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self.seconds = seconds
        self.clock = clock
        self.errors = 0
        self.retry_at = 0.0

    def is_open(self) -> bool:
        """Tell whether the server is left alone."""
        return self.errors >= ERRORS

    def allows(self) -> bool:
        """Tell whether to ask the server."""
        if self.is_open():
            now = self.clock()
            if now < self.retry_at:
                return False
            self.retry_at = now + self.seconds  # the others wait for what becomes of this one
        return True

    def fail(self, error: Exception) -> None:
        """Count an error."""
        self.errors += 1
        if self.errors == ERRORS:
            self.retry_at = self.clock() + self.seconds
            # Not the error's text: it names the server, and may quote what it said.
            logger.warning("cache.given_up", extra={"error": type(error).__name__})

    def succeed(self) -> None:
        """Forget the errors."""
        if self.is_open():
            logger.info("cache.recovered")
        self.errors = 0


class RedisStore:
    """Keeps bytes by name, in a server that others share."""

    def __init__(self, client: Redis, settings: CacheSettings, breaker: Breaker) -> None:
        self.client = client
        self.seconds = settings.timeout_seconds
        self.turns = asyncio.Semaphore(settings.max_connections)
        self.breaker = breaker
        self.marks: dict[str, tuple[bytes, int]] = {}

    @property
    def gauges(self) -> Mapping[str, Callable[[], float]]:
        """Is the server left alone, and how many marks wait for it?"""
        return {"breaker_open": self.breaker.is_open, "marks_waiting": lambda: len(self.marks)}

    async def read(self, names: Sequence[str]) -> Sequence[bytes | None]:
        """Return what is kept under the names, None for nothing."""

        async def work() -> Sequence[bytes | None]:
            found = zip(names, await self.client.mget(names), strict=True)
            return [value if isinstance(value, bytes) else None for _, value in found]

        return await self.run(work)

    async def add(self, name: str, value: bytes, seconds: float) -> bool:
        """Keep a value unless there is one, and tell whether there was none."""

        async def work() -> bool:
            is_set = await self.client.set(name, value, nx=True, px=milliseconds(seconds))
            if is_set is False:  # it is None if there was a value
                raise ValueError("That is no answer to SET")
            return is_set is not None

        return await self.run(work)

    async def replace(self, name: str, seen: bytes | None, value: bytes, seconds: float) -> None:
        """Keep a value if there is none, or still the one that was seen."""
        words = (name, seen or b"", value, milliseconds(seconds))
        await self.run(lambda: self.client.eval(REPLACE, 1, *words))

    async def mark(self, name: str, value: bytes, seconds: float) -> None:
        """Keep a value, whatever there is; if not now, then before anything else is read.

        If the process ends until then, or too many wait, entries serve until their time is up.
        """
        self.marks.pop(name, None)
        self.marks[name] = value, milliseconds(seconds)
        if len(self.marks) > MOST_MARKS:
            del self.marks[next(iter(self.marks))]
        with suppress(StoreError):
            await self.run(self.write_marks)

    async def delete(self, name: str) -> None:
        """Keep nothing under the name."""
        await self.run(lambda: self.client.delete(name))

    async def close(self) -> None:
        """Close the connections."""
        with suppress(*TROUBLE):
            async with asyncio.timeout(self.seconds):
                await self.client.aclose()

    async def run(self, work: Callable[[], Awaitable[Result]]) -> Result:
        """Do some work with the server, within the time for it.

        Raises:
            StoreError: The server can't serve, or is left alone.
        """
        if not self.breaker.allows():
            raise StoreError("Redis is left alone for a while.")
        try:
            async with asyncio.timeout(self.seconds), self.turns:
                await self.write_marks()
                result = await work()
        except TROUBLE as error:
            self.breaker.fail(error)
            raise StoreError("Redis can't serve.") from error
        self.breaker.succeed()
        return result

    async def write_marks(self) -> None:
        """Write the marks that wait: what they are for must not be read again."""
        while self.marks:
            some = list(islice(self.marks.items(), MARKS_AT_ONCE))
            async with self.client.pipeline(transaction=False) as pipe:
                for name, (value, time_left) in some:
                    pipe.set(name, value, px=time_left)
                await pipe.execute()
            for name, item in some:
                if self.marks.get(name) is item:  # nobody has written a newer one
                    del self.marks[name]


def milliseconds(seconds: float) -> int:
    """Return how long to keep something, as the server counts."""
    return max(1, round(seconds * 1000))


def build(settings: CacheSettings) -> RedisStore:
    """Return the store that the settings name; it connects when it is needed.

    The store's own time limit holds for all that the client does. The client's would come on top
    of it for each step, and cost a third of a read; so would a pool that makes callers wait.
    """
    client = Redis.from_url(
        settings.url.get_secret_value(),
        max_connections=settings.max_connections,
        socket_timeout=None,
        socket_connect_timeout=settings.timeout_seconds,
        retry=Retry(NoBackoff(), 0),
    )
    return RedisStore(client, settings, Breaker(settings.breaker_reset_seconds))
