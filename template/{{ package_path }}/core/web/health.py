"""Probes: is the process alive, and can it serve right now?"""

import asyncio
import logging
from collections.abc import Awaitable, Callable

from fastapi import Request, Response
from fastapi.responses import JSONResponse

from {{ package_name }}.core.component import Component
from {{ package_name }}.settings import Settings

logger = logging.getLogger(__name__)


def health(status: int, word: str) -> Response:
    """Return the answer of a probe. It never says why: that is in the log."""
    headers = {"Cache-Control": "no-store"}
    return JSONResponse({"status": word}, status, headers)


async def passes(name: str, probe: Callable[[], Awaitable[None]], seconds: float) -> bool:
    """Tell whether a probe ends well in time."""
    try:
        async with asyncio.timeout(seconds):
            await probe()
    except Exception:
        logger.exception("probe.failed", extra={"probe": name})
        return False
    return True


async def live(_request: Request) -> Response:
    """Say that the process is alive. It asks nobody else: a restart would not mend them."""
    return health(200, "ok")


def component(settings: Settings) -> Component:
    """Plug the probes in."""
    seconds = settings.health.probe_seconds

    async def ready(request: Request) -> Response:
        """Say whether the service can take requests: it is not stopping and every probe passes."""
        state = request.app.state
        async with asyncio.TaskGroup() as group:
            results = [
                group.create_task(passes(name, probe, seconds))
                for name, probe in state.probes.items()
            ]
        if state.traffic.draining or not all(task.result() for task in results):
            return health(503, "unavailable")
        return health(200, "ok")

    return Component(name="health", operations={"/health": live, "/health/ready": ready})
