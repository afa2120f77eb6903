"""Faults of the cache in Redis: a server that is killed, frozen or wrong, and killed processes.

The code of a rendered project runs in processes of its own, against a real server. Bounds on time
are settings plus what a busy machine needs.
"""

import json
import shutil
import signal
import statistics
import subprocess
import tempfile
import time
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from conftest import Variant
from environment import Environments, python_for
from redis_server import Server, redis_server

pytestmark = [pytest.mark.full, pytest.mark.timed]

PATIENCE = 2.0
"""Seconds of tolerance for a busy machine."""

TIMEOUT_SECONDS = 0.08

WORKER = '''
"""Fetches the keys of each job from the cache, and prints the durations."""

import asyncio
import json
import sys
import time

from my_service.core.cache import Cache
from my_service.core.cache.codec import JsonCodec
from my_service.core.cache.entry import Policy
from my_service.core.cache.redis import CacheSettings, build
from pydantic import TypeAdapter


async def do(cache: Cache, job: dict[str, object]) -> dict[str, object]:
    loads, waits, values = 0, [], []

    async def load() -> int:
        nonlocal loads
        loads += 1
        await asyncio.sleep(job["load_seconds"])
        return job["value"]

    async def fetch(key: str) -> None:
        start = time.perf_counter()
        values.append(await cache.fetch(policy, load, key))
        waits.append(time.perf_counter() - start)

    policy = Policy(name="test", codec=JsonCodec(TypeAdapter(int)), ttl=job["ttl"])
    if job["invalidate"]:
        await cache.invalidate(job["invalidate"])
    if job["concurrent"]:
        await asyncio.gather(*(fetch(key) for key in job["keys"]))
    else:
        for key in job["keys"]:
            await fetch(key)
    return {"loads": loads, "waits": waits, "values": values}


async def main() -> None:
    cache = Cache(build(CacheSettings.model_validate_json(sys.argv[1])))
    while line := await asyncio.to_thread(sys.stdin.readline):
        print(json.dumps(await do(cache, json.loads(line))), flush=True)
    await cache.store.close()


asyncio.run(main())
'''


@dataclass(frozen=True, slots=True)
class Done:
    """The result of a job."""

    loads: int
    waits: list[float]
    values: list[int]

    @property
    def late(self) -> float:
        """The 99th percentile of the durations, in seconds."""
        return sorted(self.waits)[len(self.waits) * 99 // 100 - 1]


@dataclass(frozen=True, slots=True)
class Worker:
    """A process with a cache."""

    process: subprocess.Popen[str]

    def start(
        self,
        *keys: str,
        value: int = 1,
        load_seconds: float = 0,
        ttl: float = 60,
        options: tuple[str, ...] = (),
    ) -> None:
        """Start to fetch keys.

        Args:
            keys: One after the other, unless "concurrent" is among the options.
            value: What a load returns.
            load_seconds: The duration of a load.
            ttl: Its time to live, in seconds.
            options: "concurrent"; "invalidate" to invalidate the first key before.
        """
        job = {
            "keys": keys,
            "value": value,
            "load_seconds": load_seconds,
            "ttl": ttl,
            "concurrent": "concurrent" in options,
            "invalidate": keys[0] if "invalidate" in options else "",
        }
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(job) + "\n")
        self.process.stdin.flush()

    def end(self) -> Done:
        """Wait for the result."""
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line, self.process.wait(10)
        return Done(**json.loads(line))


@pytest.fixture
def server() -> Iterator[Server]:
    """Yield a server."""
    with redis_server() as found:
        yield found


