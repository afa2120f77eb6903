"""Stopping: first not ready, then a while for everyone to notice, then the end."""

import asyncio

import httpx

from support import Service, launched

CALLS_BEFORE_THE_STOP = 5


async def use(service: Service, busy: asyncio.Barrier) -> None:
    """Call the service until it is not ready, as a load balancer would."""
    calls = 0
    async with httpx.AsyncClient(base_url=service.url) as client:
        while (await client.get("/health/ready")).status_code == 200:
            response = await client.get("/health")
            assert response.json() == {"status": "ok"}
            calls += 1
            if calls == CALLS_BEFORE_THE_STOP:
                await busy.wait()
    await asyncio.sleep(0.5)
    async with httpx.AsyncClient(base_url=service.url) as late:  # has not looked at the probe yet
        assert (await late.get("/health")).status_code == 200


async def test_no_request_is_lost_while_it_drains() -> None:
    """Clients that look at the probe finish in peace, and the service ends with status 0."""
    with launched(SERVER__DRAIN_SECONDS="1.5") as service:
        busy = asyncio.Barrier(11)
        async with asyncio.TaskGroup() as group:
            for _ in range(10):
                group.create_task(use(service, busy))
            await busy.wait()
            service.stop()
        status, _ = service.end()

    assert status == 0
