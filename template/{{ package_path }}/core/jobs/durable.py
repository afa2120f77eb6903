"""Background work that nothing can lose: which jobs there are, and how one is done."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager

from fastapi import FastAPI
from pydantic import JsonValue

from {{ package_name }}.core.component import Component
from {{ package_name }}.core.jobs.outbox import Job
from {{ package_name }}.core.jobs.outbox import Outbox
from {{ package_name }}.core.jobs import JobsSettings
from {{ package_name }}.settings import Settings

logger = logging.getLogger(__name__)

Handler = Callable[[Mapping[str, JsonValue]], Awaitable[None]]

SWEEP = "outbox.sweep"
HOUR = 3600


class Jobs:
    """The jobs that workers do.

    Attributes:
        handlers: What does a job, by its name; one may come twice, if rarely.
        periods: The seconds between two jobs, of those that come by themselves.
    """

    def __init__(self, outbox: Outbox, settings: JobsSettings) -> None:
        self.outbox = outbox
        self.settings = settings
        self.handlers: dict[str, Handler] = {SWEEP: self.sweep}
        self.periods = {SWEEP: HOUR}
        self.asked: dict[str, int] = {}

    async def schedule(self) -> None:
        """Ask for the jobs that come by themselves: once for each period, however many ask."""
        for name, seconds in self.periods.items():
            period = int(time.time() // seconds)
            if self.asked.get(name) != period:  # workers come by every second
                await self.outbox.add(Job(name=name, key=f"{name}-{period}"))
                self.asked[name] = period

    async def run(self, number: int) -> None:
        """Do a job, unless it is done or somebody else is at it."""
        job = await self.outbox.claim(number)
        if job is None:
            return
        if job.attempts > self.settings.attempts:  # whoever has begun with it was never heard of
            await self.outbox.put_back(job)
            return
        about = {"job": job.name, "key": job.key, "attempt": job.attempts}
        try:
            async with asyncio.timeout(self.settings.job_seconds):
                await self.handlers[job.name](job.payload)
        except Exception:
            logger.exception("job.failed", extra=about)
            await self.outbox.put_back(job)
        else:
            await self.outbox.finish(job)
            logger.info("job.done", extra=about)

    async def sweep(self, _payload: Mapping[str, JsonValue]) -> None:
        """Remove what was done long ago."""
        await self.outbox.sweep()


def component(settings: Settings) -> Component:
    """Plug background work in; it comes after the database."""

    @asynccontextmanager
    async def start(app: FastAPI) -> AsyncIterator[Mapping[str, object]]:
        outbox = Outbox(app.state.started["database"], settings.jobs)
        yield {"jobs": Jobs(outbox, settings.jobs)}

    return Component(name="jobs", start=start)
