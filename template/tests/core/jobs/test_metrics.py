"""Metrics of jobs in this process."""

import asyncio

import pytest

from {{ package_name }}.app import create_app
from {{ package_name }}.core.app import Application
from {{ package_name }}.core.jobs.in_process import Jobs
from {{ package_name }}.core.metrics import Metrics
from {{ package_name }}.settings import Settings

from support.client import connect


async def fail() -> None:
    """Fail."""
    raise RuntimeError("it is broken")


async def wait() -> None:
    """Never end."""
    await asyncio.Event().wait()


async def test_jobs_are_counted(app: Application) -> None:
    """Events are counted by job, and a gauge shows the unfinished jobs."""
    async with connect(app):
        jobs = app.services.get(Jobs)
        registry = app.services.get(Metrics).registry
        jobs.settings = jobs.settings.model_copy(update={"retry_seconds": 0, "max_attempts": 2})
        for work in (wait, fail):
            jobs.enqueue(work.__name__, work)
        jobs.enqueue("nap", lambda: asyncio.sleep(0))
        assert registry.get_sample_value("jobs_unfinished") == 3

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
            assert registry.get_sample_value("job_events_total", labels) == number


async def test_multiprocess_mode_has_no_gauge(
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    """In multiprocess mode the events are shared; a process can't count another one's jobs."""
    monkeypatch.setenv("PROMETHEUS_MULTIPROC_DIR", str(tmp_path_factory.mktemp("metrics")))
    app = create_app(settings)
    async with connect(app):
        names = {family.name for family in app.services.get(Metrics).registry.collect()}

        assert "job_events" in names
        assert "jobs_unfinished" not in names
