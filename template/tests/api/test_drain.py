"""Stopping: first not ready, then a while for everyone to notice, then the end."""

import asyncio

import httpx

from support import Service, launched


async def use(service: Service, busy: asyncio.Barrier) -> int:
    """Call the service until it is not ready, as a load balancer would; return the calls."""
    calls = 0
    async with httpx.AsyncClient(base_url=service.url) as client:
        while (await client.get("/health/ready")).status_code == 200:
            response = await client.get("/health")
            assert response.json() == {"status": "ok"}
            calls += 1
            if calls == 1:
                await busy.wait()
    await asyncio.sleep(0.5)
    async with httpx.AsyncClient(base_url=service.url) as late:  # has not looked at the probe yet
        assert (await late.get("/health")).status_code == 200
    return calls


async def test_no_request_is_lost_while_it_drains() -> None:
    """Clients that look at the probe finish in peace, and the service ends with status 0."""
    with launched(SERVER__DRAIN_SECONDS="1.5") as service:
        busy = asyncio.Barrier(11)
        async with asyncio.TaskGroup() as group:
            clients = [group.create_task(use(service, busy)) for _ in range(10)]
            await busy.wait()
            await asyncio.sleep(0.2)  # under load by now
            service.stop()
        status, _ = service.end()

    assert min(client.result() for client in clients) > 1
    assert status == 0
