"""The worker: due jobs run, through failures of the queue, until a signal."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncGenerator, Iterator, Mapping
from threading import Thread

import pytest
from fakeredis import TcpFakeServer
from pydantic import JsonValue
from redis.asyncio import Redis
from taskiq import AsyncBroker, BrokerMessage

from {{ package_name }}.__main__ import main
from {{ package_name }}.core.app import Application
from {{ package_name }}.core.database import build
from {{ package_name }}.core.jobs import JobsSettings
from {{ package_name }}.core.jobs import broker as queue
from {{ package_name }}.core.jobs import worker as module
from {{ package_name }}.core.jobs.broker import build_queue
from {{ package_name }}.core.jobs.durable import Jobs
from {{ package_name }}.core.jobs.outbox import Job, Outbox
from {{ package_name }}.core.jobs.worker import Worker, work
from {{ package_name }}.core.names import PREFIX
from {{ package_name }}.practices import PracticeSettings

from support.client import practice_app
from support.server import contained, free_port


class Queue(AsyncBroker):
    """A queue in memory that fails a number of times, at both ends."""

    def __init__(self, failures: int) -> None:
        super().__init__()
        self.messages: asyncio.Queue[bytes] = asyncio.Queue()
        self.failures = {"kick": failures, "listen": failures}
        self.listening = asyncio.Event()

    def fail(self, end: str) -> None:
        """Raise an error, if failures are left."""
        self.failures[end] -= 1
        if self.failures[end] >= 0:
            raise ConnectionError("no queue today")

    async def kick(self, message: BrokerMessage) -> None:
        """Store a message."""
        self.fail("kick")
        await self.messages.put(message.message)

    async def listen(self) -> AsyncGenerator[bytes, object]:
        """Yield messages."""
        self.fail("listen")
        self.listening.set()
        while True:
            yield await self.messages.get()


@pytest.mark.parametrize("failures", [0, 2])
async def test_jobs_are_done(own_database_url: str, failures: int) -> None:
    """A job runs; failures of the queue lose nothing."""
    database = build(PracticeSettings.load({"database": {"url": own_database_url}}).database)
    settings = JobsSettings(poll_seconds=0.01)
    jobs = Jobs(Outbox(database, settings), settings)
    done = asyncio.Event()
    payloads: list[Mapping[str, JsonValue]] = []

    async def note(payload: Mapping[str, JsonValue]) -> None:
        payloads.append(payload)
        done.set()

    jobs.handlers["note"] = note
    worker = Worker(jobs, Queue(failures), settings)
    running = asyncio.create_task(worker.run())

    await jobs.outbox.enqueue(Job(name="note", key="1", payload={"user": 1}))
    await asyncio.wait_for(done.wait(), timeout=30)
    worker.stopped.set()
    await running

    assert payloads == [{"user": 1}]
    await database.engine.dispose()


async def test_stop_is_bounded(own_database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker ends after a stop, though its outbox does not respond."""
    monkeypatch.setattr(module, "STOP_TIMEOUT_SECONDS", 0.05)
    database = build(PracticeSettings.load({"database": {"url": own_database_url}}).database)
    settings = JobsSettings(drain_seconds=0)
    jobs = Jobs(Outbox(database, settings), settings)
    dispatching = asyncio.Event()

    async def hang() -> None:
        dispatching.set()
        await asyncio.Event().wait()

    monkeypatch.setattr(jobs, "schedule", hang)
    worker = Worker(jobs, Queue(failures=0), settings)
    running = asyncio.create_task(worker.run())
    await dispatching.wait()

    worker.stopped.set()

    await asyncio.wait_for(running, timeout=30)
    await database.engine.dispose()


@pytest.fixture
def redis_url() -> Iterator[str]:
    """Yield the address of a fake Redis server."""
    server = TcpFakeServer(("127.0.0.1", 0))
    serving = Thread(target=server.serve_forever, daemon=True)
    serving.start()
    yield f"redis://127.0.0.1:{server.server_address[1]}/0"
    server.shutdown()
    server.server_close()
    serving.join()


async def test_queue_delivers_messages(redis_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A message is delivered after an empty poll; the settings don't show the URL."""
    brpop = Redis.brpop
    calls: asyncio.Queue[list[str]] = asyncio.Queue()

    async def recorded(redis: Redis, keys: list[str], **options: float) -> object:
        calls.put_nowait(keys)
        return await brpop(redis, keys, **options)

    monkeypatch.setattr(Redis, "brpop", recorded)
    monkeypatch.setattr(queue, "POP_TIMEOUT", 0.05)
    settings = JobsSettings.model_validate({"redis_url": redis_url})
    broker = build_queue(settings)
    messages = broker.listen()
    waiting = asyncio.ensure_future(anext(messages))
    async with asyncio.timeout(30):
        await calls.get()
        await calls.get()  # the first call timed out

    fields = {"task_id": "1", "task_name": "job", "labels": {}, "labels_types": {}}
    await broker.kick(BrokerMessage.model_validate({**fields, "message": b"hello"}))

    assert await waiting == b"hello"
    await messages.aclose()
    await broker.shutdown()
    assert redis_url not in repr(settings)


@pytest.fixture
def _signals() -> Iterator[None]:
    """Restore the signal handlers after a test."""
    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    yield
    for number, handler in handlers.items():
        signal.signal(number, handler)


@pytest.mark.usefixtures("_signals")
async def test_signal_ends_the_worker(
    own_database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An idle worker stops on SIGTERM."""
    settings = PracticeSettings.load({"database": {"url": own_database_url}})
    jobs = Queue(failures=0)
    monkeypatch.setattr(module, "build_queue", lambda _settings: jobs)
    working = asyncio.create_task(work(practice_app(settings), settings.jobs))
    await asyncio.wait_for(jobs.listening.wait(), timeout=30)

    signal.raise_signal(signal.SIGTERM)

    await asyncio.wait_for(working, timeout=30)


def test_worker_waits_for_its_queue(own_database_url: str) -> None:
    """Without its queue, a worker logs the failure and continues; SIGTERM ends it with 0."""
    url = f"redis://127.0.0.1:{free_port()}/0"
    variables = {"JOBS__REDIS_URL": url, "DATABASE__URL": own_database_url}
    with (
        subprocess.Popen(
            [sys.executable, "-m", "{{ package_name }}", "worker"],
            env=os.environ | {PREFIX + name: value for name, value in variables.items()},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        ) as process,
        contained(process),
    ):
        assert process.stdout is not None
        line = next(
            line
            for line in process.stdout
            if b"outbox.dispatch_failed" in line or b"outbox.consume_failed" in line
        )
        process.send_signal(signal.SIGTERM)
        rest = process.stdout.read()

        assert process.wait(timeout=30) == 0, line + rest


def test_command_runs_a_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    """The sub-command runs a worker with the application, and ends with status 0."""
    titles: list[str] = []

    async def work(app: Application, _settings: JobsSettings) -> None:
        titles.append(app.title)

    monkeypatch.setattr(module, "work", work)

    assert main(["worker"]) == 0
    assert titles == ["{{ distribution_name }}"]
