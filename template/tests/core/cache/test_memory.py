"""The memory store: what was used last stays, within limits."""

from {{ package_name }}.core.cache import CacheSettings
from {{ package_name }}.core.cache.memory import OVERHEAD, MemoryStore, build


class Clock:
    """A clock that a test moves."""

    now = 0.0

    def __call__(self) -> float:
        """Return the time."""
        return self.now


async def test_entry_ends() -> None:
    """An entry is there until its time is up, and then takes no room."""
    clock = Clock()
    store = MemoryStore(CacheSettings(), clock)
    await store.mark("a", b"1", 10)
    clock.now = 9.9
    assert await store.read(["a", "b"]) == [b"1", None]

    clock.now = 10
    assert await store.read(["a"]) == [None]
    assert store.size == 0


async def test_least_used_goes_first() -> None:
    """When there are too many entries, the one that was not used for longest goes."""
    store = build(CacheSettings(entries=2))
    await store.mark("a", b"1", 10)
    await store.mark("b", b"2", 10)
    await store.read(["a"])
    await store.mark("c", b"3", 10)

    assert await store.read(["a", "b", "c"]) == [b"1", None, b"3"]


async def test_bytes_are_bounded() -> None:
    """Entries take no more room than they may, and one that is too large is not kept."""
    store = build(CacheSettings(bytes=10_000))
    for number in range(100):
        await store.mark(str(number), bytes(1000), 10)
        assert store.size <= 10_000
    assert len(store.kept) == 10_000 // (1000 + OVERHEAD + 2)

    await store.mark("large", bytes(10_000), 10)
    assert await store.read(["large"]) == [None]


async def test_room_is_given_back() -> None:
    """What is written over, deleted or closed takes no room."""
    store = build(CacheSettings())
    await store.mark("a", bytes(1000), 10)
    await store.mark("a", b"1", 10)
    assert store.size == 2 + OVERHEAD

    await store.delete("a")
    await store.delete("a")
    assert store.size == 0

    await store.mark("a", b"1", 10)
    await store.close()
    assert [read() for read in store.gauges.values()] == [0, 0]


async def test_value_is_added_once() -> None:
    """Of two who add, one does."""
    store = build(CacheSettings())

    assert await store.add("a", b"1", 10)
    assert not await store.add("a", b"2", 10)
    assert await store.read(["a"]) == [b"1"]


async def test_value_is_replaced_if_it_was_seen() -> None:
    """A value takes the place of the one that was seen, or of nothing."""
    store = build(CacheSettings())
    for seen, value in ((None, b"1"), (b"1", b"2"), (b"1", b"3"), (None, b"4")):
        await store.replace("a", seen, value, 10)

    assert await store.read(["a"]) == [b"2"]
