"""Health endpoints: probes, their timeout and their responses."""

import asyncio
import logging
import time

import httpx2
import pytest
from fastapi import APIRouter

from {{ package_name }}.core.app import build
from {{ package_name }}.core.component import Component
from {{ package_name }}.core.errors import UnavailableError
from {{ package_name }}.core.web import health
from {{ package_name }}.practices import PracticeSettings

from support.client import connect


async def good() -> None:
    """Pass."""


async def bad() -> None:
    """Fail as a driver does: with a secret in the message."""
    raise ConnectionError("postgresql://user:hunter2@db refused")


async def unavailable() -> None:
    """Fail as a component does."""
    raise UnavailableError("Do this.")


async def hanging() -> None:
    """Never end."""
    await asyncio.Event().wait()


def with_probes(settings: PracticeSettings, *probes: Component) -> list[Component]:
    """Return the components of an application with these probes."""
    return [health.component(settings.health), *probes]


async def test_live_probes_nothing(settings: PracticeSettings) -> None:
    """A process is alive even if its dependencies are unavailable."""
    app = build(settings.limits, with_probes(settings, Component(name="database", probe=bad)))

    async with connect(app) as client:
        response = await client.get("/health")

    assert (response.status_code, response.json()) == (200, {"status": "ok"})
    assert response.headers["cache-control"] == "no-store"


async def test_ready_when_every_probe_passes(reader: httpx2.AsyncClient) -> None:
    """A new service is ready."""
    response = await reader.get("/health/ready")

    assert (response.status_code, response.json()) == (200, {"status": "ok"})
    assert response.headers["cache-control"] == "no-store"


async def test_not_ready_when_one_fails(
    settings: PracticeSettings, caplog: pytest.LogCaptureFixture
) -> None:
    """The response has no reason; the log has it."""
    probes = Component(name="one", probe=good), Component(name="two", probe=bad)

    with caplog.at_level(logging.ERROR):
        async with connect(build(settings.limits, with_probes(settings, *probes))) as client:
            response = await client.get("/health/ready")

    assert (response.status_code, response.json()) == (503, {"status": "unavailable"})
    assert "hunter2" in caplog.text


async def test_reason_of_a_component_is_logged_in_one_line(
    settings: PracticeSettings, caplog: pytest.LogCaptureFixture
) -> None:
    """The log has the message of the error, without a traceback."""
    probe = Component(name="one", probe=unavailable)

    async with connect(build(settings.limits, with_probes(settings, probe))) as client:
        response = await client.get("/health/ready")

    assert response.status_code == 503
    (record,) = [record for record in caplog.records if record.msg == "probe.failed"]
    assert (record.__dict__["reason"], record.exc_info) == ("Do this.", None)


async def test_probes_run_concurrently_with_a_timeout() -> None:
    """Three hanging probes take one timeout."""
    settings = PracticeSettings.load({"health": {"probe_timeout_seconds": 0.2}})
    probes = [Component(name=str(number), probe=hanging) for number in range(3)]

    async with connect(build(settings.limits, with_probes(settings, *probes))) as client:
        start = time.monotonic()
        response = await client.get("/health/ready")

    assert response.status_code == 503
    assert time.monotonic() - start < 0.5


async def test_health_is_never_rejected() -> None:
    """An overloaded service is alive."""
    settings = PracticeSettings.load({"limits": {"max_concurrent_requests": 1}})
    router, entered, gone = APIRouter(), asyncio.Event(), asyncio.Event()

    @router.get("/wait")
    async def wait() -> None:
        entered.set()
        await gone.wait()

    components = with_probes(settings, Component(name="wait", routers=(router,)))
    async with connect(build(settings.limits, components)) as client:
        waiting = asyncio.create_task(client.get("/wait"))
        await entered.wait()
        statuses = [
            (await client.get(path)).status_code for path in ("/wait", "/health", "/health/ready")
        ]
        gone.set()
        await waiting

    assert statuses == [503, 200, 200]
