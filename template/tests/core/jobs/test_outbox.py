"""The outbox: a job is stored with its transaction, and runs until it is completed."""

import asyncio
import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import pytest
from pydantic import JsonValue
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from {{ package_name }}.core.database import Database
from {{ package_name }}.core.jobs import JobsSettings
from {{ package_name }}.core.jobs.durable import PURGE, Jobs
from {{ package_name }}.core.jobs.models import OutboxJob
from {{ package_name }}.core.jobs.outbox import Job, Outbox, enqueue

from support.database import counted

LATER = datetime.now(UTC) + timedelta(days=1)


def jobs_of(database: Database, **given: float) -> Jobs:
    """Return the jobs of a database, without a delay before a retry."""
    settings = JobsSettings.model_validate({"retry_seconds": 0, **given})
    return Jobs(Outbox(database, settings), settings)


class Handler:
    """Records payloads, and fails a number of times."""

    def __init__(self, failures: int = 0) -> None:
        self.failures = failures
        self.payloads: list[Mapping[str, JsonValue]] = []

    async def __call__(self, payload: Mapping[str, JsonValue]) -> None:
        """Record the payload."""
        self.payloads.append(payload)
        if len(self.payloads) <= self.failures:
            raise RuntimeError("it is broken")


async def rows(database: Database) -> list[OutboxJob]:
    """Return all jobs."""

    async def read(session: AsyncSession) -> list[OutboxJob]:
        return list(await session.scalars(select(OutboxJob).order_by(OutboxJob.id)))

    return await database.read(read)


async def run_due(jobs: Jobs) -> int:
    """Run the due jobs, and return their number."""
    ids = await jobs.outbox.lease_due()
    for job_id in ids:
        await jobs.run(job_id)
    return len(ids)


async def test_job_belongs_to_its_transaction(own_database: Database) -> None:
    """A rollback leaves no job; a commit leaves it."""

    async def work(session: AsyncSession) -> None:
        await enqueue(session, Job(name="work", key="1"))

    async def fail(session: AsyncSession) -> None:
        await work(session)
        raise RuntimeError("it is broken")

    with pytest.raises(RuntimeError):
        await own_database.write(fail)
    assert await rows(own_database) == []

    await own_database.write(work)
    assert [(row.name, row.key) for row in await rows(own_database)] == [("work", "1")]


async def test_job_is_done_once(own_database: Database) -> None:
    """Enqueued twice and dispatched three times, even late, a job runs once."""
    jobs, handler = jobs_of(own_database), Handler()
    jobs.outbox.lease = timedelta(0)
    jobs.handlers["work"] = handler
    for payload in ({"user": 1}, {"user": 2}):
        await jobs.outbox.enqueue(Job(name="work", key="1", payload=payload))

    (job_id,) = await jobs.outbox.lease_due()
    for _ in range(3):
        await jobs.run(job_id)

    assert handler.payloads == [{"user": 1}]
    assert await run_due(jobs) == 0


async def test_job_waits_for_its_time(own_database: Database) -> None:
    """A job with a later `run_at` waits, even if its id is dispatched."""
    jobs, handler = jobs_of(own_database), Handler()
    jobs.handlers["work"] = handler
    await jobs.outbox.enqueue(Job(name="work", key="1", run_at=LATER))
    (row,) = await rows(own_database)

    assert await run_due(jobs) == 0
    await jobs.run(row.id)
    assert handler.payloads == []


