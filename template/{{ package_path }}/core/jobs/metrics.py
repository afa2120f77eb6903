"""What Prometheus sees of background work: what becomes of jobs, and how many there are."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from fastapi import FastAPI
from prometheus_client import Counter, Gauge

from {{ package_name }}.core.component import Component
from {{ package_name }}.core.jobs.in_process import Jobs
from {{ package_name }}.core.metrics import Metrics
from {{ package_name }}.settings import Settings


def component(_settings: Settings) -> Component:
    """Plug the counter and the gauge in; it comes after the jobs and the metrics."""

    @asynccontextmanager
    async def start(app: FastAPI) -> AsyncIterator[Mapping[str, object]]:
        jobs: Jobs = app.state.started["jobs"]
        metrics: Metrics = app.state.started["metrics"]
        events = Counter(
            "job_events",
            "Jobs that were done, dropped, lost or given up, and tries that failed, by name.",
            ["job", "event"],
            registry=metrics.registry,
        )

        def count(job: str, event: str) -> None:
            events.labels(job, event).inc()

        jobs.observe = count
        if not metrics.shared:
            text = "Jobs that run or wait."
            gauge = Gauge("jobs_unfinished", text, registry=metrics.registry)
            gauge.set_function(lambda: len(jobs.tasks))
        yield {}

    return Component(name="jobs_metrics", start=start)
