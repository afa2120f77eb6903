"""The cache in the memory of one process: the entries that were used last, as many as fit."""

import time
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence

from pydantic import Field

from {{ package_name }}.core.settings import SettingsGroup

OVERHEAD = 250
"""Bytes that an entry takes beside its name and its value."""


class CacheSettings(SettingsGroup):
    """The cache. `jitter` is the share by which entries expire earlier, at random."""

    max_entries: int = Field(default=10_000, ge=1, le=100_000_000)
    max_bytes: int = Field(default=67_108_864, ge=1024, le=1_099_511_627_776)
    jitter: float = Field(default=0.1, ge=0, le=0.9)


class MemoryStore:
    """Keeps bytes by name, within limits."""

    seconds = 60.0
    """It answers at once; this is never waited for."""

    def __init__(
        self, settings: CacheSettings, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.settings = settings
        self.clock = clock
        self.kept: OrderedDict[str, tuple[bytes, float]] = OrderedDict()
        self.size = 0

    @property
    def gauges(self) -> Mapping[str, Callable[[], float]]:
        """How full it is."""
        return {"entries": lambda: len(self.kept), "bytes": lambda: self.size}

    async def read(self, names: Sequence[str]) -> Sequence[bytes | None]:
        """Return what is kept under the names, None for nothing."""
        return [self.get(name) for name in names]

    async def add(self, name: str, value: bytes, seconds: float) -> bool:
        """Keep a value unless there is one, and tell whether there was none."""
        if self.get(name) is not None:
            return False
        self.put(name, value, seconds)
        return True

    async def replace(self, name: str, seen: bytes | None, value: bytes, seconds: float) -> None:
        """Keep a value if there is none, or still the one that was seen."""
        if self.get(name) in {None, seen}:
            self.put(name, value, seconds)

    async def mark(self, name: str, value: bytes, seconds: float) -> None:
        """Keep a value, whatever there is."""
        self.put(name, value, seconds)

    async def delete(self, name: str) -> None:
        """Keep nothing under the name."""
        self.drop(name)

    async def close(self) -> None:
        """Forget everything."""
        self.kept.clear()
        self.size = 0

    def get(self, name: str) -> bytes | None:
        """Return what is kept under a name, which has been used now."""
        value, end = self.kept.get(name, (None, 0))
        if value is None:
            return None
        if end <= self.clock():
            self.drop(name)
            return None
        self.kept.move_to_end(name)
        return value

    def put(self, name: str, value: bytes, seconds: float) -> None:
        """Keep a value, and drop what was not used for longest if there is no room."""
        self.drop(name)
        self.kept[name] = value, self.clock() + seconds
        self.size += weight(name, value)
        while self.size > self.settings.max_bytes or len(self.kept) > self.settings.max_entries:
            self.drop(next(iter(self.kept)))

    def drop(self, name: str) -> None:
        """Keep nothing under a name."""
        value, _ = self.kept.pop(name, (None, 0))
        if value is not None:
            self.size -= weight(name, value)


def weight(name: str, value: bytes) -> int:
    """Return how many bytes an entry takes."""
    return len(name) + len(value) + OVERHEAD


def build(settings: CacheSettings) -> MemoryStore:
    """Return the store that the settings describe."""
    return MemoryStore(settings)
