"""A port for operators: probes and metrics, apart from what users reach and can crowd."""

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager

import uvicorn
from fastapi import FastAPI
from starlette.types import Receive, Scope, Send

from {{ package_name }}.core.web.middleware import operate
from {{ package_name }}.core.web.problems import CODES
from {{ package_name }}.core.web.problems import problem
from {{ package_name }}.core.component import Component
from {{ package_name }}.core.web.admin import AdminSettings
from {{ package_name }}.settings import Settings


class AdminServer(uvicorn.Server):
    """A server inside the application's own, which is the one that signals are for."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave the signals alone."""
        yield


@asynccontextmanager
async def administered(app: FastAPI, settings: AdminSettings) -> AsyncIterator[None]:
    """Answer all operations on the admin port.

    Raises:
        OSError: The port is taken.
    """
    operations = app.state.admin_operations

    async def serve(scope: Scope, receive: Receive, send: Send) -> None:
        operation = operations.get(scope["path"])
        if operation is None:
            await problem(404, CODES[404])(scope, receive, send)
        else:
            await operate(operation, {**scope, "app": app}, receive, send)

    config = uvicorn.Config(serve, lifespan="off", log_config=None, proxy_headers=False, ws="none")
    server = AdminServer(config)
    with socket.create_server((settings.host, settings.port)) as listener:
        serving = asyncio.create_task(server.serve([listener]))
        try:
            yield
        finally:
            server.should_exit = True
            await serving


def component(settings: Settings) -> Component:
    """Plug the port in, if there is one."""

    @asynccontextmanager
    async def start(app: FastAPI) -> AsyncIterator[Mapping[str, object]]:
        async with administered(app, settings.admin):
            yield {}

    return Component(name="admin", start=start if settings.admin.port else None)
