"""The worker: a process that sends jobs from the outbox to a queue, and does those that come."""

import asyncio
import logging
from contextlib import suppress

from taskiq import AsyncBroker
from taskiq.receiver import Receiver

from {{ package_name }}.core.jobs.durable import Jobs
from {{ package_name }}.core.jobs import JobsSettings

logger = logging.getLogger(__name__)

SEND_SECONDS = 5


class Worker:
    """Does jobs until it is stopped; what disturbs it is logged, and it goes on."""

    def __init__(self, jobs: Jobs, broker: AsyncBroker, settings: JobsSettings) -> None:
        self.jobs = jobs
        self.broker = broker
        self.settings = settings
        self.stopped = asyncio.Event()

        async def run(number: int) -> None:
            await jobs.run(number)

        self.task = broker.register_task(run, task_name="job")

    async def run(self) -> None:
        """Send jobs and do jobs, both at once."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self.send())
            group.create_task(self.listen())

    async def send(self) -> None:
        """Send jobs, and look again after a while."""
        while not self.stopped.is_set():
            try:
                await self.jobs.schedule()
                await self.send_due()
            except Exception:
                logger.exception("jobs.not_sent")
            await self.pause()

    async def send_due(self) -> None:
        """Send the jobs whose time has come; if that fails, it is their time again."""
        numbers = await self.jobs.outbox.due()
        try:
            for number in numbers:
                async with asyncio.timeout(SEND_SECONDS):
                    await self.task.kiq(number)
        except Exception:
            await self.jobs.outbox.give_back(numbers)
            raise

    async def listen(self) -> None:
        """Do the jobs that come; when it is stopped, those that it has begun get their time."""
        while not self.stopped.is_set():
            receiver = Receiver(
                self.broker,
                max_async_tasks=self.settings.workers,
                run_startup=False,
                wait_tasks_timeout=self.settings.drain_seconds,
            )
            try:
                await receiver.listen(self.stopped)
            except Exception:
                logger.exception("jobs.not_received")
                await self.pause()

    async def pause(self) -> None:
        """Wait for a moment, or for the end."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self.stopped.wait(), self.settings.poll_seconds)
