"""The drain: not ready first, then time for load balancers, then the stop."""

import asyncio
import signal
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx2
from fastapi import APIRouter

from {{ package_name }}.core.app import build
from {{ package_name }}.core.component import Component
from {{ package_name }}.core.services import Services
from {{ package_name }}.core.web.limits import LimitsSettings

from support.server import Service, launched, served

CLIENTS = 10
CALLS_BEFORE_THE_STOP = 5
LONGER_THAN_A_TICK = 0.3
NO_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # loads no certificates, which takes 30 ms


async def use(service: Service, busy: asyncio.Barrier) -> None:
    """Call the service until it is not ready, as a load balancer does, then once more."""
    calls = 0
    async with httpx2.AsyncClient(base_url=service.url, verify=NO_TLS) as client:
        while (await client.get("/health/ready")).status_code == 200:
            response = await client.get("/health")
            assert response.json() == {"status": "ok"}
            calls += 1
            if calls == CALLS_BEFORE_THE_STOP:
                await busy.wait()
        await asyncio.sleep(LONGER_THAN_A_TICK)
        # The load balancer has not seen the probe yet; the server closes the connection after it.
        assert (await client.get("/health")).status_code == 200


async def test_no_request_is_lost_while_it_drains() -> None:
    """Requests are served until the drain ends; a second signal ends it, with status 0.

    The drain is long, so that a slow machine sees it too.
    """
    with launched(SERVER__DRAIN_SECONDS="600") as service:
        busy = asyncio.Barrier(CLIENTS + 1)
        async with asyncio.timeout(20), asyncio.TaskGroup() as group:
            for _ in range(CLIENTS):
                group.create_task(use(service, busy))
            await busy.wait()
            service.stop()
        service.stop()
        status, output = service.end()

    assert status == 0
    assert "Traceback" not in output


class Slow:
    """A component with a slow route, and a record of its stop."""

    def __init__(self) -> None:
        self.entered = asyncio.Event()
        self.has_stopped = False
        router = APIRouter()
        router.get("/wait")(self.wait)
        self.component = Component(name="slow", start=self.start, routers=(router,))

    @asynccontextmanager
    async def start(self, _services: Services) -> AsyncIterator[None]:
        """Note the stop."""
        yield
        self.has_stopped = True

    async def wait(self) -> None:
        """Wait for longer than the test."""
        self.entered.set()
        await asyncio.sleep(60)


async def test_second_signal_cancels_requests_and_stops_components() -> None:
    """A request in flight gets 503, and what the components hold is closed."""
    slow = Slow()
    async with (
        served(build(LimitsSettings(), [slow.component])) as server,
        httpx2.AsyncClient(verify=NO_TLS) as client,
    ):
        request = asyncio.create_task(client.get(f"http://127.0.0.1:{server.port}/wait"))
        await slow.entered.wait()
        server.handle_exit(signal.SIGTERM, None)
        server.handle_exit(signal.SIGTERM, None)
        response = await request

    assert (response.status_code, response.headers["connection"]) == (503, "close")
    assert slow.has_stopped
