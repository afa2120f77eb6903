"""A cache backend for tests, with a clock and failures that a test controls."""

import asyncio
from collections.abc import Callable, Mapping, Sequence

from {{ package_name }}.core.cache.store import CacheUnavailableError


class FakeStore:
    """Stores bytes by key in a dictionary.

    Attributes:
        now: The time of its clock, in seconds.
        delay: Seconds that each call takes, by the event loop's clock.
        failing: Names of the methods that raise CacheUnavailableError.
        evicted: Keys that are never stored.
        calls: Names of the methods that were called, in order.
    """

    gauges: Mapping[str, Callable[[], float]] = {}
    timeout = 60.0
    delay = 0.0

    def __init__(self) -> None:
        self.now = 0.0
        self.entries: dict[str, tuple[bytes, float]] = {}
        self.failing: set[str] = set()
        self.evicted: set[str] = set()
        self.calls: list[str] = []

    async def call(self, name: str) -> None:
        """Record a call, and fail if the method is failing."""
        self.calls.append(name)
        if name in self.failing:
            raise CacheUnavailableError
        await asyncio.sleep(self.delay)

    def get(self, key: str) -> bytes | None:
        """Return the value of a key."""
        value, expires_at = self.entries.get(key, (None, 0.0))
        return value if expires_at > self.now else None

    async def get_many(self, keys: Sequence[str]) -> Sequence[bytes | None]:
        await self.call("get_many")
        return [self.get(key) for key in keys]

    async def set_if_absent(self, key: str, value: bytes, ttl: float) -> bool:
        await self.call("set_if_absent")
        if self.get(key) is not None:
            return False
        await self.set(key, value, ttl)
        return True

    async def compare_and_set(
        self, key: str, expected: bytes | None, value: bytes, ttl: float
    ) -> None:
        await self.call("compare_and_set")
        if self.get(key) in {None, expected}:
            await self.set(key, value, ttl)

    async def set(self, key: str, value: bytes, ttl: float) -> None:
        if key not in self.evicted:
            self.entries[key] = value, self.now + ttl

    async def delete(self, key: str) -> None:
        await self.call("delete")
        self.entries.pop(key, None)

    async def close(self) -> None:
        """Do nothing."""
