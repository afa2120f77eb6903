"""Metrics of the outbox: the number of pending and of dead jobs."""

import asyncio
import logging
import math
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress

from prometheus_client import Gauge
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from {{ package_name }}.core.component import Component
from {{ package_name }}.core.database import Database
from {{ package_name }}.core.jobs.models import OutboxJob
from {{ package_name }}.core.metrics import Metrics
from {{ package_name }}.core.services import Services

logger = logging.getLogger(__name__)

COUNT_INTERVAL_SECONDS = 15


class OutboxMetrics:
    """The gauge; NaN until the first count, and while the database is unavailable."""

    def __init__(self, metrics: Metrics) -> None:
        # Every process counts the same rows, so the most recent value is right.
        self.jobs = Gauge(
            "outbox_jobs",
            "Jobs that are not completed, by state: pending, or dead after too many attempts.",
            ["state"],
            multiprocess_mode="mostrecent",
            registry=metrics.registry,
        )
        self.set(math.nan, math.nan)

    def set(self, pending: float, dead: float) -> None:
        """Set the number of jobs in each state."""
        self.jobs.labels("pending").set(pending)
        self.jobs.labels("dead").set(dead)

    async def count(self, session: AsyncSession) -> None:
        """Count the jobs that are not completed, by an index."""
        query = select(func.count(), func.count(OutboxJob.run_at))
        found = await session.execute(query.where(OutboxJob.completed_at.is_(None)))
        unfinished, pending = found.one()
        self.set(pending, unfinished - pending)

    async def run(self, database: Database) -> None:
        """Count every 15 seconds."""
        while True:
            await asyncio.sleep(COUNT_INTERVAL_SECONDS)
            try:
                await database.read(self.count)
            except Exception:
                logger.exception("outbox.count_failed")
                self.set(math.nan, math.nan)


def component() -> Component:
    """Add the gauge; it starts after the database and the metrics."""

    @asynccontextmanager
    async def start(services: Services) -> AsyncGenerator[None]:
        gauge = OutboxMetrics(services.get(Metrics))
        task = asyncio.create_task(gauge.run(services.get(Database)))
        try:
            yield
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    return Component(name="outbox_metrics", start=start)
