"""The outbox: a job is there with what it follows from, and done until it is done."""

import asyncio
import time
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime, timedelta

import pytest
from pydantic import JsonValue
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from {{ package_name }}.core.database import Database, build
from {{ package_name }}.core.jobs import JobsSettings
from {{ package_name }}.core.jobs.durable import SWEEP, Jobs
from {{ package_name }}.core.jobs.models import OutboxJob
from {{ package_name }}.core.jobs.outbox import Job, Outbox, add
from {{ package_name }}.settings import Settings

from support.database import counted

LATER = datetime.now(UTC) + timedelta(days=1)


@pytest.fixture
async def own_database(own_database_url: str) -> AsyncIterator[Database]:
    """Yield a database that the test has for itself."""
    database = build(Settings.load({"database": {"url": own_database_url}}).database)
    yield database
    await database.engine.dispose()


def jobs_of(database: Database, **given: float) -> Jobs:
    """Return the jobs of a database; those that fail may be tried again at once."""
    settings = JobsSettings.model_validate({"retry_seconds": 0, **given})
    return Jobs(Outbox(database, settings), settings)


class Handler:
    """Does jobs, and fails as often as it is told to."""

    def __init__(self, failures: int = 0) -> None:
        self.failures = failures
        self.payloads: list[Mapping[str, JsonValue]] = []

    async def __call__(self, payload: Mapping[str, JsonValue]) -> None:
        """Do a job."""
        self.payloads.append(payload)
        if len(self.payloads) <= self.failures:
            raise RuntimeError("it is broken")


async def rows(database: Database) -> list[OutboxJob]:
    """Return all jobs."""

    async def read(session: AsyncSession) -> list[OutboxJob]:
        return list(await session.scalars(select(OutboxJob).order_by(OutboxJob.id)))

    return await database.read(read)


async def run_due(jobs: Jobs) -> int:
    """Do the jobs whose time has come, and return how many there were."""
    numbers = await jobs.outbox.due()
    for number in numbers:
        await jobs.run(number)
    return len(numbers)


async def test_job_is_there_if_its_transaction_is(own_database: Database) -> None:
    """A transaction that is rolled back leaves no job; one that is committed leaves it."""

    async def work(session: AsyncSession) -> None:
        await add(session, Job(name="work", key="1"))

    async def fail(session: AsyncSession) -> None:
        await work(session)
        raise RuntimeError("it is broken")

    with pytest.raises(RuntimeError):
        await own_database.write(fail)
    assert await rows(own_database) == []

    await own_database.write(work)
    assert [(row.name, row.key) for row in await rows(own_database)] == [("work", "1")]


async def test_job_is_done_once(own_database: Database) -> None:
    """Asked for twice and sent three times, even late, a job is done once, as it was asked for."""
    jobs, handler = jobs_of(own_database), Handler()
    jobs.outbox.lease = timedelta(0)
    jobs.handlers["work"] = handler
    for payload in ({"user": 1}, {"user": 2}):
        await jobs.outbox.add(Job(name="work", key="1", payload=payload))

    (number,) = await jobs.outbox.due()
    for _ in range(3):
        await jobs.run(number)

    assert handler.payloads == [{"user": 1}]
    assert await run_due(jobs) == 0


async def test_job_starts_when_it_is_told_to(own_database: Database) -> None:
    """A job of tomorrow waits, even if a worker hears of it today."""
    jobs, handler = jobs_of(own_database), Handler()
    jobs.handlers["work"] = handler
    await jobs.outbox.add(Job(name="work", key="1", start=LATER))
    (row,) = await rows(own_database)

    assert await run_due(jobs) == 0
    await jobs.run(row.id)
    assert handler.payloads == []


