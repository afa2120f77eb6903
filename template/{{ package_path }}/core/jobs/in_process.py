"""Background work in this process: best effort, as it is gone if the process is killed."""

import asyncio
import logging
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager

from fastapi import FastAPI

from {{ package_name }}.core.component import Component
from {{ package_name }}.core.jobs import JobsSettings
from {{ package_name }}.settings import Settings

logger = logging.getLogger(__name__)

Work = Callable[[], Awaitable[None]]


class Jobs:
    """Does what nobody waits for: a few jobs at once, and a bounded number that wait.

    Attributes:
        observe: Called with the name of a job, and what the log says has become of it.
    """

    def __init__(self, settings: JobsSettings) -> None:
        self.settings = settings
        self.turns = asyncio.Semaphore(settings.workers)
        self.tasks: set[asyncio.Task[None]] = set()
        self.is_open = True
        self.observe: Callable[[str, str], None] = lambda _name, _event: None

    def enqueue(self, name: str, work: Work) -> None:
        """Do work soon. Ask for it after the commit: what is rolled back must have no effect.

        Whoever asks has done their part already, so what does not fit is no error of theirs: it is
        dropped, with a line in the log.

        Args:
            name: What the log calls it.
            work: Called until it succeeds, but only a few times.
        """
        if not self.is_open or len(self.tasks) >= self.settings.queue_size:
            logger.error("job.dropped", extra={"job": name})
            self.observe(name, "dropped")
            return
        # A task has the context of who asked: in the log, its lines carry the id of the request.
        task = asyncio.create_task(self.run(name, work), name=name)
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    async def run(self, name: str, work: Work) -> None:
        """Do work when it is its turn; if it fails, do it again after a while."""
        pause = 0.0
        for attempt in range(1, self.settings.attempts + 1):
            await asyncio.sleep(pause)
            try:
                async with self.turns:
                    await work()
            except Exception:
                logger.exception("job.failed", extra={"job": name, "attempt": attempt})
                self.observe(name, "failed")
            else:
                logger.info("job.done", extra={"job": name, "attempt": attempt})
                self.observe(name, "done")
                return
            # Longer each time, and not as long as for others that failed at the same moment.
            longest = self.settings.retry_seconds * 2**attempt
            pause = secrets.SystemRandom().uniform(longest / 2, longest)
        logger.error("job.given_up", extra={"job": name})
        self.observe(name, "given_up")

    async def drain(self) -> None:
        """Take no more work, and give what there is its time."""
        self.is_open = False
        if not self.tasks:
            return
        _, left = await asyncio.wait(self.tasks, timeout=self.settings.drain_seconds)
        for task in left:
            logger.error("job.lost", extra={"job": task.get_name()})
            self.observe(task.get_name(), "lost")
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)


def component(settings: Settings) -> Component:
    """Plug background work in; it comes after what the work uses, and so ends before that."""

    @asynccontextmanager
    async def start(_app: FastAPI) -> AsyncIterator[Mapping[str, object]]:
        jobs = Jobs(settings.jobs)
        try:
            yield {"jobs": jobs}
        finally:
            await jobs.drain()

    return Component(name="jobs", start=start)
