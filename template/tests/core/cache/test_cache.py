"""The cache: a hit equals a miss, and what is forgotten stays so."""

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
from {{ package_name }}.core.cache.entry import NAMESPACE, Policy, name_of
from {{ package_name }}.core.errors import NotFoundError

from support.cache import FakeStore

T = TypeVar("T")


class Loader:
    """Returns a value, or raises an error, and counts how often."""

    def __init__(self, result: object) -> None:
        self.result = result
        self.loads = 0
        self.begun = asyncio.Event()
        self.may_end = asyncio.Event()
        self.may_end.set()

    async def __call__(self) -> object:
        """Load."""
        self.loads += 1
        self.begun.set()
        await self.may_end.wait()
        if isinstance(self.result, Exception):
            raise self.result
        return self.result


@pytest.fixture
def store() -> FakeStore:
    """Return a store."""
    return FakeStore()


@pytest.fixture
def cache(store: FakeStore) -> Cache:
    """Return a cache on the store."""
    return Cache(store)


def policy(kind: type[object], negative_ttl: float = 0) -> Policy[object]:
    """Return a policy for values of a type."""
    codec = JsonCodec(TypeAdapter[object](kind))
    return Policy(name="test", codec=codec, ttl=10, negative_ttl=negative_ttl)


class MissingError(NotFoundError):
    """An error of its own kind."""

    code = "missing"


class Basket(BaseModel):
    """A value that can be changed."""

    names: list[str]


async def fails(awaited: Awaitable[T], kind: type[Exception]) -> Exception:
    """Return the error that is raised."""
    with pytest.raises(kind) as caught:
        await awaited
    return caught.value


@pytest.mark.parametrize("value", [None, 0, "", False, [], {}], ids=repr)
async def test_falsy_values_are_served(cache: Cache, value: object) -> None:
    """Nothing, zero and empty are values like others."""
    load = Loader(value)

    for _ in range(3):
        assert await cache.fetch(policy(type(value)), load, "a") == value
    assert load.loads == 1


async def test_entry_ends(cache: Cache, store: FakeStore) -> None:
    """A value is served until its time is up, and not any longer."""
    load = Loader(1)
    await cache.fetch(policy(int), load, "a")
    store.now = 9.9
    await cache.fetch(policy(int), load, "a")
    assert load.loads == 1

    store.now = 10
    await cache.fetch(policy(int), load, "a")
    assert load.loads == 2


async def test_times_differ(store: FakeStore) -> None:
    """Entries that were stored at the same time end at different ones, and none too late."""
    cache = Cache(store, jitter=0.2)
    for number in range(100):
        await cache.fetch(policy(int), Loader(1), str(number))

    ends = {end for name, (_, end) in store.kept.items() if not name.endswith(":lock")}
    assert len(ends) > 50
    assert 8 <= min(ends) < max(ends) <= 10


async def test_hit_is_a_new_object(cache: Cache) -> None:
    """Who changes what they got, changes nothing for others, the loader's own object included."""
    load = Loader(Basket(names=["a"]))
    for _ in range(3):
        found = await cache.fetch(policy(Basket), load, "a")
        assert found == Basket(names=["a"])
        assert found is not load.result
        assert isinstance(found, Basket)
        found.names.append("b")
    assert load.loads == 1


async def test_many_at_once_load_once(cache: Cache) -> None:
    """Ten who miss at the same time share a load, and each gets an object of their own."""
    load = Loader(Basket(names=[]))
    found = await asyncio.gather(*(cache.fetch(policy(Basket), load, "a") for _ in range(10)))

    assert load.loads == 1
    assert len({id(item) for item in found}) == 10


async def test_errors_are_not_kept(cache: Cache, store: FakeStore) -> None:
    """An error reaches all who wait, is not served again, and blocks nobody."""
    load = Loader(LookupError("once"))
    fetches = (cache.fetch(policy(int), load, "a") for _ in range(3))
    results = await asyncio.gather(*fetches, return_exceptions=True)
    assert [type(result) for result in results] == [LookupError] * 3
    assert load.loads == 1
    assert store.kept == {}

    load.result = 1
    assert await cache.fetch(policy(int), load, "a") == 1


async def test_value_that_is_not_of_its_type_is_refused(cache: Cache) -> None:
    """A hit would return something else than the miss, so neither does."""
    await fails(cache.fetch(policy(int), Loader("1"), "a"), ValueError)
    await fails(cache.fetch(policy(float), Loader(float("nan")), "a"), ValueError)
    await fails(cache.fetch(policy(float), Loader(float("nan")), "a"), ValueError)


async def test_what_is_not_there_is_served_too(cache: Cache, store: FakeStore) -> None:
    """If asked for, that something was not found is kept, for a time of its own."""
    load = Loader(MissingError("No item a."))
    for _ in range(3):
        error = await fails(cache.fetch(policy(int, 2), load, "a"), MissingError)
        assert error.args == ("No item a.",)
    assert load.loads == 1

    store.now = 2
    await fails(cache.fetch(policy(int, 2), load, "a"), MissingError)
    assert load.loads == 2


