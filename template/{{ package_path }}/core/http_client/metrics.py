"""Metrics of outgoing calls: rate, errors and duration by host."""

from prometheus_client import Histogram

from {{ package_name }}.core.component import Component
from {{ package_name }}.core.http_client import HttpClient
from {{ package_name }}.core.metrics import OTHER, Metrics, metrics_component

MAX_HOSTS = 50


def observe(client: HttpClient, metrics: Metrics) -> None:
    """Add the metrics of a client."""
    duration = Histogram(
        "http_client_attempt_duration_seconds",
        "Duration of an attempt; the status is none without a response.",
        ["host", "status"],
        registry=metrics.registry,
    )
    hosts: set[str] = set()

    def count(host: str, status: str, seconds: float) -> None:
        # Hosts may come from users, and each is a time series.
        if len(hosts) < MAX_HOSTS:
            hosts.add(host)
        duration.labels(host if host in hosts else OTHER, status).observe(seconds)

    client.observers.append(count)


def component() -> Component:
    """Add the metrics of outgoing calls."""
    return metrics_component("http_client_metrics", HttpClient, observe)