@dataclass(slots=True)
class Project:
    """An installed project whose cache can be used."""

    folder: Path
    shell: dict[str, str]
    workers: list[Worker] = field(default_factory=list)

    def worker(self, server: Server, timeout_seconds: float = TIMEOUT_SECONDS) -> Worker:
        """Start a process with a cache in the server."""
        settings = {
            "url": server.url,
            "timeout_seconds": timeout_seconds,
            "breaker_reset_seconds": 0.5,
        }
        process = subprocess.Popen(
            ["python", "worker.py", json.dumps(settings)],
            cwd=self.folder,
            env=self.shell,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.workers.append(Worker(process))
        return self.workers[-1]


@pytest.fixture(scope="module")
def installed(variant: Variant) -> Iterator[tuple[Path, dict[str, str]]]:
    """Yield an installed project, and the variables of its shell."""
    python = python_for("3.11")
    assert python is not None
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "my-service"
        shutil.copytree(variant(preset="minimal", cache="redis"), folder)
        (folder / "worker.py").write_text(WORKER.lstrip(), encoding="utf-8")
        environment = Environments(Path(name) / "environments").of(python)
        environment.install(folder)
        yield folder, environment.shell("default")


@pytest.fixture
def project(installed: tuple[Path, dict[str, str]]) -> Iterator[Project]:
    """Yield the project, and kill its processes after the test."""
    project = Project(*installed)
    try:
        yield project
    finally:
        for worker in project.workers:
            worker.process.kill()
            with worker.process:
                pass


def keys(number: int = 1) -> list[str]:
    """Return new keys."""
    return [uuid.uuid4().hex for _ in range(number)]


def is_stored(worker: Worker, key: str) -> bool:
    """Return whether a fetch of a key is a hit."""
    worker.start(key)
    return worker.end().loads == 0


def test_frozen_server_is_a_miss(project: Project, server: Server) -> None:
    """A frozen server costs each of the first five calls 100 ms, and the others nothing."""
    worker, (hot,) = project.worker(server), keys()
    worker.start(hot)
    worker.end()
    assert is_stored(worker, hot)
    server.signal(signal.SIGSTOP)
    worker.start(*keys(5), options=("concurrent",))
    first = worker.end()
    worker.start(*keys(200))
    others = worker.end()

    assert (first.loads, others.loads) == (5, 200)
    assert statistics.median(first.waits) < 0.1 + PATIENCE / 4
    assert others.late < 0.1 + PATIENCE / 4
    assert statistics.median(others.waits) < TIMEOUT_SECONDS

    server.signal(signal.SIGCONT)
    time.sleep(0.6)
    assert is_stored(worker, hot)


def test_concurrent_calls_of_a_frozen_server(project: Project, server: Server) -> None:
    """Two hundred concurrent callers wait at the same time, not one after the other."""
    worker = project.worker(server)
    server.signal(signal.SIGSTOP)
    worker.start(*keys(200), options=("concurrent",))
    done = worker.end()

    assert done.loads == 200
    assert max(done.waits) < 0.1 + PATIENCE


def test_killed_server_is_a_miss(project: Project, server: Server) -> None:
    """A server that is killed and comes back empty causes loads, and no error."""
    worker = project.worker(server)
    for _ in range(3):
        hot = keys(20)
        worker.start(*hot)
        worker.end()
        worker.start(*hot, *hot)
        assert worker.end().loads < 20

        server.kill()
        worker.start(*hot, *hot, value=2)
        done = worker.end()
        assert done.values == [2] * 40
        assert done.late < 0.1 + PATIENCE / 4

        server.start()
        time.sleep(0.6)
        worker.start(*hot, *hot, value=3)
        assert worker.end().loads == 20


def test_invalidation_while_it_is_frozen(project: Project, server: Server) -> None:
    """An entry invalidated while the server is frozen is not served afterwards, by any process."""
    one, other, (key,) = project.worker(server), project.worker(server, PATIENCE), keys()
    one.start(key, value=1)
    one.end()
    server.signal(signal.SIGSTOP)
    one.start(key, value=2, options=("invalidate",))
    assert one.end().values == [2]
    server.signal(signal.SIGCONT)
    time.sleep(0.6)
    one.start(key, value=2)
    assert one.end().values == [2]

    other.start(key, value=3)
    assert other.end().values == [2]


def test_wrong_data_is_replaced(project: Project, server: Server) -> None:
    """A value of another type or schema, or a damaged entry, is a miss and is replaced."""
    worker, (key,) = project.worker(server, PATIENCE), keys()
    name = f"my-service:v1:key:{key}"
    for wrong in (
        ("LPUSH", name, "x"),
        ("HSET", name, "x", "y"),
        ("SET", name, ""),
        ("SET", name, '{"value": 1}'),
        ("SETRANGE", name, "10", "\0"),
    ):
        server.do("DEL", name)
        assert not server.do(*wrong).startswith(b"-")
        worker.start(key)
        assert worker.end().loads == 1
        assert is_stored(worker, key)


def test_server_without_memory_is_a_miss(project: Project, server: Server) -> None:
    """A server that is full or read-only causes loads, and no error."""
    worker = project.worker(server, PATIENCE)
    server.own()
    for settings in (("maxmemory", "1"), ("min-replicas-to-write", "1")):
        server.do("CONFIG", "SET", *settings)
        worker.start(*keys(10), value=7)
        done = worker.end()
        assert (done.loads, done.values) == (10, [7] * 10)
        server.do("CONFIG", "SET", settings[0], "0")
        time.sleep(0.6)


def test_expired_hot_key_is_loaded_once(project: Project, server: Server) -> None:
    """Two hundred callers in two processes share one load of an expired key."""
    workers, (hot,) = [project.worker(server, 5) for _ in range(2)], keys()
    for worker in workers:  # they are up, and connected
        worker.start(hot, ttl=0.5)
        worker.end()
    time.sleep(0.6)

    def crowd(worker: Worker) -> Done:
        worker.start(*[hot] * 100, value=2, load_seconds=0.3, options=("concurrent",))
        return worker.end()

    with ThreadPoolExecutor() as threads:
        done = list(threads.map(crowd, workers))

    assert sum(item.loads for item in done) == 1
    assert [item.values for item in done] == [[2] * 100] * 2


def test_killed_loader_is_replaced(project: Project, server: Server) -> None:
    """When the loading process is killed, another takes over within a second."""
    dead, alive, (hot, other) = (
        project.worker(server, PATIENCE),
        project.worker(server, PATIENCE),
        keys(2),
    )
    for worker in (dead, alive):
        worker.start(other)
        worker.end()
    dead.start(hot, load_seconds=60)
    for _ in range(100):
        if b":1\r\n" in server.do("EVAL", "return #redis.call('KEYS', ARGV[1])", "0", f"*{hot}*"):
            break
        time.sleep(0.02)
    dead.process.kill()
    alive.start(hot, value=2)
    done = alive.end()

    assert (done.loads, done.values) == (1, [2])
    assert max(done.waits) < 1 + PATIENCE
    assert is_stored(alive, hot)
