"""What Prometheus sees of the calls to other services: rate, errors and duration, by host."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from fastapi import FastAPI
from prometheus_client import Histogram

from {{ package_name }}.core.component import Component
from {{ package_name }}.core.http_client import HttpClient
from {{ package_name }}.core.metrics import OTHER
from {{ package_name }}.core.metrics import Metrics
from {{ package_name }}.settings import Settings

HOSTS = 50


def component(_settings: Settings) -> Component:
    """Plug the metrics in; it comes after the HTTP client and the metrics."""

    @asynccontextmanager
    async def start(app: FastAPI) -> AsyncIterator[Mapping[str, object]]:
        http: HttpClient = app.state.started["http"]
        metrics: Metrics = app.state.started["metrics"]
        duration = Histogram(
            "http_client_attempt_duration_seconds",
            "Time that an attempt to call another service took; none is the status of no answer.",
            ["host", "status"],
            registry=metrics.registry,
        )
        hosts: set[str] = set()

        def watch(host: str, status: str, seconds: float) -> None:
            # Addresses may come from users; each host is a series for ever.
            if len(hosts) < HOSTS:
                hosts.add(host)
            duration.labels(host if host in hosts else OTHER, status).observe(seconds)

        http.watchers.append(watch)
        yield {}

    return Component(name="http_client_metrics", start=start)
