"""Probes: is the process alive, and can it serve right now?"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Literal

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel

from {{ package_name }}.component import Component
from {{ package_name }}.settings import Settings

logger = logging.getLogger(__name__)


class Health(BaseModel):
    """The answer of a probe. It never says why: that is in the log."""

    status: Literal["ok", "unavailable"]


async def passes(name: str, probe: Callable[[], Awaitable[None]], seconds: float) -> bool:
    """Tell whether a probe ends well in time."""
    try:
        async with asyncio.timeout(seconds):
            await probe()
    except Exception:
        logger.exception("probe.failed", extra={"probe": name})
        return False
    return True


def component(settings: Settings) -> Component:
    """Plug the probes in."""
    router = APIRouter(prefix="/health", tags=["health"])
    seconds = settings.health.probe_seconds

    @router.get("")
    async def live(response: Response) -> Health:
        """Say that the process is alive. It asks nobody else: a restart would not mend them."""
        response.headers["Cache-Control"] = "no-store"
        return Health(status="ok")

    @router.get("/ready", responses={503: {"model": Health, "description": "Not ready"}})
    async def ready(request: Request, response: Response) -> Health:
        """Say whether the service can take requests: it is not stopping and every probe passes."""
        response.headers["Cache-Control"] = "no-store"
        state = request.app.state
        async with asyncio.TaskGroup() as group:
            results = [
                group.create_task(passes(name, probe, seconds))
                for name, probe in state.probes.items()
            ]
        if not state.draining and all(task.result() for task in results):
            return Health(status="ok")
        response.status_code = 503
        return Health(status="unavailable")

    return Component(name="health", routers=(router,))
