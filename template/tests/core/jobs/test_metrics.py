"""Background work, as Prometheus sees it."""

import asyncio

import pytest

from {{ package_name }}.app import create_app
from {{ package_name }}.core.jobs.in_process import Jobs
from {{ package_name }}.core.metrics import Metrics
from {{ package_name }}.settings import Settings

from support.client import connect


async def fail() -> None:
    """Do what can't be done."""
    raise RuntimeError("it is broken")


async def wait() -> None:
    """Do what does not end."""
    await asyncio.Event().wait()


async def test_jobs_are_counted(settings: Settings) -> None:
    """Who watches sees what became of the jobs, by name, and how many there are."""
    app = create_app(settings)
    async with connect(app):
        jobs: Jobs = app.state.started["jobs"]
        metrics: Metrics = app.state.started["metrics"]
        jobs.settings = jobs.settings.model_copy(update={"retry_seconds": 0, "attempts": 2})
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
            ("fail", "given_up", 1),
            ("wait", "lost", 1),
            ("late", "dropped", 1),
        ):
            labels = {"job": job, "event": event}
            assert metrics.registry.get_sample_value("job_events_total", labels) == number


async def test_processes_share_the_counts(
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    """Where processes share their metrics, one can't ask another how many jobs it has."""
    monkeypatch.setenv("PROMETHEUS_MULTIPROC_DIR", str(tmp_path_factory.mktemp("metrics")))
    app = create_app(settings)
    async with connect(app):
        metrics: Metrics = app.state.started["metrics"]

        names = {family.name for family in metrics.registry.collect()}
        assert "job_events" in names
        assert "jobs_unfinished" not in names
