"""Memory backend: a bounded LRU cache in one process."""

import time
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence

from pydantic import Field

from {{ package_name }}.core.settings import SettingsGroup

OVERHEAD_BYTES = 250
"""Memory that an entry takes besides its key and its value."""


class CacheSettings(SettingsGroup):
    """The cache. Entries expire up to the share `jitter` of their ttl earlier, at random."""

    max_entries: int = Field(default=10_000, ge=1, le=100_000_000)
    max_bytes: int = Field(default=67_108_864, ge=1024, le=1_099_511_627_776)
    jitter: float = Field(default=0.1, ge=0, le=0.9)


class MemoryStore:
    """Stores bytes by key, up to `max_entries` and `max_bytes`."""

    timeout = 60.0
    """Never reached: no call waits."""

    def __init__(
        self, settings: CacheSettings, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.settings = settings
        self.clock = clock
        self.entries: OrderedDict[str, tuple[bytes, float]] = OrderedDict()
        self.size = 0

    @property
    def gauges(self) -> Mapping[str, Callable[[], float]]:
        return {"entries": lambda: len(self.entries), "bytes": lambda: self.size}

    async def get_many(self, keys: Sequence[str]) -> Sequence[bytes | None]:
        return [self.get(key) for key in keys]

    async def set_if_absent(self, key: str, value: bytes, ttl: float) -> bool:
        if self.get(key) is not None:
            return False
        self.put(key, value, ttl)
        return True

    async def compare_and_set(
        self, key: str, expected: bytes | None, value: bytes, ttl: float
    ) -> None:
        if self.get(key) in {None, expected}:
            self.put(key, value, ttl)

    async def set(self, key: str, value: bytes, ttl: float) -> None:
        self.put(key, value, ttl)

    async def delete(self, key: str) -> None:
        self.drop(key)

    async def close(self) -> None:
        self.entries.clear()
        self.size = 0

    def get(self, key: str) -> bytes | None:
        """Return the value of a key, and make it the most recently used."""
        value, expires_at = self.entries.get(key, (None, 0))
        if value is None:
            return None
        if expires_at <= self.clock():
            self.drop(key)
            return None
        self.entries.move_to_end(key)
        return value

    def put(self, key: str, value: bytes, ttl: float) -> None:
        """Store a value, and evict the least recently used ones over the limits."""
        self.drop(key)
        self.entries[key] = value, self.clock() + ttl
        self.size += entry_size(key, value)
        while self.size > self.settings.max_bytes or len(self.entries) > self.settings.max_entries:
            self.drop(next(iter(self.entries)))

    def drop(self, key: str) -> None:
        value, _ = self.entries.pop(key, (None, 0))
        if value is not None:
            self.size -= entry_size(key, value)


def entry_size(key: str, value: bytes) -> int:
    """Return how many bytes an entry takes."""
    return len(key) + len(value) + OVERHEAD_BYTES


def build(settings: CacheSettings) -> MemoryStore:
    """Return the store."""
    return MemoryStore(settings)
