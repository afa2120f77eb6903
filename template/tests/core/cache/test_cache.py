"""The cache: a hit equals a miss, and an invalidated value is never returned again."""

import asyncio
from collections.abc import Awaitable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TypeVar

import pytest
from pydantic import BaseModel, TypeAdapter

from {{ package_name }}.core import cache as module
from {{ package_name }}.core.cache import Cache, cached
from {{ package_name }}.core.cache.codec import JsonCodec
from {{ package_name }}.core.cache.entry import NAMESPACE, Policy, storage_key
from {{ package_name }}.core.errors import NotFoundError

from support.cache import FakeStore

T = TypeVar("T")


class Loader:
    """Returns a value or raises an error, and counts its calls."""

    def __init__(self, result: object) -> None:
        self.result = result
        self.loads = 0
        self.started = asyncio.Event()
        self.may_end = asyncio.Event()
        self.may_end.set()

    async def __call__(self) -> object:
        """Load."""
        self.loads += 1
        self.started.set()
        await self.may_end.wait()
        if isinstance(self.result, Exception):
            raise self.result
        return self.result


@pytest.fixture
def store() -> FakeStore:
    """Return a backend."""
    return FakeStore()


@pytest.fixture
def cache(store: FakeStore) -> Cache:
    """Return a cache with the backend."""
    return Cache(store)


def policy(kind: type[object], negative_ttl: float = 0) -> Policy[object]:
    """Return a policy for values of a type."""
    codec = JsonCodec(TypeAdapter[object](kind))
    return Policy(name="test", codec=codec, ttl=10, negative_ttl=negative_ttl)


class MissingError(NotFoundError):
    """An error with a code of its own."""

    code = "missing"


class Basket(BaseModel):
    """A mutable value."""

    names: list[str]


async def fails(awaited: Awaitable[T], kind: type[Exception]) -> Exception:
    """Return the raised error."""
    with pytest.raises(kind) as caught:
        await awaited
    return caught.value


@pytest.mark.parametrize("value", [None, 0, "", False, [], {}], ids=repr)
async def test_falsy_values_are_cached(cache: Cache, value: object) -> None:
    """None, zero and empty values are cached like others."""
    load = Loader(value)

    for _ in range(3):
        assert await cache.fetch(policy(type(value)), load, "a") == value
    assert load.loads == 1


async def test_entry_expires(cache: Cache, store: FakeStore) -> None:
    """A value is a hit until its ttl ends."""
    load = Loader(1)
    await cache.fetch(policy(int), load, "a")
    store.now = 9.9
    await cache.fetch(policy(int), load, "a")
    assert load.loads == 1

    store.now = 10
    await cache.fetch(policy(int), load, "a")
    assert load.loads == 2


async def test_jitter_spreads_expiry(store: FakeStore) -> None:
    """Entries stored together expire at different times, none after its ttl."""
    cache = Cache(store, jitter=0.2)
    for number in range(100):
        await cache.fetch(policy(int), Loader(1), str(number))

    ends = {end for key, (_, end) in store.entries.items() if not key.endswith(":lock")}
    assert len(ends) > 50
    assert 8 <= min(ends) < max(ends) <= 10


async def test_hit_is_a_new_object(cache: Cache) -> None:
    """A caller that changes its value changes no other one, nor the loader's own object."""
    load = Loader(Basket(names=["a"]))
    for _ in range(3):
        found = await cache.fetch(policy(Basket), load, "a")
        assert found == Basket(names=["a"])
        assert found is not load.result
        assert isinstance(found, Basket)
        found.names.append("b")
    assert load.loads == 1


async def test_concurrent_misses_share_a_load(cache: Cache) -> None:
    """Ten concurrent misses load once, and each caller gets an object of its own."""
    load = Loader(Basket(names=[]))
    found = await asyncio.gather(*(cache.fetch(policy(Basket), load, "a") for _ in range(10)))

    assert load.loads == 1
    assert len({id(item) for item in found}) == 10


async def test_errors_are_not_cached(cache: Cache, store: FakeStore) -> None:
    """An error is raised to all waiting callers, is not cached, and leaves no lock."""
    load = Loader(LookupError("once"))
    fetches = (cache.fetch(policy(int), load, "a") for _ in range(3))
    results = await asyncio.gather(*fetches, return_exceptions=True)
    assert [type(result) for result in results] == [LookupError] * 3
    assert load.loads == 1
    assert store.entries == {}

    load.result = 1
    assert await cache.fetch(policy(int), load, "a") == 1


