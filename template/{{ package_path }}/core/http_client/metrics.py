"""Metrics of outgoing calls: rate, errors and duration by host."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from prometheus_client import Histogram

from {{ package_name }}.core.component import Component
from {{ package_name }}.core.http_client import HttpClient
from {{ package_name }}.core.metrics import OTHER, Metrics
from {{ package_name }}.core.services import Services

MAX_HOSTS = 50


def component() -> Component:
    """Add the metrics; it starts after the HTTP client and the metrics."""

    @asynccontextmanager
    async def start(services: Services) -> AsyncIterator[None]:
        metrics = services.get(Metrics)
        duration = Histogram(
            "http_client_attempt_duration_seconds",
            "Duration of an attempt; the status is none without a response.",
            ["host", "status"],
            registry=metrics.registry,
        )
        hosts: set[str] = set()

        def observe(host: str, status: str, seconds: float) -> None:
            # Hosts may come from users, and each is a time series.
            if len(hosts) < MAX_HOSTS:
                hosts.add(host)
            duration.labels(host if host in hosts else OTHER, status).observe(seconds)

        services.get(HttpClient).observers.append(observe)
        yield

    return Component(name="http_client_metrics", start=start)
