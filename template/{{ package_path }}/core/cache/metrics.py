"""Metrics of the cache: events by function, and the state of the backend."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from prometheus_client import Counter, Gauge

from {{ package_name }}.core.cache import Cache
from {{ package_name }}.core.component import Component
from {{ package_name }}.core.metrics import Metrics
from {{ package_name }}.core.services import Services


def component() -> Component:
    """Add the metrics; it starts after the cache and the metrics."""

    @asynccontextmanager
    async def start(services: Services) -> AsyncIterator[None]:
        cache = services.get(Cache)
        metrics = services.get(Metrics)
        events = Counter(
            "cache_events",
            "Hits, misses, loads and errors of the cache, by cached function.",
            ["function", "event"],
            registry=metrics.registry,
        )

        def count(function: str, event: str) -> None:
            events.labels(function, event).inc()

        cache.observe = count
        if not metrics.multiprocess:
            for name, read in cache.store.gauges.items():
                text = f"Cache {name.replace('_', ' ')}."
                gauge = Gauge(f"cache_{name}", text, registry=metrics.registry)
                gauge.set_function(read)
        yield

    return Component(name="cache_metrics", start=start)