async def test_value_of_another_type_is_rejected(cache: Cache) -> None:
    """A value that a hit would return differently is an error on the miss too."""
    await fails(cache.fetch(policy(int), Loader("1"), "a"), ValueError)
    await fails(cache.fetch(policy(float), Loader(float("nan")), "a"), ValueError)
    await fails(cache.fetch(policy(float), Loader(float("nan")), "a"), ValueError)


async def test_not_found_is_cached_with_a_negative_ttl(cache: Cache, store: FakeStore) -> None:
    """With a negative ttl, a NotFoundError is cached until that ends."""
    load = Loader(MissingError("No item a."))
    for _ in range(3):
        error = await fails(cache.fetch(policy(int, 2), load, "a"), MissingError)
        assert error.args == ("No item a.",)
    assert load.loads == 1

    store.now = 2
    await fails(cache.fetch(policy(int, 2), load, "a"), MissingError)
    assert load.loads == 2


async def test_not_found_is_not_cached_by_default(cache: Cache) -> None:
    """Without a negative ttl, a NotFoundError is not cached."""
    load = Loader(NotFoundError("No item a."))
    for _ in range(2):
        await fails(cache.fetch(policy(int), load, "a"), NotFoundError)

    assert load.loads == 2


async def test_error_of_another_release_is_a_miss(
    cache: Cache, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A cached error with a code that no class has is a miss."""
    monkeypatch.setattr(MissingError, "code", "gone")
    await fails(cache.fetch(policy(int, 2), Loader(MissingError("No item a.")), "a"), MissingError)
    monkeypatch.setattr(MissingError, "code", "missing")

    assert await cache.fetch(policy(int, 2), Loader(1), "a") == 1


async def test_other_schema_is_a_miss(cache: Cache) -> None:
    """An entry of another type is a miss, even if it could be decoded."""
    assert await cache.fetch(policy(int), Loader(1), "a") == 1
    assert await cache.fetch(policy(Decimal), Loader(Decimal(2)), "a") == Decimal(2)
    assert await cache.fetch(policy(Decimal), Loader(Decimal(3)), "a") == Decimal(2)


@pytest.mark.parametrize("damage", [b"", b"x", b"\xff" * 100])
async def test_foreign_bytes_are_a_miss(cache: Cache, store: FakeStore, damage: bytes) -> None:
    """Bytes of another program are replaced."""
    await store.set(storage_key("key", "a"), damage, 100)

    assert await cache.fetch(policy(int), Loader(1), "a") == 1
    assert await cache.fetch(policy(int), Loader(2), "a") == 1


async def test_damaged_entry_is_a_miss(cache: Cache, store: FakeStore) -> None:
    """The checksum detects a number that has lost digits, which is a number too."""
    key = storage_key("key", "a")
    for loaded in range(1234, 1260):
        await cache.fetch(policy(int), Loader(loaded), "a")
        whole, _ = store.entries[key]
        await store.set(key, whole[: 1234 - loaded - 1], 100)
        assert await cache.fetch(policy(int), Loader(loaded + 1), "a") == loaded + 1


async def test_undecodable_entry_is_a_miss(cache: Cache, store: FakeStore) -> None:
    """An entry with the right version and checksum, but a wrong value, is loaded again."""
    await cache.fetch(policy(int), Loader(1), "a")
    entry = await cache.lookup(policy(int), storage_key("key", "a"), [], 0)
    await store.set(entry.key, entry.pack(b'+"x"'), 100)

    assert await cache.fetch(policy(int), Loader(2), "a") == 2
    assert await cache.fetch(policy(int), Loader(3), "a") == 2


async def test_invalidated_key_is_loaded_again(cache: Cache) -> None:
    """After an invalidation, the old value is not returned."""
    await cache.fetch(policy(int), Loader(1), "a")
    await cache.invalidate("a")

    assert await cache.fetch(policy(int), Loader(2), "a") == 2
    assert await cache.fetch(policy(int), Loader(3), "a") == 2


async def test_invalidated_tag_is_loaded_again(cache: Cache) -> None:
    """All entries with the tag are invalidated, and no others."""
    tagged = {"a": ("x",), "b": ("x", "y"), "c": ("y",)}
    for key, tags in tagged.items():
        await cache.fetch(policy(int), Loader(1), key, tags)
    await cache.invalidate_tag("x")

    found = [await cache.fetch(policy(int), Loader(2), key, tags) for key, tags in tagged.items()]
    assert found == [2, 2, 1]


async def test_evicted_tag_is_a_miss(cache: Cache, store: FakeStore) -> None:
    """An entry is a miss if the version of its tag was evicted, even right after it was set."""
    await cache.fetch(policy(int), Loader(1), "a", ("x",))
    del store.entries[storage_key("tag", "x")]
    assert await cache.fetch(policy(int), Loader(2), "a", ("x",)) == 2

    store.evicted = {storage_key("tag", "x")}
    del store.entries[storage_key("tag", "x")]
    assert await cache.fetch(policy(int), Loader(3), "a", ("x",)) == 3


@pytest.mark.parametrize("tags", [(), ("x",)], ids=["key", "tag"])
async def test_load_from_before_an_invalidation_is_not_stored(
    cache: Cache, tags: tuple[str, ...]
) -> None:
    """Its value is not stored, and callers after the invalidation don't share it."""
    old, new = Loader("old"), Loader("new")
    old.may_end.clear()
    before = asyncio.create_task(cache.fetch(policy(str), old, "a", tags))
    await old.started.wait()
    await (cache.invalidate_tag("x") if tags else cache.invalidate("a"))
    assert await cache.fetch(policy(str), new, "a", tags) == "new"
    old.may_end.set()

    assert await before == "old"
    assert await cache.fetch(policy(str), new, "a", tags) == "new"
    assert new.loads == 1


async def test_unavailable_backend_is_a_miss(cache: Cache, store: FakeStore) -> None:
    """While the backend is unavailable, every value is loaded; concurrent callers share a load."""
    load = Loader(1)
    store.failing = {"get_many"}
    found = await asyncio.gather(*(cache.fetch(policy(int), load, "a") for _ in range(10)))

    assert found == [1] * 10
    assert load.loads == 1


async def test_old_load_is_not_shared_without_the_backend(cache: Cache, store: FakeStore) -> None:
    """After an invalidation, a caller shares no earlier load, though no version can be read."""
    store.failing = {"get_many"}
    old, new = Loader("old"), Loader("new")
    old.may_end.clear()
    before = asyncio.create_task(cache.fetch(policy(str), old, "a"))
    await old.started.wait()
    await cache.invalidate("a")

    assert await cache.fetch(policy(str), new, "a") == "new"
    old.may_end.set()
    assert await before == "old"


@pytest.mark.parametrize("call", ["set_if_absent", "compare_and_set"])
async def test_failed_backend_is_not_called_again(
    cache: Cache, store: FakeStore, call: str
) -> None:
    """A failed call takes its timeout, so the same fetch makes no other one."""
    store.failing = {call}

    assert await cache.fetch(policy(int), Loader(1), "a") == 1
    assert store.calls[-1] == call


@pytest.mark.parametrize("tags", [(), ("x",)])
async def test_timeout_covers_all_calls_of_a_fetch(
    cache: Cache, store: FakeStore, tags: tuple[str, ...]
) -> None:
    """A fetch waits for a slow backend no longer than one timeout."""
    store.timeout, store.delay = 0.2, 0.11

    assert await cache.fetch(policy(int), Loader(1), "a", tags) == 1
    assert store.calls == ["get_many", "set_if_absent"]


async def test_load_takes_no_time_of_the_backend(cache: Cache, store: FakeStore) -> None:
    """The value of a slow load is stored, but a store that is slow after it is not waited for."""
    store.timeout = 0.2

    async def load() -> object:
        await asyncio.sleep(store.timeout)
        return 1

    async def load_slowing_the_store() -> object:
        store.delay = 5 * store.timeout
        return 1

    await cache.fetch(policy(int), load, "a")
    await cache.fetch(policy(int), load_slowing_the_store, "b")

    assert storage_key("key", "a") in store.entries
    assert storage_key("key", "b") not in store.entries


async def test_lookup_takes_time_of_the_store(cache: Cache, store: FakeStore) -> None:
    """What the calls before a load took, the store can't take after it."""
    store.timeout, store.delay = 0.5, 0.1

    async def load() -> object:
        store.delay = 0.4
        return 1

    await cache.fetch(policy(int), load, "a")

    assert storage_key("key", "a") not in store.entries


async def test_error_of_the_load_is_raised_if_the_lock_stays(
    cache: Cache, store: FakeStore
) -> None:
    """A lock that can't be released does not hide the error of the load."""
    store.failing = {"delete"}

    await fails(cache.fetch(policy(int), Loader(LookupError()), "a"), LookupError)


async def test_processes_share_a_load(store: FakeStore) -> None:
    """Of two caches with one backend, one loads and the other waits for it."""
    load = Loader(1)
    load.may_end.clear()
    fetches = [asyncio.create_task(Cache(store).fetch(policy(int), load, "a")) for _ in range(2)]
    await asyncio.sleep(0.05)
    load.may_end.set()

    assert await asyncio.gather(*fetches) == [1, 1]
    assert load.loads == 1


async def test_wait_for_another_process_is_bounded(
    store: FakeStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After LOCK_SECONDS a process loads too, and does not release the lock of the other."""
    monkeypatch.setattr(module, "LOCK_SECONDS", 0.05)
    stuck = Loader(1)
    stuck.may_end.clear()
    first = asyncio.create_task(Cache(store).fetch(policy(int), stuck, "a"))
    await asyncio.sleep(0.01)

    await fails(Cache(store).fetch(policy(int), Loader(LookupError()), "a"), LookupError)
    assert await Cache(store).fetch(policy(int), Loader(2), "a") == 2
    assert "delete" not in store.calls
    stuck.may_end.set()
    assert await first == 1


def stats_key(user_id: int) -> str:
    """Return the key of a user."""
    return f"stats:{user_id}"


def stats_tags(user_id: int) -> Sequence[str]:
    """Return the tags of a user."""
    return ("stats", f"user:{user_id}")


@dataclass
class Stats:
    """A service with a cached method."""

    cache: Cache
    loads: int = 0

    @cached(key=stats_key, tags=stats_tags, ttl=60, codec=JsonCodec(TypeAdapter(int)))
    async def posts(self, user_id: int) -> int:
        """Count the posts."""
        self.loads += 1
        return user_id * 10


async def test_method_is_cached(cache: Cache) -> None:
    """Positional and keyword arguments give one key; key and tag invalidate the result."""
    stats = Stats(cache)
    events: list[tuple[str, str]] = []
    cache.observe = lambda name, event: events.append((name, event))

    assert await stats.posts(1) == await stats.posts(user_id=1) == 10
    assert await stats.posts(2) == 20
    assert stats.loads == 2
    assert events == [("Stats.posts", event) for event in ("miss", "load", "hit", "miss", "load")]

    await cache.invalidate(stats_key(1))
    await stats.posts(1)
    await cache.invalidate_tag("user:2")
    await stats.posts(2)
    assert stats.loads == 4


def test_cached_method_keeps_its_metadata() -> None:
    """A cached method keeps its name and its docstring."""
    assert Stats.posts.__name__ == "posts"
    assert Stats.posts.__doc__ == "Count the posts."


@pytest.mark.parametrize("key", ["ü", "x" * 201, "\ud800", "a\nb" * 100], ids=ascii)
def test_storage_keys_are_short_ascii(key: str) -> None:
    """A long or non-ASCII key becomes short, ASCII and unique."""
    found = storage_key("key", key)

    assert found.isascii()
    assert len(found) <= len(f"{NAMESPACE}:key:") + 64
    assert found != storage_key("tag", key)
    assert storage_key("key", "a") == f"{NAMESPACE}:key:a"


async def test_callable_object_is_cached(cache: Cache) -> None:
    """An object with `__call__` has no name; its class names the policy."""

    class Count:
        async def __call__(self, _stats: Stats, user_id: int) -> int:
            """Count the posts."""
            return user_id * 10

    events: list[str] = []
    cache.observe = lambda name, _event: events.append(name)

    posts = cached(key=stats_key, ttl=60, codec=JsonCodec(TypeAdapter(int)))(Count())

    assert await posts(Stats(cache), 1) == 10
    assert {name.rpartition(".")[2] for name in events} == {"Count"}
