"""Background jobs that survive a crash: handlers, intervals and how a job runs."""

import asyncio
import logging
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager

from pydantic import JsonValue

from {{ package_name }}.core.component import Component
from {{ package_name }}.core.database import Database
from {{ package_name }}.core.jobs.outbox import Job, JobsSettings, Outbox
from {{ package_name }}.core.services import Services

__all__ = ["Jobs", "JobsSettings", "component"]

logger = logging.getLogger(__name__)

Handler = Callable[[Mapping[str, JsonValue]], Awaitable[None]]

PURGE = "outbox.purge"
HOUR = 3600


class Jobs:
    """The jobs of the workers.

    Attributes:
        handlers: Handlers by job name; delivery is at least once.
        intervals: Seconds between two runs of a scheduled job, by job name.
    """

    def __init__(self, outbox: Outbox, settings: JobsSettings) -> None:
        self.outbox = outbox
        self.settings = settings
        self.handlers: dict[str, Handler] = {PURGE: self.purge}
        self.intervals: dict[str, float] = {PURGE: HOUR}
        self.last_enqueued: dict[str, int] = {}

    async def schedule(self) -> None:
        """Enqueue the scheduled jobs: once an interval, however many workers do it."""
        for name, seconds in self.intervals.items():
            interval = int(time.time() // seconds)
            if self.last_enqueued.get(name) != interval:
                await self.outbox.enqueue(Job(name=name, key=f"{name}-{interval}"))
                self.last_enqueued[name] = interval

    async def run(self, job_id: int) -> None:
        """Run a job, unless it is completed or leased by another worker."""
        job = await self.outbox.claim(job_id)
        if job is None:
            return
        if job.attempts > self.settings.max_attempts:  # its workers have died
            await self.outbox.retry_or_bury(job)
            return
        fields = {"job": job.name, "key": job.key, "attempt": job.attempts}
        try:
            async with asyncio.timeout(self.settings.timeout_seconds):
                await self.handlers[job.name](job.payload)
        except Exception:
            logger.exception("job.failed", extra=fields)
            await self.outbox.retry_or_bury(job)
        else:
            await self.outbox.complete(job)
            logger.info("job.done", extra=fields)

    async def purge(self, _payload: Mapping[str, JsonValue]) -> None:
        """Delete completed jobs after the retention time."""
        await self.outbox.purge()


def component(settings: JobsSettings) -> Component:
    """Provide the jobs; it starts after the database."""

    @asynccontextmanager
    async def start(services: Services) -> AsyncGenerator[None]:
        outbox = Outbox(services.get(Database), settings)
        services.add(Jobs, Jobs(outbox, settings))
        yield

    return Component(name="jobs", start=start)
