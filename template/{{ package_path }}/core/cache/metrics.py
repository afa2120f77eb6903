"""What Prometheus sees of the cache: hits, misses, loads and errors by function, and its state."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from fastapi import FastAPI
from prometheus_client import Counter, Gauge

from {{ package_name }}.core.component import Component
from {{ package_name }}.core.cache import Cache
from {{ package_name }}.core.metrics import Metrics
from {{ package_name }}.settings import Settings


def component(_settings: Settings) -> Component:
    """Plug the counters and gauges in; it comes after the cache and the metrics."""

    @asynccontextmanager
    async def start(app: FastAPI) -> AsyncIterator[Mapping[str, object]]:
        cache: Cache = app.state.started["cache"]
        metrics: Metrics = app.state.started["metrics"]
        events = Counter(
            "cache_events",
            "Hits, misses, loads and errors of the cache, by cached function.",
            ["function", "event"],
            registry=metrics.registry,
        )

        def count(function: str, event: str) -> None:
            events.labels(function, event).inc()

        cache.observe = count
        if not metrics.shared:
            for name, read in cache.store.gauges.items():
                text = f"Of the cache: {name.replace('_', ' ')}."
                gauge = Gauge(f"cache_{name}", text, registry=metrics.registry)
                gauge.set_function(read)
        yield {}

    return Component(name="cache_metrics", start=start)