async def test_failed_job_is_retried(
    own_database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    """A job that fails, or has no handler, is due again."""
    jobs, handler = jobs_of(own_database), Handler(failures=1)
    await jobs.outbox.enqueue(Job(name="work", key="1"))

    assert await run_due(jobs) == 1
    jobs.handlers["work"] = handler
    assert [await run_due(jobs) for _ in range(3)] == [1, 1, 0]

    assert len(handler.payloads) == 2
    assert [record.message for record in caplog.records].count("job.failed") == 2


async def test_pause_grows(own_database: Database) -> None:
    """The delay grows with each failure, and holds even if the id is dispatched."""
    jobs = jobs_of(own_database, retry_seconds=100)
    await jobs.outbox.enqueue(Job(name="work", key="1"))
    pauses = []
    for _ in range(2):
        assert await run_due(jobs) == 1
        (row,) = await rows(own_database)
        pauses.append((row.locked_until - datetime.now(UTC)).total_seconds())
        await jobs.run(row.id)
        await own_database.write(
            lambda session: session.execute(
                update(OutboxJob).values(run_at=datetime.now(UTC), locked_until=datetime.now(UTC))
            )
        )

    assert 90 < pauses[0] <= 200 < pauses[1] + 20 <= 420
    assert (await rows(own_database))[0].attempts == 2


async def test_job_that_always_fails_is_dead(
    own_database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    """After `max_attempts` a job is dead: logged, not retried, kept in the table."""
    jobs, handler = jobs_of(own_database, max_attempts=2), Handler(failures=9)
    jobs.handlers["work"] = handler
    await jobs.outbox.enqueue(Job(name="work", key="1"))

    assert [await run_due(jobs) for _ in range(3)] == [1, 1, 0]

    assert len(handler.payloads) == 2
    (row,) = await rows(own_database)
    assert (row.run_at, row.completed_at) == (None, None)
    assert "job.dead" in [record.message for record in caplog.records]


async def test_job_of_a_dead_worker_is_due_again(own_database: Database) -> None:
    """No other worker starts a leased job; an expired lease makes it due again."""
    jobs, handler = jobs_of(own_database, timeout_seconds=0.1), Handler()
    jobs.handlers["work"] = handler
    await jobs.outbox.enqueue(Job(name="work", key="1"))
    (job_id,) = await jobs.outbox.lease_due()
    lost = await jobs.outbox.claim(job_id)
    assert lost is not None

    await jobs.run(job_id)
    assert handler.payloads == []

    await asyncio.sleep(0.3)
    assert await run_due(jobs) == 1
    assert len(handler.payloads) == 1

    # The first worker was only slow: its result is too late.
    await jobs.outbox.retry_or_bury(lost)
    assert await run_due(jobs) == 0


async def test_job_that_kills_its_workers_is_dead(own_database: Database) -> None:
    """A job whose workers die is dead after `max_attempts`."""
    jobs, handler = jobs_of(own_database, max_attempts=1), Handler()
    jobs.handlers["work"] = handler
    jobs.outbox.lease = timedelta(0)
    await jobs.outbox.enqueue(Job(name="work", key="1"))
    (job_id,) = await jobs.outbox.lease_due()
    await jobs.outbox.claim(job_id)

    assert [await run_due(jobs) for _ in range(2)] == [1, 0]
    assert handler.payloads == []


async def test_job_has_a_timeout(own_database: Database, caplog: pytest.LogCaptureFixture) -> None:
    """A job is cancelled at its timeout, before its lease expires."""

    async def hang(_payload: Mapping[str, JsonValue]) -> None:
        await asyncio.sleep(30)

    jobs = jobs_of(own_database, timeout_seconds=0.5)
    jobs.handlers["work"] = hang
    await jobs.outbox.enqueue(Job(name="work", key="1"))
    start = time.monotonic()

    assert await run_due(jobs) == 1
    assert time.monotonic() - start < jobs.outbox.lease.total_seconds()
    assert "job.failed" in [record.message for record in caplog.records]


async def test_scheduled_job_is_enqueued_once(own_database: Database) -> None:
    """A scheduled job is enqueued once an interval, whatever the number of workers."""
    for _ in range(3):
        jobs = jobs_of(own_database)
        jobs.intervals = {"work": 10**9}
        await jobs.schedule()

    assert [row.name for row in await rows(own_database)] == ["work"]


async def test_worker_writes_once_an_interval(own_database: Database) -> None:
    """A worker writes nothing until the next interval."""
    jobs = jobs_of(own_database)
    jobs.intervals = {"work": 10**9}
    with counted(own_database) as statements:
        await jobs.schedule()
        first = len(statements)
        await jobs.schedule()

    assert 0 < first == len(statements)


async def test_completed_jobs_are_deleted(own_database: Database) -> None:
    """Completed jobs are deleted after the retention time; others stay."""
    jobs = jobs_of(own_database, retention_days=1e-9)
    jobs.handlers["work"] = Handler()
    await jobs.outbox.enqueue(Job(name="work", key="1"))
    assert await run_due(jobs) == 1
    await jobs.outbox.enqueue(Job(name="work", key="2", run_at=LATER))
    await jobs.outbox.enqueue(Job(name=PURGE, key="3"))

    assert await run_due(jobs) == 1

    assert [row.key for row in await rows(own_database)] == ["2", "3"]
