"""The worker: a process that dispatches due jobs to the queue, and runs jobs from it."""

import asyncio
import logging
import signal
from contextlib import suppress

from taskiq import AsyncBroker
from taskiq.receiver import Receiver

from {{ package_name }}.core.app import Application
from {{ package_name }}.core.jobs.broker import build_queue
from {{ package_name }}.core.jobs.durable import Jobs
from {{ package_name }}.core.jobs.outbox import JobsSettings

logger = logging.getLogger(__name__)

DISPATCH_TIMEOUT_SECONDS = 5
STOP_TIMEOUT_SECONDS = 5


class Worker:
    """Runs jobs until it is stopped; it logs errors and continues."""

    def __init__(self, jobs: Jobs, broker: AsyncBroker, settings: JobsSettings) -> None:
        self.jobs = jobs
        self.broker = broker
        self.settings = settings
        self.stopped = asyncio.Event()

        async def run(job_id: int) -> None:
            await jobs.run(job_id)

        self.task = broker.register_task(run, task_name="job")

    async def run(self) -> None:
        """Dispatch and consume jobs concurrently; a stop takes at most the drain time and 5 s."""
        tasks = [
            asyncio.create_task(self.dispatch(), name="dispatch"),
            asyncio.create_task(self.consume(), name="consume"),
        ]
        stopping = asyncio.create_task(self.stopped.wait())
        await asyncio.wait([*tasks, stopping], return_when=asyncio.FIRST_COMPLETED)
        self.stopped.set()
        timeout = self.settings.drain_seconds + STOP_TIMEOUT_SECONDS
        done, pending = await asyncio.wait(tasks, timeout=timeout)
        for task in pending:
            logger.error("worker.stop_timed_out", extra={"task": task.get_name()})
            task.cancel()
        for task in done:
            task.result()  # raises what ended it

    async def dispatch(self) -> None:
        """Dispatch due jobs, every `poll_seconds`."""
        while not self.stopped.is_set():
            try:
                await self.jobs.schedule()
                await self.dispatch_due()
            except Exception:
                logger.exception("outbox.dispatch_failed")
            await self.pause()

    async def dispatch_due(self) -> None:
        """Send due jobs to the queue; release them if that fails."""
        ids = await self.jobs.outbox.lease_due()
        try:
            for job_id in ids:
                async with asyncio.timeout(DISPATCH_TIMEOUT_SECONDS):
                    await self.task.kiq(job_id)
        except Exception:
            await self.jobs.outbox.release(ids)
            raise

    async def consume(self) -> None:
        """Run jobs from the queue; running jobs have the drain time after a stop."""
        while not self.stopped.is_set():
            receiver = Receiver(
                self.broker,
                max_async_tasks=self.settings.concurrency,
                run_startup=False,
                wait_tasks_timeout=self.settings.drain_seconds,
            )
            try:
                await receiver.listen(self.stopped)
            except Exception:
                logger.exception("outbox.consume_failed")
                await self.pause()

    async def pause(self) -> None:
        """Wait for `poll_seconds`, or until the worker is stopped."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self.stopped.wait(), self.settings.poll_seconds)


async def work(app: Application, settings: JobsSettings) -> None:
    """Run a worker until SIGINT or SIGTERM: the application without its server."""
    queue = build_queue(settings)
    loop = asyncio.get_running_loop()
    async with app.router.lifespan_context(app):
        worker = Worker(app.services.get(Jobs), queue, settings)
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: loop.call_soon_threadsafe(worker.stopped.set))
        await queue.startup()
        try:
            await worker.run()
        finally:
            await queue.shutdown()


def run_worker(app: Application, settings: JobsSettings) -> None:
    """Run a worker until SIGINT or SIGTERM."""
    asyncio.run(work(app, settings))
