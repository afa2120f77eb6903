"""The cache, as Prometheus sees it."""

import pytest
from pydantic import TypeAdapter

from {{ package_name }}.app import create_app
from {{ package_name }}.core.cache import Cache
from {{ package_name }}.core.cache.codec import JsonCodec
from {{ package_name }}.core.cache.entry import Policy
from {{ package_name }}.core.metrics import Metrics
from {{ package_name }}.settings import Settings

from support.client import connect


async def one() -> int:
    """Return a number."""
    return 1


async def test_events_and_state_are_shown(settings: Settings) -> None:
    """Who watches sees what becomes of each function's calls, and how the store is."""
    app = create_app(settings)
    async with connect(app):
        cache: Cache = app.state.started["cache"]
        metrics: Metrics = app.state.started["metrics"]
        policy = Policy(name="test", codec=JsonCodec(TypeAdapter(int)), ttl=10)
        for key in ("a", "b", "c"):
            await cache.fetch(policy, one, key)

        labels = {"function": "test", "event": "load"}
        assert metrics.registry.get_sample_value("cache_events_total", labels) == 3
        for name, read in cache.store.gauges.items():
            assert metrics.registry.get_sample_value(f"cache_{name}") == read()


async def test_processes_share_the_events(
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    """Where processes share their metrics, one can't ask another how its store is."""
    monkeypatch.setenv("PROMETHEUS_MULTIPROC_DIR", str(tmp_path_factory.mktemp("metrics")))
    app = create_app(settings)
    async with connect(app):
        metrics: Metrics = app.state.started["metrics"]

        names = {family.name for family in metrics.registry.collect()}
        assert "cache_events" in names
        assert not names & {"cache_bytes", "cache_breaker_open"}
