"""What Prometheus sees of the outbox: how many jobs wait, and how many are dead."""

import asyncio
import logging
import math
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress

from fastapi import FastAPI
from prometheus_client import Gauge
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from {{ package_name }}.core.component import Component
from {{ package_name }}.core.jobs.models import OutboxJob
from {{ package_name }}.core.database import Database
from {{ package_name }}.core.metrics import Metrics
from {{ package_name }}.settings import Settings

logger = logging.getLogger(__name__)

EVERY_SECONDS = 15


class OutboxMetrics:
    """The gauges; NaN means that the database was not asked yet, or does not answer."""

    def __init__(self, metrics: Metrics) -> None:
        # Every process counts the same rows, so any of them may tell.
        self.waiting, self.dead = (
            Gauge(name, text, multiprocess_mode="mostrecent", registry=metrics.registry)
            for name, text in (
                ("outbox_waiting", "Jobs that are not done yet."),
                ("outbox_dead", "Jobs that failed too often, and wait to be looked at."),
            )
        )
        self.show(math.nan, math.nan)

    def show(self, waiting: float, dead: float) -> None:
        """Show how many jobs there are."""
        self.waiting.set(waiting)
        self.dead.set(dead)

    async def count(self, session: AsyncSession) -> None:
        """Count the jobs that are not done, by an index: there are few of them."""
        query = select(func.count(), func.count(OutboxJob.send_at))
        found = await session.execute(query.where(OutboxJob.done_at.is_(None)))
        unfinished, waiting = found.one()
        self.show(waiting, unfinished - waiting)

    async def run(self, database: Database) -> None:
        """Count now and again."""
        while True:
            await asyncio.sleep(EVERY_SECONDS)
            try:
                await database.read(self.count)
            except Exception:
                logger.exception("outbox.not_counted")
                self.show(math.nan, math.nan)


def component(_settings: Settings) -> Component:
    """Plug the gauges in; it comes after the database and the metrics."""

    @asynccontextmanager
    async def start(app: FastAPI) -> AsyncIterator[Mapping[str, object]]:
        shown = OutboxMetrics(app.state.started["metrics"])
        task = asyncio.create_task(shown.run(app.state.started["database"]))
        try:
            yield {}
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    return Component(name="outbox_metrics", start=start)
