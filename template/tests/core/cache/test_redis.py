"""The Redis store: whatever the server does is a miss, soon; and what is forgotten stays so."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Self

import pytest
from fakeredis import FakeAsyncRedis, FakeServer
from pydantic import TypeAdapter

from {{ package_name }}.core.cache import Cache, CacheSettings
from {{ package_name }}.core.cache import redis as redis_cache
from {{ package_name }}.core.cache.codec import JsonCodec
from {{ package_name }}.core.cache.entry import Policy, name_of
from {{ package_name }}.core.cache.redis import (
    ERRORS,
    Breaker,
    RedisStore,
    build,
)
from {{ package_name }}.core.cache.store import StoreError
from {{ package_name }}.core.settings import InvalidSettingsError
from {{ package_name }}.settings import Settings

POLICY = Policy(name="test", codec=JsonCodec(TypeAdapter(int)), ttl=10)


class Clock:
    """A clock that a test moves."""

    now = 0.0

    def __call__(self) -> float:
        """Return the time."""
        return self.now


@pytest.fixture
def server() -> FakeServer:
    """Return a server, which can be switched off."""
    return FakeServer()


@pytest.fixture
def clock() -> Clock:
    """Return the clock of the breaker."""
    return Clock()


@pytest.fixture
async def store(server: FakeServer, clock: Clock) -> AsyncIterator[RedisStore]:
    """Yield a store in the server."""
    store = RedisStore(
        FakeAsyncRedis(server=server), CacheSettings(operation_seconds=5), Breaker(5, clock)
    )
    yield store
    await store.close()


def returning(value: int) -> Callable[[], Awaitable[int]]:
    """Return what loads a value."""

    async def load() -> int:
        return value

    return load


async def test_values_are_kept(store: RedisStore) -> None:
    """A value is added once, replaced if it was seen, and deleted."""
    assert await store.add("a", b"1", 10)
    assert not await store.add("a", b"2", 10)
    assert await store.read(["a", "b"]) == [b"1", None]

    for seen, value in ((b"1", b"2"), (b"1", b"3"), (None, b"4")):
        await store.replace("a", seen, value, 10)
    assert await store.read(["a"]) == [b"2"]

    await store.delete("a")
    await store.replace("a", None, b"5", 10)
    assert await store.read(["a"]) == [b"5"]
    assert 0 < await store.client.pttl("a") <= 10_000


async def test_time_is_never_nothing(store: RedisStore) -> None:
    """A time that is too short for the server is no error."""
    await store.mark("a", b"1", 0)

    assert store.marks == {}


async def test_hit_after_miss(store: RedisStore) -> None:
    """What was loaded is served."""
    cache = Cache(store)

    assert await cache.fetch(POLICY, returning(1), "a", ["x"]) == 1
    assert await cache.fetch(POLICY, returning(2), "a", ["x"]) == 1


async def test_wrong_type_is_replaced(store: RedisStore) -> None:
    """A list where an entry should be is a miss, and gone."""
    await store.client.lpush(name_of("key", "a"), "x")
    cache = Cache(store)

    assert await cache.fetch(POLICY, returning(1), "a") == 1
    assert await cache.fetch(POLICY, returning(2), "a") == 1


@pytest.mark.parametrize("size", [0, 1, 8, 12, 13, 14])
async def test_truncated_entry_is_replaced(store: RedisStore, size: int) -> None:
    """An entry that has lost its end is a miss, and gone."""
    cache, name = Cache(store), name_of("key", "a")
    await cache.fetch(POLICY, returning(1234), "a")
    (whole,) = await store.read([name])
    assert whole is not None
    await store.mark(name, whole[:size], 10)

    assert await cache.fetch(POLICY, returning(1), "a") == 1
    assert await cache.fetch(POLICY, returning(2), "a") == 1


async def test_outage_is_a_miss(store: RedisStore, server: FakeServer) -> None:
    """A server that is down fails nobody."""
    cache = Cache(store)
    await cache.fetch(POLICY, returning(1), "a")
    server.connected = False

    assert await cache.fetch(POLICY, returning(2), "a") == 2


async def test_breaker_opens_and_closes(
    store: RedisStore, server: FakeServer, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    """After five errors one caller tries from time to time; two lines of the log tell of it all."""
    caplog.set_level(logging.INFO)
    (is_open,) = (read for name, read in store.gauges.items() if name == "breaker_open")
    server.connected = False
    for _ in range(ERRORS):
        assert not is_open()
        with pytest.raises(StoreError, match="can't serve"):
            await store.read(["a"])
    assert is_open()

    server.connected = True
    with pytest.raises(StoreError, match="left alone"):
        await store.read(["a"])
    server.connected = False
    clock.now = 5
    with pytest.raises(StoreError, match="can't serve"):
        await store.read(["a"])
    server.connected = True
    with pytest.raises(StoreError, match="left alone"):
        await store.read(["a"])

    clock.now = 10
    assert await store.read(["a"]) == [None]
    assert not is_open()
    assert [record.message for record in caplog.records] == ["cache.given_up", "cache.recovered"]


async def test_errors_in_between_open_nothing(store: RedisStore, server: FakeServer) -> None:
    """An error now and then is no outage."""
    for number in range(2 * ERRORS):
        server.connected = bool(number % 2)
        with_error = not server.connected
        if with_error:
            with pytest.raises(StoreError):
                await store.read(["a"])
        else:
            assert await store.read(["a"]) == [None]


async def test_forgotten_in_an_outage(store: RedisStore, server: FakeServer) -> None:
    """What was to be forgotten while the server was down is so before it is read again."""
    cache = Cache(store)
    await cache.fetch(POLICY, returning(1), "a", ["x"])
    await cache.fetch(POLICY, returning(1), "b")
    server.connected = False
    await cache.forget("b")
    await cache.forget_tagged("x")
    assert len(store.marks) == store.gauges["marks_waiting"]() == 2
    server.connected = True

    assert await cache.fetch(POLICY, returning(2), "a", ["x"]) == 2
    assert await cache.fetch(POLICY, returning(2), "b") == 2
    assert store.marks == {}


async def test_marks_that_wait_are_bounded(
    store: RedisStore, server: FakeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A long outage takes no memory without end, and all that waits is written after it."""
    monkeypatch.setattr(redis_cache, "MOST_MARKS", 10)
    monkeypatch.setattr(redis_cache, "MARKS_AT_ONCE", 3)
    server.connected = False
    store.breaker.seconds = 0
    for number in range(20):
        await store.mark(str(number), b"1", 10)
    assert list(store.marks) == [str(number) for number in range(10, 20)]
    server.connected = True

    names = [str(number) for number in range(20)]
    assert await store.read(names) == [None] * 10 + [b"1"] * 10


