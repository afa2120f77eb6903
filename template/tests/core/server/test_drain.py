"""The drain: not ready first, and every request is served until it ends."""

import asyncio
import ssl

import httpx2

from support.server import Service, launched

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