async def test_what_is_not_there_is_looked_for_again(cache: Cache) -> None:
    """If not asked for, it is not kept."""
    load = Loader(NotFoundError("No item a."))
    for _ in range(2):
        await fails(cache.fetch(policy(int), load, "a"), NotFoundError)

    assert load.loads == 2


async def test_error_of_another_release_is_a_miss(
    cache: Cache, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An error that the code knows no more is looked for again."""
    monkeypatch.setattr(MissingError, "code", "gone")
    await fails(cache.fetch(policy(int, 2), Loader(MissingError("No item a.")), "a"), MissingError)
    monkeypatch.setattr(MissingError, "code", "missing")

    assert await cache.fetch(policy(int, 2), Loader(1), "a") == 1


async def test_other_schema_is_a_miss(cache: Cache) -> None:
    """What another release has stored as another type is not read, even if it could be."""
    assert await cache.fetch(policy(int), Loader(1), "a") == 1
    assert await cache.fetch(policy(Decimal), Loader(Decimal(2)), "a") == Decimal(2)
    assert await cache.fetch(policy(Decimal), Loader(Decimal(3)), "a") == Decimal(2)


@pytest.mark.parametrize("damage", [b"", b"x", b"\xff" * 100])
async def test_foreign_bytes_are_a_miss(cache: Cache, store: FakeStore, damage: bytes) -> None:
    """Whatever somebody else has put there is replaced."""
    await store.mark(name_of("key", "a"), damage, 100)

    assert await cache.fetch(policy(int), Loader(1), "a") == 1
    assert await cache.fetch(policy(int), Loader(2), "a") == 1


async def test_damaged_entry_is_a_miss(cache: Cache, store: FakeStore) -> None:
    """A number that has lost a digit is a number too: a checksum tells."""
    name = name_of("key", "a")
    for loaded in range(1234, 1260):
        await cache.fetch(policy(int), Loader(loaded), "a")
        whole, _ = store.kept[name]
        await store.mark(name, whole[: 1234 - loaded - 1], 100)
        assert await cache.fetch(policy(int), Loader(loaded + 1), "a") == loaded + 1


async def test_poisoned_entry_is_a_miss(cache: Cache, store: FakeStore) -> None:
    """An entry that is right in all but its value is loaded anew."""
    await cache.fetch(policy(int), Loader(1), "a")
    entry = await cache.find(policy(int), name_of("key", "a"), [], 0)
    await store.mark(entry.name, entry.seal(b'+"x"'), 100)

    assert await cache.fetch(policy(int), Loader(2), "a") == 2
    assert await cache.fetch(policy(int), Loader(3), "a") == 2


async def test_forgotten_key_is_loaded_anew(cache: Cache) -> None:
    """After a change, nobody is served what was before."""
    await cache.fetch(policy(int), Loader(1), "a")
    await cache.forget("a")

    assert await cache.fetch(policy(int), Loader(2), "a") == 2
    assert await cache.fetch(policy(int), Loader(3), "a") == 2


async def test_forgotten_tag_is_loaded_anew(cache: Cache) -> None:
    """All entries with the tag are forgotten, and no others."""
    tagged = {"a": ("x",), "b": ("x", "y"), "c": ("y",)}
    for key, tags in tagged.items():
        await cache.fetch(policy(int), Loader(1), key, tags)
    await cache.forget_tagged("x")

    found = [await cache.fetch(policy(int), Loader(2), key, tags) for key, tags in tagged.items()]
    assert found == [2, 2, 1]


async def test_lost_tag_is_a_miss(cache: Cache, store: FakeStore) -> None:
    """A tag that the store has dropped, even at once, can't vouch for an entry."""
    await cache.fetch(policy(int), Loader(1), "a", ("x",))
    del store.kept[name_of("tag", "x")]
    assert await cache.fetch(policy(int), Loader(2), "a", ("x",)) == 2

    store.loses = {name_of("tag", "x")}
    del store.kept[name_of("tag", "x")]
    assert await cache.fetch(policy(int), Loader(3), "a", ("x",)) == 3


@pytest.mark.parametrize("tags", [(), ("x",)], ids=["key", "tag"])
async def test_old_load_brings_nothing_back(cache: Cache, tags: tuple[str, ...]) -> None:
    """A load that began before the change neither stores its value nor is joined after it."""
    old, new = Loader("old"), Loader("new")
    old.may_end.clear()
    before = asyncio.create_task(cache.fetch(policy(str), old, "a", tags))
    await old.begun.wait()
    await (cache.forget_tagged("x") if tags else cache.forget("a"))
    assert await cache.fetch(policy(str), new, "a", tags) == "new"
    old.may_end.set()

    assert await before == "old"
    assert await cache.fetch(policy(str), new, "a", tags) == "new"
    assert new.loads == 1


async def test_store_in_trouble_is_a_miss(cache: Cache, store: FakeStore) -> None:
    """Without the store, everything is loaded, once for all who ask at the same time."""
    load = Loader(1)
    store.fails = {"read"}
    found = await asyncio.gather(*(cache.fetch(policy(int), load, "a") for _ in range(10)))

    assert found == [1] * 10
    assert load.loads == 1


async def test_old_load_is_not_joined_without_the_store(cache: Cache, store: FakeStore) -> None:
    """Who comes after a change waits for no load from before it, though no mark tells."""
    store.fails = {"read"}
    old, new = Loader("old"), Loader("new")
    old.may_end.clear()
    before = asyncio.create_task(cache.fetch(policy(str), old, "a"))
    await old.begun.wait()
    await cache.forget("a")

    assert await cache.fetch(policy(str), new, "a") == "new"
    old.may_end.set()
    assert await before == "old"


@pytest.mark.parametrize("call", ["add", "replace"])
async def test_trouble_is_met_once(cache: Cache, store: FakeStore, call: str) -> None:
    """A call that fails costs its time, so the store is not called again for the same request."""
    store.fails = {call}

    assert await cache.fetch(policy(int), Loader(1), "a") == 1
    assert store.calls[-1] == call


@pytest.mark.parametrize("tags", [(), ("x",)])
async def test_slow_store_is_waited_for_once(
    cache: Cache, store: FakeStore, tags: tuple[str, ...]
) -> None:
    """All that a caller asks of the store may take as long as one answer, and no longer."""
    store.seconds, store.takes = 0.2, 0.11

    assert await cache.fetch(policy(int), Loader(1), "a", tags) == 1
    assert store.calls == ["read", "add"]


async def test_time_of_the_load_is_not_the_stores(cache: Cache, store: FakeStore) -> None:
    """A load may take as long as it likes, and is kept; but then the store must answer soon."""
    store.seconds = 0.2

    async def load() -> object:
        await asyncio.sleep(store.seconds)
        return 1

    await cache.fetch(policy(int), load, "a")
    store.takes = 0.06
    await cache.fetch(policy(int), load, "b")

    assert name_of("key", "a") in store.kept
    assert name_of("key", "b") not in store.kept


async def test_lock_that_cannot_be_freed(cache: Cache, store: FakeStore) -> None:
    """The loader's error is what is told."""
    store.fails = {"delete"}

    await fails(cache.fetch(policy(int), Loader(LookupError()), "a"), LookupError)


async def test_processes_share_a_load(store: FakeStore) -> None:
    """Of two caches on one store, one loads and the other waits for it."""
    load = Loader(1)
    load.may_end.clear()
    fetches = [asyncio.create_task(Cache(store).fetch(policy(int), load, "a")) for _ in range(2)]
    await asyncio.sleep(0.05)
    load.may_end.set()

    assert await asyncio.gather(*fetches) == [1, 1]
    assert load.loads == 1


async def test_nobody_waits_long_for_a_process(
    store: FakeStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who has waited for another process long enough loads too, and leaves its lock alone."""
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
    """A use case as a project might have it."""

    cache: Cache
    loads: int = 0

    @cached(key=stats_key, tags=stats_tags, ttl=60, codec=JsonCodec(TypeAdapter(int)))
    async def posts(self, user_id: int) -> int:
        """Count the posts."""
        self.loads += 1
        return user_id * 10


async def test_method_is_cached(cache: Cache) -> None:
    """A call is known by its key, however it is written, and forgotten by key and by tag."""
    stats = Stats(cache)
    events: list[tuple[str, str]] = []
    cache.observe = lambda name, event: events.append((name, event))

    assert await stats.posts(1) == await stats.posts(user_id=1) == 10
    assert await stats.posts(2) == 20
    assert stats.loads == 2
    assert events == [("Stats.posts", event) for event in ("miss", "load", "hit", "miss", "load")]

    await cache.forget(stats_key(1))
    await stats.posts(1)
    await cache.forget_tagged("user:2")
    await stats.posts(2)
    assert stats.loads == 4


def test_method_stays_itself() -> None:
    """A cached method keeps its name, its words and its signature."""
    assert Stats.posts.__name__ == "posts"
    assert Stats.posts.__doc__ == "Count the posts."


@pytest.mark.parametrize("key", ["ü", "x" * 201, "\ud800", "a\nb" * 100], ids=ascii)
def test_names_are_plain(key: str) -> None:
    """Whatever a key holds, its name is short, and like no other."""
    name = name_of("key", key)

    assert name.isascii()
    assert len(name) <= len(f"{NAMESPACE}:key:") + 64
    assert name != name_of("tag", key)
    assert name_of("key", "a") == f"{NAMESPACE}:key:a"
