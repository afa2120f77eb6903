"""The cache: what a method has returned is served again, in value and type, for a while."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from functools import partial, wraps
from typing import Annotated, Concatenate, ParamSpec, Protocol, TypeVar

from fastapi import Depends

from {{ package_name }}.core.cache import {{ cache }} as backend
from {{ package_name }}.core.cache.codec import Codec
from {{ package_name }}.core.cache.entry import (
    Entry,
    Policy,
    name_of,
    new_mark,
)
from {{ package_name }}.core.cache.single_flight import Flights
from {{ package_name }}.core.cache.store import CacheStore, StoreError, until
from {{ package_name }}.core.component import Component
from {{ package_name }}.core.errors import NotFoundError
from {{ package_name }}.core.services import Services, provided

KEY_MARK_SECONDS = 60
"""How long a load may take and still not bring back what was forgotten meanwhile."""

TAG_MARK_SECONDS = 86_400
"""How long a tag is known; its entries are loaded anew after that."""

LOCK_SECONDS = 0.9
"""How long one process waits for another that loads the same."""

POLL_SECONDS = 0.02

T = TypeVar("T")
P = ParamSpec("P")


class Cache:
    """Serves what is stored, and loads what is not, once for all who ask at the same time.

    Attributes:
        observe: Called with the name of a policy, and "hit", "miss", "load" or "error".
    """

    def __init__(self, store: CacheStore, jitter: float = 0) -> None:
        self.store = store
        self.jitter = jitter
        self.flights: Flights[bytes] = Flights()
        self.forgotten = 0
        self.observe: Callable[[str, str], None] = lambda _name, _event: None

    async def fetch(
        self,
        policy: Policy[T],
        load: Callable[[], Awaitable[T]],
        key: str,
        tags: Sequence[str] = (),
    ) -> T:
        """Return what is stored under the key, or else what the load returns.

        Both have been through the codec, so that nobody can tell one from the other.
        """
        name = name_of("key", key)
        end = asyncio.get_running_loop().time() + self.store.seconds
        try:
            entry = await self.find(policy, name, [name_of("tag", tag) for tag in tags], end)
        except StoreError:
            self.observe(policy.name, "error")
            flight = f"{name}:{self.forgotten}"
            return policy.open(await self.flights.share(flight, partial(self.load, policy, load)))
        body = entry.body()
        if body is not None:
            with suppress(ValueError):  # somebody else has written it
                return self.hit(policy, body)
        self.observe(policy.name, "miss")
        return policy.open(
            await self.flights.share(entry.flight, partial(self.renew, policy, load, entry, end))
        )

    async def invalidate(self, key: str) -> None:
        """Invalidate the entry of a key; call it after the commit of the change."""
        self.forgotten += 1
        await self.store.mark(name_of("key", key), new_mark(), KEY_MARK_SECONDS)

    async def invalidate_tag(self, tag: str) -> None:
        """Invalidate all entries with a tag; call it after the commit of the change."""
        self.forgotten += 1
        await self.store.mark(name_of("tag", tag), new_mark(), TAG_MARK_SECONDS)

    def hit(self, policy: Policy[T], body: bytes) -> T:
        """Return what is stored, and count it."""
        try:
            value = policy.open(body)
        except NotFoundError:
            self.observe(policy.name, "hit")
            raise
        self.observe(policy.name, "hit")
        return value

    async def find(self, policy: Policy[T], name: str, tags: Sequence[str], end: float) -> Entry:
        """Return what is stored, and give a mark to each tag that has none."""
        raw, *marks = await self.store.read([name, *tags])
        if None in marks:
            async with until(end):
                for tag in tags:
                    await self.store.add(tag, new_mark(), TAG_MARK_SECONDS)
                raw, *marks = await self.store.read([name, *tags])
        # A mark that is lost already is replaced by one that fits nothing.
        parts = [policy.codec.schema, *(mark or new_mark() for mark in marks)]
        return Entry(name, b"".join(parts), raw)

    async def renew(
        self, policy: Policy[T], load: Callable[[], Awaitable[T]], entry: Entry, end: float
    ) -> bytes:
        """Load a value and store it, or wait for the process that does.

        Args:
            policy: How it is cached.
            load: Returns it.
            entry: What was found instead.
            end: When the caller has waited long enough for the store.
        """
        clock = asyncio.get_running_loop().time
        lock, lock_end = f"{entry.flight}:lock", clock() + LOCK_SECONDS
        try:
            while True:
                async with until(end):
                    is_ours = await self.store.add(lock, b"1", LOCK_SECONDS)
                    (raw,) = await self.store.read([entry.name])
                now = Entry(entry.name, entry.stamp, raw)
                body = now.body() if raw != entry.raw else None
                if body is not None:
                    return body
                left = end - clock()
                if is_ours or clock() > lock_end:
                    break
                await asyncio.sleep(POLL_SECONDS)
                end = clock() + self.store.seconds  # it is the other process that is waited for
        except StoreError:
            self.observe(policy.name, "error")
            return await self.load(policy, load)
        async with AsyncExitStack() as stack:
            if is_ours:
                stack.push_async_callback(self.free, lock, lock_end)
            body = await self.load(policy, load)
            try:
                seconds = policy.seconds(body, self.jitter)
                async with until(clock() + left):
                    await self.store.replace(now.name, now.raw, now.seal(body), seconds)
            except StoreError:
                self.observe(policy.name, "error")
                stack.pop_all()  # the lock ends by itself
        return body

    async def free(self, lock: str, end: float) -> None:
        """Let others load, unless the lock has ended: it may be another's then."""
        if asyncio.get_running_loop().time() < end:
            with suppress(StoreError):
                await self.store.delete(lock)

    async def load(self, policy: Policy[T], load: Callable[[], Awaitable[T]]) -> bytes:
        """Return what the load returns, as the body of an entry."""
        self.observe(policy.name, "load")
        try:
            return policy.close(await load())
        except NotFoundError as error:
            return policy.close_missing(error)


class Caching(Protocol):
    """An object whose methods can be cached."""

    @property
    def cache(self) -> Cache:
        """Where their results are."""


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
    """Cache what a method returns, in the `cache` of its object.

    Args:
        key: Returns the key of a call. It takes what the method takes, and so does `tags`.
        ttl: Seconds for which a result is served, at most.
        codec: Writes and reads the results.
        tags: Returns the names by which an entry can be forgotten together with others.
        negative_ttl: Seconds for which a NotFoundError is served; 0 for not at all.
    """

    def decorate(
        function: Callable[Concatenate[Owner, P], Awaitable[T]],
    ) -> Callable[Concatenate[Owner, P], Coroutine[object, object, T]]:
        name = function.__qualname__
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


CacheDep = Annotated[Cache, Depends(provided(Cache))]


def component(settings: backend.CacheSettings) -> Component:
    """Open the cache while the application runs. It has no probe: the service works without it."""
    cache = Cache(backend.build(settings), settings.jitter)

    @asynccontextmanager
    async def start(services: Services) -> AsyncIterator[None]:
        services.add(Cache, cache)
        try:
            yield
        finally:
            await cache.store.close()

    return Component(name="cache", start=start)
