"""Background jobs in this process: best effort, because a killed process loses them."""

import asyncio
import logging
import secrets
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager

from pydantic import Field

from {{ package_name }}.core.component import Component
from {{ package_name }}.core.services import Services
from {{ package_name }}.core.settings import SettingsGroup

logger = logging.getLogger(__name__)

Work = Callable[[], Awaitable[None]]


class JobsSettings(SettingsGroup):
    """Background jobs in this process."""

    concurrency: int = Field(default=10, ge=1, le=1000)
    queue_size: int = Field(default=1000, ge=1, le=1_000_000)
    max_attempts: int = Field(default=5, ge=1, le=100)
    retry_seconds: float = Field(default=1, ge=0, le=3600)
    drain_seconds: float = Field(default=10, ge=0, le=3600)


class Jobs:
    """Runs jobs, up to a concurrency and a queue size.

    Attributes:
        observe: Called with the name of a job and its event: done, failed, dropped, dead or lost.
    """

    def __init__(self, settings: JobsSettings) -> None:
        self.settings = settings
        self.semaphore = asyncio.Semaphore(settings.concurrency)
        self.tasks: set[asyncio.Task[None]] = set()
        self.timers: list[asyncio.Task[None]] = []
        self.is_open = True
        self.observe: Callable[[str, str], None] = lambda _name, _event: None

    def enqueue(self, name: str, work: Work) -> None:
        """Start a job in the background. Call it after the commit of what the job follows from.

        A job over the queue size is dropped and logged: the caller's own work is done already.

        Args:
            name: Its name in the log.
            work: Called until it succeeds, up to `max_attempts` times.
        """
        if not self.is_open or len(self.tasks) >= self.settings.queue_size:
            logger.error("job.dropped", extra={"job": name})
            self.observe(name, "dropped")
            return
        # A task inherits the context variables: its log records carry the id of the request.
        task = asyncio.create_task(self.run(name, work), name=name)
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    def repeat(self, name: str, seconds: float, work: Work) -> None:
        """Enqueue a job at an interval, first after one; not while it is still running.

        Every process that serves does so.
        """

        async def enqueue() -> None:
            while True:
                await asyncio.sleep(seconds)
                if all(task.get_name() != name for task in self.tasks):
                    self.enqueue(name, work)

        self.timers.append(asyncio.create_task(enqueue()))

    async def run(self, name: str, work: Work) -> None:
        """Run a job, and retry it with exponential backoff."""
        pause = 0.0
        for attempt in range(1, self.settings.max_attempts + 1):
            await asyncio.sleep(pause)
            try:
                async with self.semaphore:
                    await work()
            except Exception:
                logger.exception("job.failed", extra={"job": name, "attempt": attempt})
                self.observe(name, "failed")
            else:
                logger.info("job.done", extra={"job": name, "attempt": attempt})
                self.observe(name, "done")
                return
            # Jitter: jobs that failed together must not be retried together.
            longest = self.settings.retry_seconds * 2**attempt
            pause = secrets.SystemRandom().uniform(longest / 2, longest)
        logger.error("job.dead", extra={"job": name})
        self.observe(name, "dead")

    async def drain(self) -> None:
        """Accept no more jobs, and wait for the running ones up to the drain time."""
        self.is_open = False
        for timer in self.timers:
            timer.cancel()
        if not self.tasks:
            return
        _, left = await asyncio.wait(self.tasks, timeout=self.settings.drain_seconds)
        for task in left:
            logger.error("job.lost", extra={"job": task.get_name()})
            self.observe(task.get_name(), "lost")
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)


def component(settings: JobsSettings) -> Component:
    """Run jobs while the application runs; it starts after the services that jobs use."""

    @asynccontextmanager
    async def start(services: Services) -> AsyncGenerator[None]:
        jobs = Jobs(settings)
        services.add(Jobs, jobs)
        try:
            yield
        finally:
            await jobs.drain()

    return Component(name="jobs", start=start)
