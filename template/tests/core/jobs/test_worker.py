"""The worker: due jobs run despite failures of the queue, until a signal stops it."""

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

from {{ package_name }}.__main__ import main
from {{ package_name }}.app import create_app
from {{ package_name }}.core.app import Application
from {{ package_name }}.core.database import build
from {{ package_name }}.core.jobs import broker as broker_module
from {{ package_name }}.core.jobs import worker as worker_module
from {{ package_name }}.core.jobs.broker import build_queue
from {{ package_name }}.core.jobs.durable import Jobs
from {{ package_name }}.core.jobs.outbox import Job, JobsSettings, Outbox
from {{ package_name }}.core.jobs.worker import Worker, work
from {{ package_name }}.core.settings import PREFIX
from {{ package_name }}.settings import Settings

from support.server import contained, environment, free_port


class Queue(AsyncBroker):
    """A queue in memory, both ends of which fail some times."""

    def __init__(self, failures: int) -> None:
        super().__init__()
        self.messages: asyncio.Queue[bytes] = asyncio.Queue()
        self.failures = {"kick": failures, "listen": failures}
        self.listening = asyncio.Event()

    def fail(self, end: str) -> None:
        """Raise an error if failures are left."""
        self.failures[end] -= 1
        if self.failures[end] >= 0:
            raise ConnectionError("no queue")

    async def kick(self, message: BrokerMessage) -> None:
        self.fail("kick")
        await self.messages.put(message.message)

    async def listen(self) -> AsyncGenerator[bytes, object]:
        self.fail("listen")
        self.listening.set()
        while True:
            yield await self.messages.get()


@pytest.mark.parametrize("failures", [0, 2])
async def test_jobs_are_run(own_database_url: str, failures: int) -> None:
    """An enqueued job runs, also if the queue fails at first."""
    database = build(Settings.load({"database": {"url": own_database_url}}).database)
    settings = JobsSettings(poll_seconds=0.01)
    jobs = Jobs(Outbox(database, settings), settings)
    done = asyncio.Event()
    payloads: list[Mapping[str, JsonValue]] = []

    async def record(payload: Mapping[str, JsonValue]) -> None:
        payloads.append(payload)
        done.set()

    jobs.handlers["record"] = record
    worker = Worker(jobs, Queue(failures), settings)
    running = asyncio.create_task(worker.run())

    await jobs.outbox.enqueue(Job(name="record", key="1", payload={"user": 1}))
    await asyncio.wait_for(done.wait(), timeout=30)
    worker.stopped.set()
    await running

    assert payloads == [{"user": 1}]
    await database.engine.dispose()


@pytest.fixture
def redis_url() -> Iterator[str]:
    """Yield the URL of a server in this process that speaks the protocol of Redis."""
    server = TcpFakeServer(("127.0.0.1", 0))
    serving = Thread(target=server.serve_forever, daemon=True)
    serving.start()
    yield f"redis://127.0.0.1:{server.server_address[1]}/0"
    server.shutdown()
    server.server_close()
    serving.join()


async def test_queue_delivers_messages(redis_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A message is delivered also after an idle time; the settings don't show the password."""
    brpop = Redis.brpop
    calls: asyncio.Queue[list[str]] = asyncio.Queue()

    async def recorded(redis: Redis, keys: list[str], **options: float) -> object:
        calls.put_nowait(keys)
        return await brpop(redis, keys, **options)

    monkeypatch.setattr(Redis, "brpop", recorded)
    monkeypatch.setattr(broker_module, "POP_TIMEOUT", 0.05)
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
async def test_signal_stops_the_worker(
    own_database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An idle worker stops on SIGTERM."""
    settings = Settings.load({"database": {"url": own_database_url}})
    queue = Queue(failures=0)
    monkeypatch.setattr(worker_module, "build_queue", lambda _settings: queue)
    working = asyncio.create_task(work(create_app(settings), settings.jobs))
    await asyncio.wait_for(queue.listening.wait(), timeout=30)

    signal.raise_signal(signal.SIGTERM)

    await asyncio.wait_for(working, timeout=30)


@pytest.mark.slow
def test_worker_survives_an_unreachable_queue(own_database_url: str) -> None:
    """Without its queue, the command logs errors and continues; after a signal it exits with 0."""
    url = f"redis://127.0.0.1:{free_port()}/0"
    variables = {"JOBS__REDIS_URL": url, "DATABASE__URL": own_database_url}
    with (
        subprocess.Popen(
            [sys.executable, "-m", "{{ package_name }}", "worker"],
            env=environment() | {PREFIX + name: value for name, value in variables.items()},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        ) as process,
        contained(process),
    ):
        assert process.stdout is not None
        events = b"outbox.dispatch_failed", b"outbox.consume_failed"
        line = next(line for line in process.stdout if any(event in line for event in events))
        process.send_signal(signal.SIGTERM)
        rest = process.stdout.read()

        assert process.wait(timeout=30) == 0, line + rest


def test_invalid_settings_are_reported(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """An invalid value is reported in one line, and the worker does not start."""
    monkeypatch.setenv(f"{PREFIX}JOBS__CONCURRENCY", "0")

    assert main(["worker"]) == 2

    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"{PREFIX}JOBS__CONCURRENCY: ")


def test_command_runs_the_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    """`worker` runs the application of the settings, and exits with 0."""
    monkeypatch.setenv(f"{PREFIX}JOBS__CONCURRENCY", "3")
    calls: list[tuple[Application, JobsSettings]] = []

    async def record(app: Application, settings: JobsSettings) -> None:
        calls.append((app, settings))

    monkeypatch.setattr(worker_module, "work", record)

    assert main(["worker"]) == 0
    ((app, settings),) = calls
    assert "jobs" in [component.name for component in app.components]
    assert settings.concurrency == 3
