"""The Redis backend: any failure is a miss within the timeout; invalidations survive an outage."""

import asyncio
import logging
import time
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Self

import pytest
from fakeredis import FakeAsyncRedis, FakeServer
from pydantic import TypeAdapter

from {{ package_name }}.core.cache import Cache
from {{ package_name }}.core.cache import redis as redis_cache
from {{ package_name }}.core.cache.codec import JsonCodec
from {{ package_name }}.core.cache.entry import Policy, storage_key
from {{ package_name }}.core.cache.redis import (
    FAILURE_THRESHOLD,
    Breaker,
    CacheSettings,
    RedisStore,
    build,
)
from {{ package_name }}.core.cache.store import CacheUnavailableError
from {{ package_name }}.practices import PracticeSettings

from support.settings import assert_refused

POLICY = Policy(name="test", codec=JsonCodec(TypeAdapter(int)), ttl=10)


class Clock:
    """A clock that a test sets."""

    now = 0.0

    def __call__(self) -> float:
        """Return the time."""
        return self.now


@pytest.fixture
def server() -> FakeServer:
    """Return a server that a test can disconnect."""
    return FakeServer()


@pytest.fixture
def clock() -> Clock:
    """Return the clock of the circuit breaker."""
    return Clock()


@pytest.fixture
async def store(server: FakeServer, clock: Clock) -> AsyncIterator[RedisStore]:
    """Yield a store with the server."""
    store = RedisStore(
        FakeAsyncRedis(server=server), CacheSettings(timeout_seconds=5), Breaker(5, clock)
    )
    yield store
    await store.close()


def returning(value: int) -> Callable[[], Awaitable[int]]:
    """Return a function that loads a value."""

    async def load() -> int:
        return value

    return load


async def test_values_are_stored(store: RedisStore) -> None:
    """`set_if_absent` stores once, and `compare_and_set` replaces only the expected value."""
    assert await store.set_if_absent("a", b"1", 10)
    assert not await store.set_if_absent("a", b"2", 10)
    assert await store.get_many(["a", "b"]) == [b"1", None]

    for expected, value in ((b"1", b"2"), (b"1", b"3"), (None, b"4")):
        await store.compare_and_set("a", expected, value, 10)
    assert await store.get_many(["a"]) == [b"2"]

    await store.delete("a")
    await store.compare_and_set("a", None, b"5", 10)
    assert await store.get_many(["a"]) == [b"5"]
    assert 0 < await store.client.pttl("a") <= 10_000


async def test_ttl_is_at_least_a_millisecond(store: RedisStore) -> None:
    """Redis rejects a ttl of 0."""
    await store.set("a", b"1", 0)

    assert store.pending == {}


async def test_hit_after_miss(store: RedisStore) -> None:
    """A loaded value is a hit."""
    cache = Cache(store)

    assert await cache.fetch(POLICY, returning(1), "a", ["x"]) == 1
    assert await cache.fetch(POLICY, returning(2), "a", ["x"]) == 1


async def test_wrong_type_is_replaced(store: RedisStore) -> None:
    """A list in place of an entry is a miss, and is replaced."""
    await store.client.lpush(storage_key("key", "a"), "x")
    cache = Cache(store)

    assert await cache.fetch(POLICY, returning(1), "a") == 1
    assert await cache.fetch(POLICY, returning(2), "a") == 1


@pytest.mark.parametrize("size", [0, 1, 8, 12, 13, 14])
async def test_truncated_entry_is_replaced(store: RedisStore, size: int) -> None:
    """An entry that has lost its end is a miss, and is replaced."""
    cache, key = Cache(store), storage_key("key", "a")
    await cache.fetch(POLICY, returning(1234), "a")
    (whole,) = await store.get_many([key])
    assert whole is not None
    await store.set(key, whole[:size], 10)

    assert await cache.fetch(POLICY, returning(1), "a") == 1
    assert await cache.fetch(POLICY, returning(2), "a") == 1


async def test_outage_is_a_miss(store: RedisStore, server: FakeServer) -> None:
    """Without a server, values are loaded."""
    cache = Cache(store)
    await cache.fetch(POLICY, returning(1), "a")
    server.connected = False

    assert await cache.fetch(POLICY, returning(2), "a") == 2