async def test_newer_mark_is_kept(store: RedisStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """A mark that is written while an older one is on its way is written too."""
    waiting, may_go = asyncio.Event(), asyncio.Event()
    client = store.client
    whole = client.pipeline

    class Slow:
        """A pipeline that waits."""

        def __init__(self, **_: object) -> None:
            self.pipe = whole(transaction=False)
            self.set = self.pipe.set

        async def __aenter__(self) -> Self:
            return self

        async def __aexit__(self, *_: object) -> None:
            await self.pipe.aclose()

        async def execute(self) -> None:
            waiting.set()
            await may_go.wait()
            await self.pipe.execute()

    monkeypatch.setattr(client, "pipeline", lambda **_: Slow())
    first = asyncio.create_task(store.mark("a", b"1", 10))
    await waiting.wait()
    second = asyncio.create_task(store.mark("a", b"2", 10))
    await asyncio.sleep(0)
    may_go.set()
    await asyncio.gather(first, second)

    assert await store.read(["a"]) == [b"2"]


@asynccontextmanager
async def answering(reply: bytes | None) -> AsyncIterator[str]:
    """Serve a fixed answer to whatever comes, or none, and yield the address."""

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
async def test_every_answer_is_a_miss_in_time(reply: bytes | None) -> None:
    """A server that is frozen, or says whatever else, costs no more than the time for it."""
    async with answering(reply) as url:
        store = build(CacheSettings.model_validate({"url": url, "operation_seconds": 0.05}))
        cache = Cache(store)
        for number in range(2 * ERRORS):
            start = time.monotonic()
            assert await cache.fetch(POLICY, returning(number), str(number)) == number
            await cache.forget(str(number))
            assert time.monotonic() - start < 1
        await store.close()


async def test_many_at_once_wait_no_longer() -> None:
    """A hundred callers wait for a frozen server at the same time, not one after the other."""
    async with answering(None) as url:
        settings = {"url": url, "operation_seconds": 0.1, "connections": 2}
        store = build(CacheSettings.model_validate(settings))
        cache = Cache(store)
        start = time.monotonic()
        fetches = (cache.fetch(POLICY, returning(n), str(n)) for n in range(100))
        assert await asyncio.gather(*fetches) == list(range(100))
        assert time.monotonic() - start < 2
        await store.close()


async def test_reply_of_another_is_never_read(server: FakeServer) -> None:
    """A caller who leaves in the middle leaves no answer behind for the next one."""
    waiting = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(65_536):
            if b"first" in data:
                waiting.set()
                await asyncio.sleep(0.05)
            answer = b"+OK\r\n" * data.count(b"*")
            if b"MGET" in data:
                answer = b"*1\r\n$5\r\n" + data[-7:-2] + b"\r\n"
            writer.write(answer)
        writer.close()

    listener = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with listener:
        port = listener.sockets[0].getsockname()[1]
        url = f"redis://127.0.0.1:{port}/0?protocol=2"
        settings = {"url": url, "operation_seconds": 5, "connections": 1}
        store = build(CacheSettings.model_validate(settings))
        first = asyncio.create_task(store.read(["first"]))
        await waiting.wait()
        first.cancel()
        await asyncio.gather(first, return_exceptions=True)

        assert await store.read(["other"]) == [b"other"]
        await store.close()
    assert server.connected


def test_address_is_checked() -> None:
    """An address of something else is named at the start, and none is ever shown."""
    with pytest.raises(InvalidSettingsError, match=r"CACHE__URL: .*redis://localhost") as caught:
        Settings.load({"cache": {"url": "http://user:hunter2@localhost"}})
    assert "hunter2" not in str(caught.value)

    settings = Settings.load({"cache": {"url": "rediss://user:hunter2@localhost/1"}})
    assert "hunter2" not in repr(settings)
