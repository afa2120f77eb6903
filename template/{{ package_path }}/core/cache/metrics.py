"""Metrics of the cache: events by function, and the state of the backend."""

from prometheus_client import Counter

from {{ package_name }}.core.cache import Cache
from {{ package_name }}.core.component import Component
from {{ package_name }}.core.metrics import Metrics, metrics_component


def observe(cache: Cache, metrics: Metrics) -> None:
    """Add the metrics of a cache."""
    events = Counter(
        "cache_events",
        "Hits, misses, loads and errors of the cache, by cached function.",
        ["function", "event"],
        registry=metrics.registry,
    )
    cache.observe = lambda function, event: events.labels(function, event).inc()
    for name, read in cache.store.gauges.items():
        metrics.add_gauge(f"cache_{name}", f"Cache {name.replace('_', ' ')}.", read)


def component() -> Component:
    """Add the metrics of the cache."""
    return metrics_component("cache_metrics", Cache, observe)
