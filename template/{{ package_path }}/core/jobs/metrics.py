"""Metrics of background jobs: events by job, and the number of unfinished jobs."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from prometheus_client import Counter, Gauge

from {{ package_name }}.core.component import Component
from {{ package_name }}.core.jobs.in_process import Jobs
from {{ package_name }}.core.metrics import Metrics
from {{ package_name }}.core.services import Services


def component() -> Component:
    """Add the metrics; it starts after the jobs and the metrics."""

    @asynccontextmanager
    async def start(services: Services) -> AsyncIterator[None]:
        jobs = services.get(Jobs)
        metrics = services.get(Metrics)
        events = Counter(
            "job_events",
            "Jobs that are done, dropped, lost or dead, and failed attempts, by name.",
            ["job", "event"],
            registry=metrics.registry,
        )

        def count(job: str, event: str) -> None:
            events.labels(job, event).inc()

        jobs.observe = count
        if not metrics.multiprocess:
            text = "Jobs that run or are queued."
            gauge = Gauge("jobs_unfinished", text, registry=metrics.registry)
            gauge.set_function(lambda: len(jobs.tasks))
        yield

    return Component(name="jobs_metrics", start=start)
