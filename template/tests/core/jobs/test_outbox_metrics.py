"""Metrics of the outbox."""

import asyncio
import math

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from {{ package_name }}.core.jobs import outbox_metrics
from {{ package_name }}.core.jobs.durable import Jobs
from {{ package_name }}.core.jobs.outbox import Job
from {{ package_name }}.core.jobs.outbox_metrics import OutboxMetrics
from {{ package_name }}.core.metrics import Metrics
from {{ package_name }}.practices import PracticeSettings

from support.client import connect, practice_app


async def test_unfinished_jobs_are_shown(
    own_database_url: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The gauge has the pending and dead jobs, and NaN while the database is unavailable."""
    monkeypatch.setattr(outbox_metrics, "COUNT_INTERVAL_SECONDS", 0.01)
    own = {"database": {"url": own_database_url}, "jobs": {"max_attempts": 1}}
    app = practice_app(PracticeSettings.load(own))
    async with connect(app):
        jobs, registry = app.services.get(Jobs), app.services.get(Metrics).registry

        def shown() -> tuple[float | None, ...]:
            states = ({"state": state} for state in ("pending", "dead"))
            return tuple(registry.get_sample_value("outbox_jobs", state) for state in states)

        async def until_shown(*expected: float) -> None:
            for _ in range(1000):
                if shown() == pytest.approx(expected, nan_ok=True):
                    break
                await asyncio.sleep(0.01)
            assert shown() == pytest.approx(expected, nan_ok=True)

        await until_shown(math.nan, math.nan)
        await jobs.outbox.enqueue(Job(name="no handler", key="1"))
        (job_id,) = await jobs.outbox.lease_due()
        await jobs.run(job_id)
        for key in ("2", "3"):
            await jobs.outbox.enqueue(Job(name="work", key=key))
        await until_shown(2, 1)

        async def fail(_metrics: OutboxMetrics, _session: AsyncSession) -> None:
            raise ConnectionError("no database today")

        monkeypatch.setattr(OutboxMetrics, "count", fail)
        await until_shown(math.nan, math.nan)
        assert "outbox.count_failed" in [record.message for record in caplog.records]
