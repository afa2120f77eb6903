"""The outbox: jobs stored in the transaction that they follow from."""

import logging
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from pydantic import Field, JsonValue, SecretStr
from sqlalchemy import delete, select, update
from sqlalchemy.dialects.{{ database }} import insert
from sqlalchemy.ext.asyncio import AsyncSession

from {{ package_name }}.core.cache.redis import RedisUrl
from {{ package_name }}.core.database import Database
from {{ package_name }}.core.jobs.models import OutboxJob
from {{ package_name }}.core.settings import SettingsGroup

logger = logging.getLogger(__name__)

DISPATCH_BATCH_SIZE = 500
MAX_RETRY_SECONDS = 3600


class JobsSettings(SettingsGroup):
    """Background jobs."""

    redis_url: RedisUrl = SecretStr("redis://localhost:6379/0")
    concurrency: int = Field(default=10, ge=1, le=1000)
    drain_seconds: float = Field(default=10, ge=0, le=3600)
    timeout_seconds: float = Field(default=60, gt=0, le=86_400)
    max_attempts: int = Field(default=5, ge=1, le=100)
    retry_seconds: float = Field(default=1, ge=0, le=3600)
    poll_seconds: float = Field(default=1, gt=0, le=3600)
    retention_days: float = Field(default=7, gt=0, le=3650)


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A job to enqueue.

    Attributes:
        name: Selects the handler.
        key: Idempotency key: a second job with it is ignored.
        payload: The argument of the handler.
        run_at: When to run it, None for now.
    """

    name: str
    key: str
    payload: Mapping[str, JsonValue] = field(default_factory=dict)
    run_at: datetime | None = None


async def enqueue(session: AsyncSession, job: Job) -> None:
    """Store a job in the transaction of the session: it runs if that is committed."""
    run_at = job.run_at or datetime.now(UTC)
    row = {
        "name": job.name,
        "key": job.key,
        "payload": dict(job.payload),
        "run_at": run_at,
        "locked_until": run_at,
    }
    query = insert(OutboxJob).values(row).on_conflict_do_nothing(index_elements=["key"])
    await session.execute(query)


class Outbox:
    """The table is the source of truth; the queue carries ids only.

    A worker leases a job; an expired lease makes it due again.
    """

    def __init__(self, database: Database, settings: JobsSettings) -> None:
        self.database = database
        self.settings = settings
        self.lease = timedelta(seconds=2 * settings.timeout_seconds)

    async def enqueue(self, job: Job) -> None:
        """Store a job in a transaction of its own."""
        await self.database.write(lambda session: enqueue(session, job))

    async def lease_due(self) -> Sequence[int]:
        """Return the ids of due jobs; they are due again when their lease expires."""
        now = datetime.now(UTC)
        # Rows that another worker has locked are skipped.
        query = (
            select(OutboxJob.id)
            .where(OutboxJob.run_at <= now)
            .order_by(OutboxJob.run_at)
            .limit(DISPATCH_BATCH_SIZE)
            .with_for_update(skip_locked=True)
        )

        async def work(session: AsyncSession) -> Sequence[int]:
            found = (await session.scalars(query)).all()
            if found:
                sent = update(OutboxJob).where(OutboxJob.id.in_(found))
                await session.execute(sent.values(run_at=now + self.lease))
            return found

        return await self.database.write(work)

    async def release(self, ids: Sequence[int]) -> None:
        """Make jobs due again that could not be dispatched, except those that a worker runs."""
        now = datetime.now(UTC)
        is_idle = OutboxJob.run_at.is_not(None), OutboxJob.locked_until <= now
        query = update(OutboxJob).where(OutboxJob.id.in_(ids), *is_idle).values(run_at=now)
        await self.database.write(lambda session: session.execute(query))

    async def claim(self, job_id: int) -> OutboxJob | None:
        """Lease a job and return it, None if it is completed or leased by another worker."""
        now = datetime.now(UTC)
        query = (
            update(OutboxJob)
            .where(
                OutboxJob.id == job_id, OutboxJob.run_at.is_not(None), OutboxJob.locked_until <= now
            )
            .values(
                attempts=OutboxJob.attempts + 1,
                run_at=now + self.lease,
                locked_until=now + self.lease,
            )
            .returning(OutboxJob)
        )

        async def work(session: AsyncSession) -> OutboxJob | None:
            return (await session.scalars(query)).one_or_none()

        return await self.database.write(work)

    async def complete(self, job: OutboxJob) -> None:
        """Mark a job as completed."""
        await self.change(job, run_at=None, completed_at=datetime.now(UTC))

    async def retry_or_bury(self, job: OutboxJob) -> None:
        """Schedule a retry of a failed job; after `max_attempts` it is dead and stays in the table.

        An operator can make a dead job due again.
        """
        if job.attempts >= self.settings.max_attempts:
            logger.error("job.dead", extra={"job": job.name, "key": job.key})
            await self.change(job, run_at=None)
            return
        # Jitter: jobs that failed together must not be retried together.
        longest = min(self.settings.retry_seconds * 2**job.attempts, MAX_RETRY_SECONDS)
        pause = timedelta(seconds=secrets.SystemRandom().uniform(longest / 2, longest))
        again = datetime.now(UTC) + pause
        await self.change(job, run_at=again, locked_until=again)

    async def change(self, job: OutboxJob, **values: datetime | None) -> None:
        """Update a job, unless another worker has leased it meanwhile."""
        query = (
            update(OutboxJob)
            .where(OutboxJob.id == job.id, OutboxJob.attempts == job.attempts)
            .values(**values)
        )
        await self.database.write(lambda session: session.execute(query))

    async def purge(self) -> None:
        """Delete completed jobs after the retention time; their keys may be used again."""
        before = datetime.now(UTC) - timedelta(days=self.settings.retention_days)
        query = delete(OutboxJob).where(OutboxJob.completed_at < before)
        await self.database.write(lambda session: session.execute(query))
