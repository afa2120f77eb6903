"""A store of the cache for tests: it has no clock of its own, and fails when told to."""

import asyncio
from collections.abc import Callable, Mapping, Sequence

from {{ package_name }}.core.cache.store import StoreError


class FakeStore:
    """Keeps everything in a dictionary, on a clock that a test moves, and fails when told to."""

    gauges: Mapping[str, Callable[[], float]] = {}
    seconds = 60.0
    takes = 0.0

    def __init__(self) -> None:
        self.now = 0.0
        self.kept: dict[str, tuple[bytes, float]] = {}
        self.fails: set[str] = set()
        self.loses: set[str] = set()
        self.calls: list[str] = []

    def call(self, name: str) -> None:
        """Note a call, and fail if it should."""
        self.calls.append(name)
        if name in self.fails:
            raise StoreError

    def get(self, name: str) -> bytes | None:
        """Return what is kept under a name."""
        value, end = self.kept.get(name, (None, 0.0))
        return value if end > self.now else None

    async def read(self, names: Sequence[str]) -> Sequence[bytes | None]:
        """Return what is kept."""
        self.call("read")
        await asyncio.sleep(self.takes)
        return [self.get(name) for name in names]

    async def add(self, name: str, value: bytes, seconds: float) -> bool:
        """Keep a value unless there is one."""
        self.call("add")
        await asyncio.sleep(self.takes)
        if self.get(name) is not None:
            return False
        await self.mark(name, value, seconds)
        return True

    async def replace(self, name: str, seen: bytes | None, value: bytes, seconds: float) -> None:
        """Keep a value if there is none, or still the one that was seen."""
        self.call("replace")
        await asyncio.sleep(self.takes)
        if self.get(name) in {None, seen}:
            await self.mark(name, value, seconds)

    async def mark(self, name: str, value: bytes, seconds: float) -> None:
        """Keep a value."""
        if name not in self.loses:
            self.kept[name] = value, self.now + seconds

    async def delete(self, name: str) -> None:
        """Keep nothing."""
        self.call("delete")
        await asyncio.sleep(self.takes)
        self.kept.pop(name, None)

    async def close(self) -> None:
        """Do nothing."""
