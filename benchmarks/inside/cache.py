"""Cached reads by requests to a rendered service, and the cache by itself under faults."""

import asyncio
import dataclasses
import gc
import json
import signal
import socket
import statistics
import subprocess
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from typing import Any

import uvloop
from fastapi import FastAPI

from benchmarks.apps import guide_cache as guide
from benchmarks.inside.driver import Call, Client, Work, check_same, compare

REQUESTS = 200
CALLERS = 200
POSTS = 50
TTL_SECONDS = 0.3
LOAD_SECONDS = 0.05
RECOVERY_SECONDS = 10

Freezer = Callable[[], AbstractContextManager[None]]


@contextmanager
def run_redis() -> Iterator[tuple[str, Freezer]]:
    """Run a Redis server; yield its address, and a function that stops it within a block."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]

    @contextmanager
    def freeze() -> Iterator[None]:
        process.send_signal(signal.SIGSTOP)
        yield
        process.send_signal(signal.SIGCONT)

    with tempfile.TemporaryDirectory() as folder:
        process = subprocess.Popen(
            ["redis-server", "--bind", "127.0.0.1", "--port", str(port), "--save", ""],
            cwd=folder,
            stdout=subprocess.DEVNULL,
        )
        try:
            for _ in range(100):
                with suppress(OSError), socket.create_connection(("127.0.0.1", port)):
                    break
                time.sleep(0.05)
            yield f"redis://127.0.0.1:{port}/0", freeze
        finally:
            process.kill()
            process.wait()


@dataclass
class Subject:
    """A service with a cache.

    Attributes:
        service: Calls the service, which has all its observability.
        settings: Its settings.
        redis: The address of its Redis server; None for the store in memory.
        freeze: Stops that server within a block.
        rounds: How often work is repeated.
    """

    service: Client
    settings: Any
    redis: str | None
    freeze: Freezer
    rounds: int

    @property
    def services(self) -> Any:  # noqa: ANN401
        """The services of its components, by type."""
        return self.service.state["services"]

    async def create_author(self) -> Call:
        """Create a user with posts; return the request for the user's statistics."""
        email = f"writer{self.service.requests}@example.org"
        author = await self.post("/users", email=email, name="Writer")
        for _ in range(POSTS):
            await self.post("/posts", author_id=author, title="Hello", body="world " * 20)
        return Call(f"/users/{author}/stats")

    async def post(self, path: str, **body: object) -> int:
        """Create an entity; return its id."""
        created = await self.service.json(Call(path, "POST", json.dumps(body).encode()))
        entity_id: int = created["id"]
        return entity_id


class Stats:
    """Replaces the service's own source of user statistics."""

    def __init__(self, get: Callable[[int], Awaitable[object]]) -> None:
        self.get_user_stats = get


def user_stats_service() -> Any:  # noqa: ANN401
    """Return the type of the service's own source of user statistics."""
    return import_module("my_service.services.user_stats").UserStatsService


@contextmanager
def replaced(subject: Subject, stats: Stats) -> Iterator[None]:
    """Replace the source of user statistics while the block runs."""
    kind = user_stats_service()
    own = subject.services.get(kind)
    subject.services.replace(kind, stats)
    try:
        yield
    finally:
        subject.services.replace(kind, own)


async def compare_stats(subject: Subject, baseline: Stats) -> dict[str, float]:
    """Compare the service's cached read with another source, both by requests."""
    call = await subject.create_author()
    service = subject.service

    async def send_to_baseline() -> None:
        with replaced(subject, baseline):
            await service.send([call] * REQUESTS)

    ours = await service.json(call)
    with replaced(subject, baseline):
        check_same(await service.json(call), ours)
    return await compare(
        Work(REQUESTS, send_to_baseline),
        Work(REQUESTS, lambda: service.send([call] * REQUESTS)),
        subject.rounds,
    )


async def against_uncached(subject: Subject) -> dict[str, float]:
    stats = subject.services.get(user_stats_service())
    return await compare_stats(subject, Stats(stats.repository.get))


async def against_decorator(subject: Subject) -> dict[str, float]:
    """Compare with the guide's own decorator for the store."""
    count = subject.services.get(user_stats_service()).repository.get
    if subject.redis is None:
        known: dict[int, object] = {}
        decorated = guide.cache_with_ttl(1800)(known.__getitem__)

        async def get(user_id: int) -> object:
            if user_id not in known:
                known[user_id] = await count(user_id)
            return decorated(user_id)

        return await compare_stats(subject, Stats(get))
    async with import_module("redis.asyncio").Redis.from_url(subject.redis) as client:

        async def count_as_dict(user_id: int) -> dict[str, Any]:
            return dataclasses.asdict(await count(user_id))

        decorated = guide.cached(client, "user_stats", 1800)(count_as_dict)
        schema = import_module("my_service.api.routes.user_stats").UserStatsOut

        async def get_from_redis(user_id: int) -> object:
            return schema.model_validate(await decorated(user_id))

        return await compare_stats(subject, Stats(get_from_redis))


