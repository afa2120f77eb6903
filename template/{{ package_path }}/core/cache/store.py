"""What a cache keeps its entries in: bytes by name, each for a time."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Protocol


class StoreError(Exception):
    """The store can't be used right now; who meets it does without."""


class CacheStore(Protocol):
    """Keeps bytes by name."""

    @property
    def seconds(self) -> float:
        """How long a caller waits for it, for all that it is asked meanwhile."""

    @property
    def gauges(self) -> Mapping[str, Callable[[], float]]:
        """What there is to watch, by name."""

    async def read(self, names: Sequence[str]) -> Sequence[bytes | None]:
        """Return what is kept under the names, None for nothing.

        Raises:
            StoreError: It can't be known.
        """

    async def add(self, name: str, value: bytes, seconds: float) -> bool:
        """Keep a value unless there is one, and tell whether there was none.

        Raises:
            StoreError: It can't be kept.
        """

    async def replace(self, name: str, seen: bytes | None, value: bytes, seconds: float) -> None:
        """Keep a value if there is none, or still the one that was seen.

        Raises:
            StoreError: It can't be kept.
        """

    async def mark(self, name: str, value: bytes, seconds: float) -> None:
        """Keep a value, whatever there is; if not now, then before anything else is read."""

    async def delete(self, name: str) -> None:
        """Keep nothing under the name.

        Raises:
            StoreError: It can't be deleted.
        """

    async def close(self) -> None:
        """Let go of what the store holds open."""


@asynccontextmanager
async def until(end: float) -> AsyncIterator[None]:
    """Let a block use the store until a time of the loop's clock.

    Raises:
        StoreError: The time has come.
    """
    try:
        async with asyncio.timeout_at(end):
            yield
    except TimeoutError as error:
        raise StoreError("The store takes too long.") from error
