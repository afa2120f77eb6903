"""The outbox, as Prometheus sees it."""

import asyncio
import math

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from {{ package_name }}.app import create_app
from {{ package_name }}.core.jobs import outbox_metrics
from {{ package_name }}.core.jobs.durable import Jobs
from {{ package_name }}.core.jobs.outbox import Job
from {{ package_name }}.core.jobs.outbox_metrics import OutboxMetrics
from {{ package_name }}.core.metrics import Metrics
from {{ package_name }}.settings import Settings

from support.client import connect


async def test_unfinished_jobs_are_shown(
    own_database_url: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Who watches sees how many jobs wait and are dead; no number, if the database is silent."""
    monkeypatch.setattr(outbox_metrics, "EVERY_SECONDS", 0.01)
    own = {"database": {"url": own_database_url}, "jobs": {"attempts": 1}}
    app = create_app(Settings.load(own))
    async with connect(app):
        jobs: Jobs = app.state.started["jobs"]
        metrics: Metrics = app.state.started["metrics"]

        def shown() -> tuple[float | None, ...]:
            names = ("outbox_waiting", "outbox_dead")
            return tuple(metrics.registry.get_sample_value(name) for name in names)

        async def until_shown(*wanted: float) -> None:
            for _ in range(1000):
                if shown() == pytest.approx(wanted, nan_ok=True):
                    break
                await asyncio.sleep(0.01)
            assert shown() == pytest.approx(wanted, nan_ok=True)

        await until_shown(math.nan, math.nan)
        await jobs.outbox.add(Job(name="nobody does it", key="1"))
        (number,) = await jobs.outbox.due()
        await jobs.run(number)
        for key in ("2", "3"):
            await jobs.outbox.add(Job(name="work", key=key))
        await until_shown(2, 1)

        async def fail(_metrics: OutboxMetrics, _session: AsyncSession) -> None:
            raise ConnectionError("no database today")

        monkeypatch.setattr(OutboxMetrics, "count", fail)
        await until_shown(math.nan, math.nan)
        assert "outbox.not_counted" in [record.message for record in caplog.records]
