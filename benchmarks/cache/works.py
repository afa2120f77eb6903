"""What is measured of a cache: the numbers of a user, by a request, and the cache by itself."""

import asyncio
import dataclasses
import gc
import json
import statistics
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from typing import Any

from fastapi import FastAPI

from benchmarks.cache import guide
from benchmarks.data.both import Figures, Work, in_turns
from benchmarks.drive import Call, Scope, called

REQUESTS = 200
CALLERS = 200
POSTS = 50
TTL_SECONDS = 0.3
LOAD_SECONDS = 0.05
RECOVERY_SECONDS = 10


@dataclass
class Subject:
    """A service with a cache, and how to call it.

    Attributes:
        package: What it is called.
        app: The service, with all its observability.
        state: What its lifespan has yielded.
        settings: Its settings.
        redis: The address of its server, none for a cache in memory.
        frozen: Stops that server while the block runs.
        rounds: How often something is measured.
        served: Requests that the service was sent, and has to log.
    """

    package: str
    app: FastAPI
    state: Scope
    settings: Any
    redis: str | None
    frozen: Callable[[], AbstractContextManager[None]] | None
    rounds: int
    served: int = 0

    async def ask(
        self, path: str, number: int, take: Callable[[bytes], object] = len, **state: object
    ) -> None:
        """Send a request again and again, to a service whose state differs in a few things."""
        self.served += number
        await called(self.app, [Call(path)] * number, {**self.state, **state}, take)

    async def post(self, path: str, **body: object) -> int:
        """Make something; return its number."""
        self.served += 1
        parts: list[bytes] = []
        await called(
            self.app, [Call(path, "POST", json.dumps(body).encode())], self.state, parts.append
        )
        number: int = json.loads(b"".join(parts))["id"]
        return number

    async def writer(self) -> str:
        """Make a user who has written something; return where their numbers are."""
        email = f"writer{self.served}@example.org"
        user = await self.post("/users", email=email, name="Writer")
        for _ in range(POSTS):
            await self.post("/posts", author_id=user, title="Hello", body="world " * 20)
        return f"/users/{user}/stats"


class Numbers:
    """Tells the numbers of users in another way than the service does."""

    def __init__(self, get: Callable[[int], Awaitable[object]]) -> None:
        self.get_user_stats = get


async def against(subject: Subject, theirs: Numbers) -> Figures:
    """Compare the service's cached read with another way to read, both by a request."""
    path = await subject.writer()
    answers: list[bytes] = []
    await subject.ask(path, 1, answers.append)
    other: list[bytes] = []
    await subject.ask(path, 1, other.append, user_stats=theirs)
    if json.loads(b"".join(answers)) != json.loads(b"".join(other)):
        raise RuntimeError(f"{answers} and {other} are not the same")
    return await in_turns(
        Work(REQUESTS, lambda: subject.ask(path, REQUESTS, user_stats=theirs)),
        Work(REQUESTS, lambda: subject.ask(path, REQUESTS)),
        subject.rounds,
    )


async def uncached(subject: Subject) -> Figures:
    """The same numbers, counted each time."""
    return await against(subject, Numbers(subject.state["user_stats"].counting.count))


async def decorated(subject: Subject) -> Figures:
    """The same numbers, by the guide's own decorator for the store."""
    count = subject.state["user_stats"].counting.count
    if subject.redis is None:
        known: dict[int, object] = {}
        theirs = guide.cache_with_ttl(1800)(known.__getitem__)

        async def get(user_id: int) -> object:
            if user_id not in known:
                known[user_id] = await count(user_id)
            return theirs(user_id)

        return await against(subject, Numbers(get))
    async with import_module("redis.asyncio").Redis.from_url(subject.redis) as client:

        async def counted(user_id: int) -> dict[str, Any]:
            return dataclasses.asdict(await count(user_id))

        theirs = guide.cached(client, "user_stats", 1800)(counted)
        schema = import_module(f"{subject.package}.api.routes.user_stats").UserStatsOut

        async def get_from_redis(user_id: int) -> object:
            return schema.model_validate(await theirs(user_id))

        return await against(subject, Numbers(get_from_redis))


async def ping(subject: Subject) -> Figures:
    """An endpoint of the same service that does nothing."""
    path = await subject.writer()
    return await in_turns(
        Work(REQUESTS, lambda: subject.ask("/ping", REQUESTS)),
        Work(REQUESTS, lambda: subject.ask(path, REQUESTS)),
        subject.rounds,
    )


def policy(subject: Subject, ttl: float) -> object:
    """Return how a number is kept."""
    entry = import_module(f"{subject.package}.infrastructure.cache_entry")
    codec = import_module(f"{subject.package}.infrastructure.cache_codec")
    adapter = import_module("pydantic").TypeAdapter(int)
    return entry.Policy(name="bench", codec=codec.JsonCodec(adapter), ttl=ttl)


async def hot_key(subject: Subject) -> Figures:
    """Callers who all ask when a hot key has ended, of four processes if they share the store."""
    module = import_module(f"{subject.package}.infrastructure.cache")
    processes = 4 if subject.redis else 1
    caches = [module.Cache(module.backend.build(subject.settings.cache)) for _ in range(processes)]
    kept = policy(subject, TTL_SECONDS)
    most = 0
    for number in range(subject.rounds):
        loads = 0

        async def load() -> int:
            nonlocal loads
            loads += 1
            await asyncio.sleep(LOAD_SECONDS)
            return loads

        key = f"hot-{number}"
        await caches[0].fetch(kept, load, key)
        await asyncio.sleep(TTL_SECONDS + 0.05)
        loads = 0
        await asyncio.gather(
            *(caches[caller % processes].fetch(kept, load, key) for caller in range(CALLERS))
        )
        most = max(most, loads)
    for cache in caches:
        await cache.store.close()
    return {"loads": most}


async def frozen(subject: Subject) -> Figures:
    """What callers wait longer for when the server says nothing more; nothing without one."""
    if subject.frozen is None:
        return {}
    cache = subject.state["cache"]
    kept = policy(subject, 60)
    waits: list[float] = []

    async def load(number: int) -> int:
        return number

    async def call(number: int) -> None:
        start = time.perf_counter()
        await cache.fetch(kept, partial(load, number), f"frozen-{number}")
        waits.append(time.perf_counter() - start)

    for _ in range(subject.rounds):
        gc.collect()  # a pass over all of a service takes as long as the wait, whoever it meets
        with subject.frozen():
            await asyncio.gather(*(call(number) for number in range(CALLERS)))
        async with asyncio.timeout(RECOVERY_SECONDS):
            while cache.store.breaker.is_open():
                await asyncio.sleep(0.1)
                await cache.fetch(kept, partial(load, 0), "recovered")
    return {"milliseconds": statistics.quantiles(waits, n=100)[98] * 1000}


WORKS: Mapping[str, Callable[[Subject], Awaitable[Figures]]] = {
    "cached read, against an uncached one": uncached,
    "cached read, against the guide's decorator": decorated,
    "cached read, against a ping": ping,
    "200 callers when a hot key ends": hot_key,
    "200 callers of a frozen server": frozen,
}
