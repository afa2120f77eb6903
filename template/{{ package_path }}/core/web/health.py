"""Health endpoints: liveness and readiness."""

import asyncio
import logging
from collections.abc import Awaitable, Callable

from fastapi import Request, Response
from fastapi.responses import JSONResponse
from pydantic import Field

from {{ package_name }}.core.app import Application
from {{ package_name }}.core.component import Component
from {{ package_name }}.core.errors import AppError
from {{ package_name }}.core.settings import SettingsGroup

logger = logging.getLogger(__name__)


class HealthSettings(SettingsGroup):
    """The limits of the readiness probes."""

    probe_timeout_seconds: float = Field(default=2, gt=0, le=60)


def health_response(status: int, word: str) -> Response:
    """Return the response of a health endpoint. The reason for a failure is in the log only."""
    return JSONResponse({"status": word}, status, {"Cache-Control": "no-store"})


async def run_probe(name: str, probe: Callable[[], Awaitable[None]], seconds: float) -> bool:
    """Return whether a probe passes in time."""
    try:
        async with asyncio.timeout(seconds):
            await probe()
    except AppError as error:
        details = {"probe": name, "reason": error.message}
        logger.exception("probe.failed", extra=details, exc_info=error.__cause__)
        return False
    except Exception:
        logger.exception("probe.failed", extra={"probe": name})
        return False
    return True


async def live(_request: Request) -> Response:
    """Report that the process is alive. It probes nothing: a restart would not repair it."""
    return health_response(200, "ok")


def component(settings: HealthSettings) -> Component:
    """Add /health and /health/ready."""

    async def ready(request: Request) -> Response:
        """Report whether the server takes requests: it does not drain, and every probe passes."""
        app: Application = request.app
        async with asyncio.TaskGroup() as group:
            results = [
                group.create_task(run_probe(item.name, item.probe, settings.probe_timeout_seconds))
                for item in app.components
                if item.probe is not None
            ]
        if app.in_flight.draining or not all(task.result() for task in results):
            return health_response(503, "unavailable")
        return health_response(200, "ok")

    endpoints = {"/health": live, "/health/ready": ready}
    return Component(name="health", management_endpoints=endpoints)
