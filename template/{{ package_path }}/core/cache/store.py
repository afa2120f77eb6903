"""Interface of the backends: bytes by key, each with a time to live in seconds."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Protocol


class CacheUnavailableError(Exception):
    """The backend is unavailable; callers load from the source."""


class CacheStore(Protocol):
    """A backend. Every method but `set` and `close` may raise CacheUnavailableError."""

    @property
    def timeout(self) -> float:
        """Seconds that a fetch waits for the backend, over all its calls."""
        ...

    @property
    def gauges(self) -> Mapping[str, Callable[[], float]]:
        """Values for metrics, by name."""
        ...

    async def get_many(self, keys: Sequence[str]) -> Sequence[bytes | None]:
        """Return the values of the keys, None for a missing one."""
        ...

    async def set_if_absent(self, key: str, value: bytes, ttl: float) -> bool:
        """Store a value unless the key has one, and return whether it was stored."""
        ...

    async def compare_and_set(
        self, key: str, expected: bytes | None, value: bytes, ttl: float
    ) -> None:
        """Store a value if the key has none or the expected one."""
        ...

    async def set(self, key: str, value: bytes, ttl: float) -> None:
        """Store a value; if the backend is unavailable, store it before the next read."""
        ...

    async def delete(self, key: str) -> None:
        """Delete a key."""
        ...

    async def close(self) -> None:
        """Release the resources of the backend."""
        ...


@asynccontextmanager
async def store_deadline(deadline: float) -> AsyncGenerator[None]:
    """Limit the calls in a block to a time of the event loop's clock.

    Raises:
        CacheUnavailableError: The deadline has passed.
    """
    try:
        async with asyncio.timeout_at(deadline):
            yield
    except TimeoutError as error:
        raise CacheUnavailableError("The backend did not respond in time.") from error
