"""The worker: what is due is done, whatever disturbs the queue, until a signal ends it."""

import asyncio
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

from {{ package_name }}.core.database import build
from {{ package_name }}.core.jobs import JobsSettings
from {{ package_name }}.core.jobs import broker as queue
from {{ package_name }}.core.jobs.broker import build_queue
from {{ package_name }}.core.jobs.durable import Jobs
from {{ package_name }}.core.jobs.outbox import Job, Outbox
from {{ package_name }}.core.jobs.worker import Worker
from {{ package_name }}.core.jobs.worker import __main__ as command
from {{ package_name }}.core.settings import PREFIX
from {{ package_name }}.settings import Settings

from support.server import contained, environment, free_port


class Queue(AsyncBroker):
    """A queue in memory, which fails as often as it is told to, at both ends."""

    def __init__(self, failures: int) -> None:
        super().__init__()
        self.messages: asyncio.Queue[bytes] = asyncio.Queue()
        self.failures = {"kick": failures, "listen": failures}
        self.listening = asyncio.Event()

    def disturb(self, end: str) -> None:
        """Fail, if it is to."""
        self.failures[end] -= 1
        if self.failures[end] >= 0:
            raise ConnectionError("no queue today")

    async def kick(self, message: BrokerMessage) -> None:
        """Take a message."""
        self.disturb("kick")
        await self.messages.put(message.message)

    async def listen(self) -> AsyncGenerator[bytes, object]:
        """Yield messages."""
        self.disturb("listen")
        self.listening.set()
        while True:
            yield await self.messages.get()


@pytest.mark.parametrize("failures", [0, 2])
async def test_jobs_are_done(own_database_url: str, failures: int) -> None:
    """What is asked for is done; a queue that fails for a while loses nothing."""
    database = build(Settings.load({"database": {"url": own_database_url}}).database)
    settings = JobsSettings(poll_seconds=0.01)
    jobs = Jobs(Outbox(database, settings), settings)
    done = asyncio.Event()
    told: list[Mapping[str, JsonValue]] = []

    async def note(payload: Mapping[str, JsonValue]) -> None:
        told.append(payload)
        done.set()

    jobs.handlers["note"] = note
    worker = Worker(jobs, Queue(failures), settings)
    running = asyncio.create_task(worker.run())

    await jobs.outbox.add(Job(name="note", key="1", payload={"user": 1}))
    await asyncio.wait_for(done.wait(), timeout=30)
    worker.stopped.set()
    await running

    assert told == [{"user": 1}]
    await database.engine.dispose()


@pytest.fixture
def redis_url() -> Iterator[str]:
    """Yield the address of a Redis that is none, but speaks like one."""
    server = TcpFakeServer(("127.0.0.1", 0))
    serving = Thread(target=server.serve_forever, daemon=True)
    serving.start()
    yield f"redis://127.0.0.1:{server.server_address[1]}/0"
    server.shutdown()
    server.server_close()
    serving.join()


async def test_queue_brings_what_it_is_given(
    redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A message comes out of the queue once, after however long; the password is shown nowhere."""
    brpop = Redis.brpop
    calls: asyncio.Queue[list[str]] = asyncio.Queue()

    async def recorded(redis: Redis, keys: list[str], **options: float) -> object:
        calls.put_nowait(keys)
        return await brpop(redis, keys, **options)

    monkeypatch.setattr(Redis, "brpop", recorded)
    monkeypatch.setattr(queue, "WAIT_SECONDS", 0.05)
    settings = JobsSettings.model_validate({"url": redis_url})
    broker = build_queue(settings)
    messages = broker.listen()
    waiting = asyncio.ensure_future(anext(messages))
    async with asyncio.timeout(30):
        await calls.get()
        await calls.get()  # the first call timed out

    about = {"task_id": "1", "task_name": "job", "labels": {}, "labels_types": {}}
    await broker.kick(BrokerMessage.model_validate({**about, "message": b"hello"}))

    assert await waiting == b"hello"
    await messages.aclose()
    await broker.shutdown()
    assert redis_url not in repr(settings)


@pytest.fixture
def _signals() -> Iterator[None]:
    """Put the handlers of signals back after a test."""
    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    yield
    for number, handler in handlers.items():
        signal.signal(number, handler)


@pytest.mark.usefixtures("_signals")
async def test_signal_ends_the_worker(
    own_database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A worker that waits for jobs ends on the signal that a supervisor sends."""
    settings = Settings.load({"database": {"url": own_database_url}})
    jobs = Queue(failures=0)
    monkeypatch.setattr(command, "build_queue", lambda _settings: jobs)
    working = asyncio.create_task(command.work(settings))
    await asyncio.wait_for(jobs.listening.wait(), timeout=30)

    signal.raise_signal(signal.SIGTERM)

    await asyncio.wait_for(working, timeout=30)


@pytest.mark.slow
def test_worker_waits_for_its_queue(own_database_url: str) -> None:
    """Without its queue, a worker says so and goes on; a signal ends it with 0."""
    url = f"redis://127.0.0.1:{free_port()}/0"
    variables = {"JOBS__URL": url, "DATABASE__URL": own_database_url}
    with (
        subprocess.Popen(
            [sys.executable, "-m", "{{ package_name }}.worker"],
            env=environment() | {PREFIX + name: value for name, value in variables.items()},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        ) as process,
        contained(process),
    ):
        assert process.stdout is not None
        line = next(line for line in process.stdout if b"jobs.not_" in line)
        process.send_signal(signal.SIGTERM)
        rest = process.stdout.read()

        assert process.wait(timeout=30) == 0, line + rest


def test_worker_names_bad_settings(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A bad value is told in one line, and the worker does not start."""
    monkeypatch.setenv(f"{PREFIX}JOBS__WORKERS", "0")

    assert command.main() == 2

    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"{PREFIX}JOBS__WORKERS: ")


def test_worker_that_ends_reports_success(monkeypatch: pytest.MonkeyPatch) -> None:
    """The command returns 0 after its last job."""
    worked: list[Settings] = []

    async def work(settings: Settings) -> None:
        worked.append(settings)

    monkeypatch.setattr(command, "work", work)

    assert command.main() == 0
    assert len(worked) == 1
