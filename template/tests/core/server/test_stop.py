"""The stop: requests in flight and components end."""

import asyncio
import signal
import ssl
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import httpx2
from fastapi import APIRouter

from {{ package_name }}.core.app import build
from {{ package_name }}.core.component import Component
from {{ package_name }}.core.services import Services
from {{ package_name }}.core.web.limits import LimitsSettings

from support.server import served

NO_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # loads no certificates, which takes 30 ms


class Slow:
    """A component with a slow route, and a record of its stop."""

    def __init__(self) -> None:
        self.entered = asyncio.Event()
        self.has_stopped = False
        router = APIRouter()
        router.get("/wait")(self.wait)
        self.component = Component(name="slow", start=self.start, routers=(router,))

    @asynccontextmanager
    async def start(self, _services: Services) -> AsyncGenerator[None]:
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
