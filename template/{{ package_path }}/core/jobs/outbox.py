"""The outbox: jobs stored with what they follow from, so that neither is there alone."""

import logging
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from pydantic import JsonValue
from sqlalchemy import delete, select, update
from sqlalchemy.dialects.{{ database }} import insert
from sqlalchemy.ext.asyncio import AsyncSession

from {{ package_name }}.core.jobs.models import OutboxJob
from {{ package_name }}.core.database import Database
from {{ package_name }}.core.jobs import JobsSettings

logger = logging.getLogger(__name__)

SENT_AT_ONCE = 500
LONGEST_PAUSE = 3600


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """Something to do.

    Attributes:
        name: Which handler does it.
        key: What you call it by: asked for again with the same key, it is done once.
        payload: What the handler is told.
        start: When, None for soon.
    """

    name: str
    key: str
    payload: Mapping[str, JsonValue] = field(default_factory=dict)
    start: datetime | None = None


async def add(session: AsyncSession, job: Job) -> None:
    """Store a job in the transaction that it follows from: it is there if that is committed."""
    start = job.start or datetime.now(UTC)
    row = {
        "name": job.name,
        "key": job.key,
        "payload": dict(job.payload),
        "send_at": start,
        "free_at": start,
    }
    query = insert(OutboxJob).values(row).on_conflict_do_nothing(index_elements=["key"])
    await session.execute(query)


class Outbox:
    """Who may do which job, and when. What is told here is the truth; queues only carry numbers.

    Whoever begins with a job has it for a while. If nothing is heard of it by then, it is sent
    again, to whoever is still alive.
    """

    def __init__(self, database: Database, settings: JobsSettings) -> None:
        self.database = database
        self.settings = settings
        self.lease = timedelta(seconds=2 * settings.job_seconds)

    async def add(self, job: Job) -> None:
        """Store a job that follows from nothing."""
        await self.database.write(lambda session: add(session, job))

    async def due(self) -> Sequence[int]:
        """Return the numbers of jobs whose time has come, and send them again in a while."""
        now = datetime.now(UTC)
        # What others are at is left to them.
        query = (
            select(OutboxJob.id)
            .where(OutboxJob.send_at <= now)
            .order_by(OutboxJob.send_at)
            .limit(SENT_AT_ONCE)
            .with_for_update(skip_locked=True)
        )

        async def work(session: AsyncSession) -> Sequence[int]:
            found = (await session.scalars(query)).all()
            if found:
                sent = update(OutboxJob).where(OutboxJob.id.in_(found))
                await session.execute(sent.values(send_at=now + self.lease))
            return found

        return await self.database.write(work)

    async def give_back(self, numbers: Sequence[int]) -> None:
        """Have jobs that could not be sent, sent soon; those that somebody is at are left alone."""
        now = datetime.now(UTC)
        is_idle = OutboxJob.send_at.is_not(None), OutboxJob.free_at <= now
        query = update(OutboxJob).where(OutboxJob.id.in_(numbers), *is_idle).values(send_at=now)
        await self.database.write(lambda session: session.execute(query))

    async def claim(self, number: int) -> OutboxJob | None:
        """Return a job for the caller alone, None if it is done or others have it."""
        now = datetime.now(UTC)
        query = (
            update(OutboxJob)
            .where(OutboxJob.id == number, OutboxJob.send_at.is_not(None), OutboxJob.free_at <= now)
            .values(
                attempts=OutboxJob.attempts + 1, send_at=now + self.lease, free_at=now + self.lease
            )
            .returning(OutboxJob)
        )

        async def work(session: AsyncSession) -> OutboxJob | None:
            return (await session.scalars(query)).one_or_none()

        return await self.database.write(work)

    async def finish(self, job: OutboxJob) -> None:
        """Note that a job is done."""
        await self.change(job, send_at=None, done_at=datetime.now(UTC))

    async def put_back(self, job: OutboxJob) -> None:
        """Have a job that failed done again after a while, unless it has failed too often.

        Then it stays where it is, dead, until somebody looks at it.
        """
        if job.attempts >= self.settings.attempts:
            logger.error("job.dead", extra={"job": job.name, "key": job.key})
            await self.change(job, send_at=None)
            return
        # Longer each time, and not as long as for others that failed at the same moment.
        longest = min(self.settings.retry_seconds * 2**job.attempts, LONGEST_PAUSE)
        pause = timedelta(seconds=secrets.SystemRandom().uniform(longest / 2, longest))
        again = datetime.now(UTC) + pause
        await self.change(job, send_at=again, free_at=again)

    async def change(self, job: OutboxJob, **values: datetime | None) -> None:
        """Change a job, unless somebody else has begun with it meanwhile."""
        query = (
            update(OutboxJob)
            .where(OutboxJob.id == job.id, OutboxJob.attempts == job.attempts)
            .values(**values)
        )
        await self.database.write(lambda session: session.execute(query))

    async def sweep(self) -> None:
        """Remove what was done long ago; with it goes the memory of its keys."""
        before = datetime.now(UTC) - timedelta(days=self.settings.keep_days)
        query = delete(OutboxJob).where(OutboxJob.done_at < before)
        await self.database.write(lambda session: session.execute(query))