async def test_breaker_opens_and_closes(
    store: RedisStore, server: FakeServer, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    """It opens after five failures, allows one trial call per interval, and logs both changes."""
    caplog.set_level(logging.INFO)
    (is_open,) = (read for name, read in store.gauges.items() if name == "breaker_open")
    server.connected = False
    for _ in range(FAILURE_THRESHOLD):
        assert not is_open()
        with pytest.raises(CacheUnavailableError, match="Redis is unavailable"):
            await store.get_many(["a"])
    assert is_open()

    server.connected = True
    with pytest.raises(CacheUnavailableError, match="breaker is open"):
        await store.get_many(["a"])
    server.connected = False
    clock.now = 5
    with pytest.raises(CacheUnavailableError, match="Redis is unavailable"):
        await store.get_many(["a"])
    server.connected = True
    with pytest.raises(CacheUnavailableError, match="breaker is open"):
        await store.get_many(["a"])

    clock.now = 10
    assert await store.get_many(["a"]) == [None]
    assert not is_open()
    assert [record.message for record in caplog.records] == [
        "cache.circuit_opened",
        "cache.circuit_closed",
    ]


async def test_single_failures_do_not_open_the_breaker(
    store: RedisStore, server: FakeServer
) -> None:
    """Only failures in a row count."""
    for number in range(2 * FAILURE_THRESHOLD):
        server.connected = bool(number % 2)
        if server.connected:
            assert await store.get_many(["a"]) == [None]
        else:
            with pytest.raises(CacheUnavailableError):
                await store.get_many(["a"])


async def test_invalidation_survives_an_outage(store: RedisStore, server: FakeServer) -> None:
    """An invalidation during an outage is written before the next read."""
    cache = Cache(store)
    await cache.fetch(POLICY, returning(1), "a", ["x"])
    await cache.fetch(POLICY, returning(1), "b")
    server.connected = False
    await cache.invalidate("b")
    await cache.invalidate_tag("x")
    assert len(store.pending) == store.gauges["pending_invalidations"]() == 2
    server.connected = True

    assert await cache.fetch(POLICY, returning(2), "a", ["x"]) == 2
    assert await cache.fetch(POLICY, returning(2), "b") == 2
    assert store.pending == {}


async def test_pending_invalidations_are_bounded(
    store: RedisStore, server: FakeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Over the maximum the oldest is dropped; the others are written after the outage."""
    monkeypatch.setattr(redis_cache, "MAX_PENDING_INVALIDATIONS", 10)
    monkeypatch.setattr(redis_cache, "INVALIDATION_BATCH_SIZE", 3)
    server.connected = False
    store.breaker.reset_seconds = 0
    for number in range(20):
        await store.set(str(number), b"1", 10)
    assert list(store.pending) == [str(number) for number in range(10, 20)]
    server.connected = True

    keys = [str(number) for number in range(20)]
    assert await store.get_many(keys) == [None] * 10 + [b"1"] * 10


async def test_newer_invalidation_is_written(
    store: RedisStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An invalidation that comes while an older one is being written is written too."""
    waiting, may_continue = asyncio.Event(), asyncio.Event()
    client = store.client
    pipeline = client.pipeline

    class Slow:
        """A pipeline that waits."""

        def __init__(self, **_: object) -> None:
            self.pipe = pipeline(transaction=False)
            self.set = self.pipe.set

        async def __aenter__(self) -> Self:
            return self

        async def __aexit__(self, *_: object) -> None:
            await self.pipe.aclose()

        async def execute(self) -> None:
            waiting.set()
            await may_continue.wait()
            await self.pipe.execute()

    monkeypatch.setattr(client, "pipeline", lambda **_: Slow())
    first = asyncio.create_task(store.set("a", b"1", 10))
    await waiting.wait()
    second = asyncio.create_task(store.set("a", b"2", 10))
    await asyncio.sleep(0)
    may_continue.set()
    await asyncio.gather(first, second)

    assert await store.get_many(["a"]) == [b"2"]


@asynccontextmanager
async def replying(reply: bytes | None) -> AsyncGenerator[str]:
    """Serve one fixed reply to every command, None for no reply, and yield the URL."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while reply is not None and await reader.read(65_536):
            writer.write(reply)
        await reader.read()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server:
        yield f"redis://127.0.0.1:{port}/0"


@pytest.mark.parametrize(
    "reply",
    [
        None,
        b"HTTP/1.1 400 Bad Request\r\n\r\n",
        b"\x00\xff\xfe\r\n",
        b":1\r\n" * 9,
        b"*-1\r\n" * 9,
        b"*1\r\n*1\r\n:1\r\n" * 9,
        b"$100000000\r\nx",
        b"$-7\r\n" * 9,
        b"$x\r\n" * 9,
        b"%1\r\n+a\r\n+b\r\n" * 9,
        b"-LOADING Redis is loading the dataset in memory\r\n" * 9,
        b"-READONLY You can't write against a read only replica.\r\n" * 9,
        b"-OOM command not allowed when used memory > 'maxmemory'.\r\n" * 9,
        b"-NOAUTH Authentication required.\r\n" * 9,
        b"+OK\r\n" * 9,
    ],
    ids=lambda reply: "frozen" if reply is None else ascii(reply[:20]),
)
async def test_every_bad_reply_is_a_miss_within_the_timeout(reply: bytes | None) -> None:
    """A frozen server, or one with wrong replies, takes no longer than the timeout."""
    async with replying(reply) as url:
        store = build(CacheSettings.model_validate({"url": url, "timeout_seconds": 0.05}))
        cache = Cache(store)
        for number in range(2 * FAILURE_THRESHOLD):
            start = time.monotonic()
            assert await cache.fetch(POLICY, returning(number), str(number)) == number
            await cache.invalidate(str(number))
            assert time.monotonic() - start < 1
        await store.close()


async def test_concurrent_callers_wait_together() -> None:
    """A hundred callers wait for a frozen server concurrently."""
    async with replying(None) as url:
        settings = {"url": url, "timeout_seconds": 0.1, "max_connections": 2}
        store = build(CacheSettings.model_validate(settings))
        cache = Cache(store)
        start = time.monotonic()
        fetches = (cache.fetch(POLICY, returning(n), str(n)) for n in range(100))
        assert await asyncio.gather(*fetches) == list(range(100))
        assert time.monotonic() - start < 2
        await store.close()


async def test_reply_of_a_cancelled_call_is_not_read() -> None:
    """The next call on the connection of a cancelled one gets its own reply."""
    waiting = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(65_536):
            if b"first" in data:
                waiting.set()
                await asyncio.sleep(0.05)
            reply = b"+OK\r\n" * data.count(b"*")
            if b"MGET" in data:
                reply = b"*1\r\n$5\r\n" + data[-7:-2] + b"\r\n"
            writer.write(reply)
        writer.close()

    listener = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with listener:
        port = listener.sockets[0].getsockname()[1]
        url = f"redis://127.0.0.1:{port}/0?protocol=2"
        settings = {"url": url, "timeout_seconds": 5, "max_connections": 1}
        store = build(CacheSettings.model_validate(settings))
        first = asyncio.create_task(store.get_many(["first"]))
        await waiting.wait()
        first.cancel()
        await asyncio.gather(first, return_exceptions=True)

        assert await store.get_many(["other"]) == [b"other"]
        await store.close()


@pytest.mark.parametrize(
    "url",
    [
        "",
        "hunter2",
        "http://user:hunter2@localhost",
        "redis://",
        "redis://:hunter2@",
        "redis://:hunter2@/0",
        "redis://:hunter2@localhost:port",
        "redis://:hunter2@localhost:0",
        "redis://:p#hunter2@localhost",
        "redis://:p/hunter2@localhost",
        "redis://:p?hunter2@localhost",
        "redis://:[hunter2@localhost",
        "redis://:hunter2@localhost/cache",
        "redis://:hunter2@localhost/0\n",
        "redis://:hunter2@localhost/0?db=one",
        "redis://:hunter2@localhost/0?pool=hunter2",
        "redis://:hunter2@localhost/0?protocol=9",
        "rediss://:hunter2@localhost/0?ssl_cert_reqs=hunter2",
        "unix://hunter2",
        "unix:///hunter2 ",
    ],
)
def test_bad_url_is_refused(url: str) -> None:
    """A URL that can't be used is an error of one line that names the variable and no value."""
    assert_refused("CACHE__URL", {"cache": {"url": url}})


@pytest.mark.parametrize(
    "url",
    [
        "redis://localhost",
        "redis://user:hunter2@[::1]:6380/",
        "redis://user:hunter2%23%40@localhost/1?protocol=3",
        "rediss://:hunter2@localhost:6380/1?ssl_cert_reqs=none",
        "unix:///run/redis.sock?db=1",
    ],
)
def test_url_is_accepted(url: str) -> None:
    """A URL of redis-py is accepted, and not shown."""
    settings = PracticeSettings.load({"cache": {"url": url}})

    assert settings.cache.url.get_secret_value() == url
    assert "hunter2" not in repr(settings)