async def against_ping(subject: Subject) -> dict[str, float]:
    call = await subject.create_author()
    return await compare(
        Work(REQUESTS, lambda: subject.service.send([Call("/ping")] * REQUESTS)),
        Work(REQUESTS, lambda: subject.service.send([call] * REQUESTS)),
        subject.rounds,
    )


def int_policy(ttl: float) -> object:
    """Return the cache policy of an integer."""
    entry = import_module("my_service.core.cache.entry")
    codec = import_module("my_service.core.cache.codec")
    adapter = import_module("pydantic").TypeAdapter(int)
    return entry.Policy(name="bench", codec=codec.JsonCodec(adapter), ttl=ttl)


async def expired_hot_key(subject: Subject) -> dict[str, float]:
    """Count the loads when a hot key expires; callers of Redis share it from four caches."""
    module = import_module("my_service.core.cache")
    processes = 4 if subject.redis else 1
    caches = [module.Cache(module.backend.build(subject.settings.cache)) for _ in range(processes)]
    policy = int_policy(TTL_SECONDS)
    most = 0
    for index in range(subject.rounds):
        loads = 0

        async def load() -> int:
            nonlocal loads
            loads += 1
            await asyncio.sleep(LOAD_SECONDS)
            return loads

        key = f"hot-{index}"
        await caches[0].fetch(policy, load, key)
        await asyncio.sleep(TTL_SECONDS + 0.05)
        loads = 0
        await asyncio.gather(
            *(caches[caller % processes].fetch(policy, load, key) for caller in range(CALLERS))
        )
        most = max(most, loads)
    for cache in caches:
        await cache.store.close()
    return {"loads": most}


async def frozen_server(subject: Subject) -> dict[str, float]:
    """Measure how long callers wait when Redis does not respond."""
    cache = subject.services.get(import_module("my_service.core.cache").Cache)
    policy = int_policy(60)
    waits: list[float] = []

    async def load(index: int) -> int:
        return index

    async def call(index: int) -> None:
        start = time.perf_counter()
        await cache.fetch(policy, partial(load, index), f"frozen-{index}")
        waits.append(time.perf_counter() - start)

    for _ in range(subject.rounds):
        gc.collect()  # a full collection during the calls would count as a wait
        with subject.freeze():
            await asyncio.gather(*(call(index) for index in range(CALLERS)))
        async with asyncio.timeout(RECOVERY_SECONDS):
            while cache.store.breaker.is_open():
                await asyncio.sleep(0.1)
                await cache.fetch(policy, partial(load, 0), "recovered")
    return {"milliseconds": statistics.quantiles(waits, n=100)[98] * 1000}


Measure = Callable[[Subject], Awaitable[dict[str, float]]]
ROWS: Mapping[str, Measure] = {
    "cached read, against an uncached one": against_uncached,
    "cached read, against the guide's decorator": against_decorator,
    "cached read, against a ping": against_ping,
    "200 callers when a hot key expires": expired_hot_key,
}
REDIS_ROWS: Mapping[str, Measure] = {"200 callers of a frozen server": frozen_server}


async def measure_rows(app: FastAPI, subject: Subject, rows: list[str]) -> dict[str, object]:
    async with app.router.lifespan_context(app) as state:
        subject.service.state = {**(state or {})}
        figures = {row: await {**ROWS, **REDIS_ROWS}[row](subject) for row in rows}
    return {"figures": figures, "requests": subject.service.requests}


def measure(options: Mapping[str, Any]) -> dict[str, object]:
    """Measure with the project's test database, and with Redis if the project uses it."""
    server = run_redis() if options["cache"] == "redis" else nullcontext((None, nullcontext))
    database_url = import_module("support.database").migrated_database_url
    with server as (redis, freeze), database_url() as url:
        given = {"database": {"url": url}} | ({"cache": {"url": redis}} if redis else {})
        settings = import_module("my_service.settings").Settings.load(given)
        app = import_module("my_service.app").create_app(settings)
        subject = Subject(Client(app), settings, redis, freeze, int(options["rounds"]))
        return uvloop.run(measure_rows(app, subject, options["rows"]))
