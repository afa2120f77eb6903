"""The memory backend: a bounded LRU cache."""

from {{ package_name }}.core.cache.memory import (
    OVERHEAD_BYTES,
    CacheSettings,
    MemoryStore,
    build,
)


class Clock:
    """A clock that a test sets."""

    now = 0.0

    def __call__(self) -> float:
        """Return the time."""
        return self.now


async def test_entry_expires() -> None:
    """An entry expires after its ttl, and then takes no memory."""
    clock = Clock()
    store = MemoryStore(CacheSettings(), clock)
    await store.set("a", b"1", 10)
    clock.now = 9.9
    assert await store.get_many(["a", "b"]) == [b"1", None]

    clock.now = 10
    assert await store.get_many(["a"]) == [None]
    assert store.size == 0


async def test_least_recently_used_is_evicted() -> None:
    """Over the maximum number of entries, the least recently used one is evicted."""
    store = build(CacheSettings(max_entries=2))
    await store.set("a", b"1", 10)
    await store.set("b", b"2", 10)
    await store.get_many(["a"])
    await store.set("c", b"3", 10)

    assert await store.get_many(["a", "b", "c"]) == [b"1", None, b"3"]


async def test_bytes_are_bounded() -> None:
    """Entries take up to `max_bytes`, and a larger one is not stored."""
    store = build(CacheSettings(max_bytes=10_000))
    for number in range(100):
        await store.set(str(number), bytes(1000), 10)
        assert store.size <= 10_000
    assert len(store.entries) == 10_000 // (1000 + OVERHEAD_BYTES + 2)

    await store.set("large", bytes(10_000), 10)
    assert await store.get_many(["large"]) == [None]


async def test_memory_is_released() -> None:
    """Entries that were replaced or deleted take no memory, nor does a closed store."""
    store = build(CacheSettings())
    await store.set("a", bytes(1000), 10)
    await store.set("a", b"1", 10)
    assert store.size == 2 + OVERHEAD_BYTES

    await store.delete("a")
    await store.delete("a")
    assert store.size == 0

    await store.set("a", b"1", 10)
    await store.close()
    assert [read() for read in store.gauges.values()] == [0, 0]


async def test_set_if_absent() -> None:
    """A value is stored if the key has none."""
    store = build(CacheSettings())

    assert await store.set_if_absent("a", b"1", 10)
    assert not await store.set_if_absent("a", b"2", 10)
    assert await store.get_many(["a"]) == [b"1"]


async def test_compare_and_set() -> None:
    """A value is stored if the key has none or the expected one."""
    store = build(CacheSettings())
    for expected, value in ((None, b"1"), (b"1", b"2"), (b"1", b"3"), (None, b"4")):
        await store.compare_and_set("a", expected, value, 10)

    assert await store.get_many(["a"]) == [b"2"]
