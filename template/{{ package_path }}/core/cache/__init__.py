"""The cache: results of methods, equal in value and type to a fresh load, until their ttl ends."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from functools import partial, wraps
from typing import Annotated, Concatenate, ParamSpec, Protocol, TypeVar

from fastapi import Depends

from {{ package_name }}.core.cache import {{ cache }} as backend
from {{ package_name }}.core.cache.codec import Codec
from {{ package_name }}.core.cache.entry import (
    Entry,
    Policy,
    new_version,
    storage_key,
)
from {{ package_name }}.core.cache.single_flight import SingleFlight
from {{ package_name }}.core.cache.store import (
    CacheStore,
    CacheUnavailableError,
    store_deadline,
)
from {{ package_name }}.core.component import Component
from {{ package_name }}.core.errors import NotFoundError
from {{ package_name }}.core.services import Services, provide

KEY_VERSION_SECONDS = 60
"""A load may take this long: one that ends later can store a value that was invalidated."""

TAG_VERSION_SECONDS = 86_400
"""A tag expires after this time; its entries are then misses."""

LOCK_SECONDS = 0.9
"""A process waits this long for another one that loads the same value."""

POLL_SECONDS = 0.02

T = TypeVar("T")
P = ParamSpec("P")


class Cache:
    """Returns cached values, and loads missing ones; concurrent misses share one load.

    Attributes:
        observe: Called with the name of a policy, and "hit", "miss", "load" or "error".
    """

    def __init__(self, store: CacheStore, jitter: float = 0) -> None:
        self.store = store
        self.jitter = jitter
        self.single_flight: SingleFlight[bytes] = SingleFlight()
        self.epoch = 0
        self.observe: Callable[[str, str], None] = lambda _name, _event: None

    async def fetch(
        self,
        policy: Policy[T],
        load: Callable[[], Awaitable[T]],
        key: str,
        tags: Sequence[str] = (),
    ) -> T:
        """Return the cached value of a key, or load it.

        A loaded value passes through the codec too, so that a miss equals a hit.
        """
        entry_key = storage_key("key", key)
        tag_keys = [storage_key("tag", tag) for tag in tags]
        deadline = asyncio.get_running_loop().time() + self.store.timeout
        try:
            entry = await self.lookup(policy, entry_key, tag_keys, deadline)
        except CacheUnavailableError:
            self.observe(policy.name, "error")
            # The epoch stands in for the version: a load is not shared across an invalidation.
            shared = f"{entry_key}:{self.epoch}"
            body = await self.single_flight.do(shared, partial(self.load, policy, load))
            return policy.decode(body)
        cached_body = entry.unpack()
        if cached_body is not None:
            with suppress(ValueError):  # another program has written it
                return self.decode_hit(policy, cached_body)
        self.observe(policy.name, "miss")
        work = partial(self.load_and_store, policy, load, entry, deadline)
        return policy.decode(await self.single_flight.do(entry.single_flight_key, work))

    async def invalidate(self, key: str) -> None:
        """Invalidate the entry of a key; call it after the commit of the change."""
        self.epoch += 1
        await self.store.set(storage_key("key", key), new_version(), KEY_VERSION_SECONDS)

    async def invalidate_tag(self, tag: str) -> None:
        """Invalidate all entries with a tag; call it after the commit of the change."""
        self.epoch += 1
        await self.store.set(storage_key("tag", tag), new_version(), TAG_VERSION_SECONDS)

    def decode_hit(self, policy: Policy[T], body: bytes) -> T:
        """Return the value of a body, or raise the cached error, and count a hit."""
        try:
            value = policy.decode(body)
        except NotFoundError:
            self.observe(policy.name, "hit")
            raise
        self.observe(policy.name, "hit")
        return value

    async def lookup(
        self, policy: Policy[T], key: str, tag_keys: Sequence[str], deadline: float
    ) -> Entry:
        """Return the entry of a key with its current version; give new tags a version."""
        raw, *versions = await self.store.get_many([key, *tag_keys])
        if None in versions:
            async with store_deadline(deadline):
                for tag_key in tag_keys:
                    await self.store.set_if_absent(tag_key, new_version(), TAG_VERSION_SECONDS)
                raw, *versions = await self.store.get_many([key, *tag_keys])
        # If a tag version was evicted meanwhile, use a fresh one: the entry is then a miss.
        parts = [policy.codec.schema, *(version or new_version() for version in versions)]
        return Entry(key, b"".join(parts), raw)

    async def load_and_store(
        self, policy: Policy[T], load: Callable[[], Awaitable[T]], entry: Entry, deadline: float
    ) -> bytes:
        """Load a value and store it, or wait for the process that does.

        Args:
            policy: How it is cached.
            load: Returns the value.
            entry: The result of the lookup.
            deadline: When to stop waiting for the store, by the event loop's clock.
        """
        clock = asyncio.get_running_loop().time
        lock_key, lock_end = f"{entry.single_flight_key}:lock", clock() + LOCK_SECONDS
        try:
            while True:
                async with store_deadline(deadline):
                    has_lock = await self.store.set_if_absent(lock_key, b"1", LOCK_SECONDS)
                    (raw,) = await self.store.get_many([entry.key])
                current = Entry(entry.key, entry.version, raw)
                body = current.unpack() if raw != entry.raw else None
                if body is not None:
                    return body
                remaining = deadline - clock()
                if has_lock or clock() > lock_end:
                    break
                await asyncio.sleep(POLL_SECONDS)
                # The time went to the other process, not to the store.
                deadline = clock() + self.store.timeout
        except CacheUnavailableError:
            self.observe(policy.name, "error")
            return await self.load(policy, load)
        async with AsyncExitStack() as stack:
            if has_lock:
                stack.push_async_callback(self.release_lock, lock_key, lock_end)
            body = await self.load(policy, load)
            try:
                ttl = policy.jittered_ttl(body, self.jitter)
                async with store_deadline(clock() + remaining):
                    await self.store.compare_and_set(
                        current.key, current.raw, current.pack(body), ttl
                    )
            except CacheUnavailableError:
                self.observe(policy.name, "error")
                stack.pop_all()  # the lock expires
        return body

    async def release_lock(self, key: str, lock_end: float) -> None:
        """Release a lock that has not expired; another process may hold it after that."""
        if asyncio.get_running_loop().time() < lock_end:
            with suppress(CacheUnavailableError):
                await self.store.delete(key)

    async def load(self, policy: Policy[T], load: Callable[[], Awaitable[T]]) -> bytes:
        """Load a value and return it as the body of an entry."""
        self.observe(policy.name, "load")
        try:
            return policy.encode(await load())
        except NotFoundError as error:
            return policy.encode_not_found(error)


class Caching(Protocol):
    """An object whose methods can be cached, in its `cache`."""

    @property
    def cache(self) -> Cache: ...


Owner = TypeVar("Owner", bound=Caching)


def cached(
    *,
    key: Callable[P, str],
    ttl: float,
    codec: Codec[T],
    tags: Callable[P, Sequence[str]] | None = None,
    negative_ttl: float = 0,
) -> Callable[
    [Callable[Concatenate[Owner, P], Awaitable[T]]],
    Callable[Concatenate[Owner, P], Coroutine[object, object, T]],
]:
    """Cache the results of a method, in the `cache` of its object.

    Args:
        key: Returns the key of a call, from the arguments of the method.
        ttl: Seconds until a result expires.
        codec: Encodes the results.
        tags: Returns the tags of a call; entries with a tag can be invalidated together.
        negative_ttl: Seconds until a NotFoundError expires; 0 caches none.
    """

    def decorate(
        function: Callable[Concatenate[Owner, P], Awaitable[T]],
    ) -> Callable[Concatenate[Owner, P], Coroutine[object, object, T]]:
        name = getattr(function, "__qualname__", type(function).__qualname__)
        policy = Policy(name=name, codec=codec, ttl=ttl, negative_ttl=negative_ttl)

        @wraps(function)
        async def wrapper(owner: Owner, /, *args: P.args, **kwargs: P.kwargs) -> T:
            return await owner.cache.fetch(
                policy,
                partial(function, owner, *args, **kwargs),
                key(*args, **kwargs),
                tags(*args, **kwargs) if tags else (),
            )

        return wrapper

    return decorate


CacheDep = Annotated[Cache, Depends(provide(Cache))]
"""The cache, as a parameter of a route."""


def component(settings: backend.CacheSettings) -> Component:
    """Open the cache while the application runs. It has no probe: requests work without it."""
    cache = Cache(backend.build(settings), settings.jitter)

    @asynccontextmanager
    async def start(services: Services) -> AsyncGenerator[None]:
        services.add(Cache, cache)
        try:
            yield
        finally:
            await cache.store.close()

    return Component(name="cache", start=start)
