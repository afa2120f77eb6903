"""Metrics of background jobs."""

import asyncio

import pytest

from {{ package_name }}.core.jobs.in_process import Jobs
from {{ package_name }}.core.metrics import Metrics
from {{ package_name }}.practices import PracticeSettings

from support.client import connect, practice_app


async def fail() -> None:
    """Fail."""
    raise RuntimeError("it is broken")


async def wait() -> None:
    """Never end."""
    await asyncio.Event().wait()


async def test_jobs_are_counted(settings: PracticeSettings) -> None:
    """Events are counted by job, and the gauge has the unfinished jobs."""
    app = practice_app(settings)
    async with connect(app):
        jobs, metrics = app.services.get(Jobs), app.services.get(Metrics)
        jobs.settings = jobs.settings.model_copy(update={"retry_seconds": 0, "max_attempts": 2})
        for work in (wait, fail):
            jobs.enqueue(work.__name__, work)
        jobs.enqueue("nap", lambda: asyncio.sleep(0))
        assert metrics.registry.get_sample_value("jobs_unfinished") == 3

        await asyncio.wait([task for task in jobs.tasks if task.get_name() != "wait"])
        jobs.settings = jobs.settings.model_copy(update={"drain_seconds": 0})
        await jobs.drain()
        jobs.enqueue("late", fail)

        for job, event, number in (
            ("nap", "done", 1),
            ("fail", "failed", 2),
            ("fail", "dead", 1),
            ("wait", "lost", 1),
            ("late", "dropped", 1),
        ):
            labels = {"job": job, "event": event}
            assert metrics.registry.get_sample_value("job_events_total", labels) == number


async def test_processes_share_the_counts(
    settings: PracticeSettings,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    """With several processes there is no gauge: a process knows its own jobs only."""
    monkeypatch.setenv("PROMETHEUS_MULTIPROC_DIR", str(tmp_path_factory.mktemp("metrics")))
    app = practice_app(settings)
    async with connect(app):
        metrics = app.services.get(Metrics)

        names = {family.name for family in metrics.registry.collect()}
        assert "job_events" in names
        assert "jobs_unfinished" not in names
