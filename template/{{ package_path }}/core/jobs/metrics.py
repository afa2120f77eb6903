"""Metrics of background jobs: events by job, and the number of unfinished jobs."""

from prometheus_client import Counter

from {{ package_name }}.core.component import Component
from {{ package_name }}.core.jobs.in_process import Jobs
from {{ package_name }}.core.metrics import Metrics, metrics_component


def observe(jobs: Jobs, metrics: Metrics) -> None:
    """Add the metrics of background jobs."""
    events = Counter(
        "job_events",
        "Jobs that are done, dropped, lost or dead, and failed attempts, by name.",
        ["job", "event"],
        registry=metrics.registry,
    )
    jobs.observe = lambda job, event: events.labels(job, event).inc()
    metrics.add_gauge("jobs_unfinished", "Jobs that run or are queued.", lambda: len(jobs.tasks))


def component() -> Component:
    """Add the metrics of background jobs."""
    return metrics_component("jobs_metrics", Jobs, observe)
