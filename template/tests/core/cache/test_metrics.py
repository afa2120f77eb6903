"""Metrics of the cache."""

import pytest
from pydantic import TypeAdapter

from {{ package_name }}.core.app import Application
from {{ package_name }}.core.cache import Cache
from {{ package_name }}.core.cache.codec import JsonCodec
from {{ package_name }}.core.cache.entry import Policy
from {{ package_name }}.core.metrics import Metrics
from {{ package_name }}.practices import PracticeSettings

from support.client import connect, practice_app


async def one() -> int:
    """Return 1."""
    return 1


async def test_events_and_backend_are_measured(app: Application) -> None:
    """Events are counted by function, and gauges show the state of the backend."""
    async with connect(app):
        cache = app.services.get(Cache)
        registry = app.services.get(Metrics).registry
        policy = Policy(name="test", codec=JsonCodec(TypeAdapter(int)), ttl=10)
        for key in ("a", "b", "c"):
            await cache.fetch(policy, one, key)

        labels = {"function": "test", "event": "load"}
        assert registry.get_sample_value("cache_events_total", labels) == 3
        for name, read in cache.store.gauges.items():
            assert registry.get_sample_value(f"cache_{name}") == read()


async def test_multiprocess_mode_has_no_gauges(
    settings: PracticeSettings,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    """In multiprocess mode the events are shared; a process can't read another one's backend."""
    monkeypatch.setenv("PROMETHEUS_MULTIPROC_DIR", str(tmp_path_factory.mktemp("metrics")))
    app = practice_app(settings)
    async with connect(app):
        names = {family.name for family in app.services.get(Metrics).registry.collect()}

        assert "cache_events" in names
        assert not names & {f"cache_{name}" for name in app.services.get(Cache).store.gauges}
