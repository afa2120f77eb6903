"""The log of the service, on standard output."""

import logging
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from {{ package_name }}.core.component import Component
from {{ package_name }}.core.logging import configure_logging
from {{ package_name }}.core.logging.access_log import (
    AccessLog,
    AccessLogSettings,
    BufferedOutput,
)
from {{ package_name }}.core.services import Services


def component(settings: AccessLogSettings) -> Component:
    """Configure logging while the application runs, and log every request."""
    output = BufferedOutput(sys.stdout.buffer)
    access_log = AccessLog(settings, output)

    @asynccontextmanager
    async def start(_services: Services) -> AsyncGenerator[None]:
        uvicorn_access = logging.getLogger("uvicorn.access")
        before = uvicorn_access.disabled
        uvicorn_access.disabled = True  # AccessLog replaces it
        try:
            with configure_logging(settings, output):
                yield
        finally:
            uvicorn_access.disabled = before

    has_info = settings.level in {"DEBUG", "INFO"}
    write = access_log.write if has_info else None
    return Component(name="logging", start=start, on_response=write)