async def test_failed_job_is_done_again(
    own_database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    """A job that fails, or whose handler is not known here, comes again."""
    jobs, handler = jobs_of(own_database), Handler(failures=1)
    await jobs.outbox.add(Job(name="work", key="1"))

    assert await run_due(jobs) == 1
    jobs.handlers["work"] = handler
    assert [await run_due(jobs) for _ in range(3)] == [1, 1, 0]

    assert len(handler.payloads) == 2
    assert [record.message for record in caplog.records].count("job.failed") == 2


async def test_pause_grows(own_database: Database) -> None:
    """The more often a job has failed, the longer it waits; a worker that hears of it waits too."""
    jobs = jobs_of(own_database, retry_seconds=100)
    await jobs.outbox.add(Job(name="work", key="1"))
    pauses = []
    for _ in range(2):
        assert await run_due(jobs) == 1
        (row,) = await rows(own_database)
        pauses.append((row.free_at - datetime.now(UTC)).total_seconds())
        await jobs.run(row.id)
        await own_database.write(
            lambda session: session.execute(
                update(OutboxJob).values(send_at=datetime.now(UTC), free_at=datetime.now(UTC))
            )
        )

    assert 90 < pauses[0] <= 200 < pauses[1] + 20 <= 420
    assert (await rows(own_database))[0].attempts == 2


async def test_hopeless_job_is_dead(
    own_database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    """A job that fails too often is not tried again, is told of, and stays to be looked at."""
    jobs, handler = jobs_of(own_database, attempts=2), Handler(failures=9)
    jobs.handlers["work"] = handler
    await jobs.outbox.add(Job(name="work", key="1"))

    assert [await run_due(jobs) for _ in range(3)] == [1, 1, 0]

    assert len(handler.payloads) == 2
    (row,) = await rows(own_database)
    assert (row.send_at, row.done_at) == (None, None)
    assert "job.dead" in [record.message for record in caplog.records]


async def test_job_of_a_dead_worker_comes_again(own_database: Database) -> None:
    """Nobody else may begin with a job that one is at; when nothing is heard, everybody may."""
    jobs, handler = jobs_of(own_database, job_seconds=0.1), Handler()
    jobs.handlers["work"] = handler
    await jobs.outbox.add(Job(name="work", key="1"))
    (number,) = await jobs.outbox.due()
    lost = await jobs.outbox.claim(number)
    assert lost is not None

    await jobs.run(number)
    assert handler.payloads == []

    await asyncio.sleep(0.3)
    assert await run_due(jobs) == 1
    assert len(handler.payloads) == 1

    # The first was only slow: what it says comes too late.
    await jobs.outbox.put_back(lost)
    assert await run_due(jobs) == 0


async def test_job_that_kills_its_workers_is_dead(own_database: Database) -> None:
    """A job that nobody has lived to tell of, is not begun again for ever."""
    jobs, handler = jobs_of(own_database, attempts=1), Handler()
    jobs.handlers["work"] = handler
    jobs.outbox.lease = timedelta(0)
    await jobs.outbox.add(Job(name="work", key="1"))
    (number,) = await jobs.outbox.due()
    await jobs.outbox.claim(number)

    assert [await run_due(jobs) for _ in range(2)] == [1, 0]
    assert handler.payloads == []


async def test_job_may_not_take_for_ever(
    own_database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    """A job that takes too long is ended before others may begin with it."""

    async def hang(_payload: Mapping[str, JsonValue]) -> None:
        await asyncio.sleep(30)

    jobs = jobs_of(own_database, job_seconds=0.5)
    jobs.handlers["work"] = hang
    await jobs.outbox.add(Job(name="work", key="1"))
    start = time.monotonic()

    assert await run_due(jobs) == 1
    assert time.monotonic() - start < jobs.outbox.lease.total_seconds()
    assert "job.failed" in [record.message for record in caplog.records]


async def test_jobs_come_by_themselves_once(own_database: Database) -> None:
    """However many workers ask for it, a regular job is there once for each period."""
    for _ in range(3):
        jobs = jobs_of(own_database)
        jobs.periods = {"work": 10**9}
        await jobs.schedule()

    assert [row.name for row in await rows(own_database)] == ["work"]


async def test_worker_asks_once_for_each_period(own_database: Database) -> None:
    """A worker, which comes by every second, writes nothing until the next period."""
    jobs = jobs_of(own_database)
    jobs.periods = {"work": 10**9}
    with counted(own_database) as statements:
        await jobs.schedule()
        first = len(statements)
        await jobs.schedule()

    assert 0 < first == len(statements)


async def test_done_jobs_are_forgotten(own_database: Database) -> None:
    """What was done long ago is removed, and what was not done stays."""
    jobs = jobs_of(own_database, keep_days=1e-9)
    jobs.handlers["work"] = Handler()
    await jobs.outbox.add(Job(name="work", key="1"))
    assert await run_due(jobs) == 1
    await jobs.outbox.add(Job(name="work", key="2", start=LATER))
    await jobs.outbox.add(Job(name=SWEEP, key="3"))

    assert await run_due(jobs) == 1

    assert [row.key for row in await rows(own_database)] == ["2", "3"]
