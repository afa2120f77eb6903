"""The admin port: probes and metrics for operators, apart from the public port."""

import asyncio
import socket
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager

import uvicorn
from pydantic import Field
from starlette.types import Receive, Scope, Send

from {{ package_name }}.core.app import Application
from {{ package_name }}.core.component import Component
from {{ package_name }}.core.services import Services
from {{ package_name }}.core.settings import SettingsGroup
from {{ package_name }}.core.web.middleware import serve_endpoint
from {{ package_name }}.core.web.problems import CODES, problem_response


class AdminSettings(SettingsGroup):
    """The admin port; 0 for none."""

    host: str = Field(default="127.0.0.1", min_length=1)
    port: int = Field(default=0, ge=0, le=65535)


class AdminServer(uvicorn.Server):
    """A second uvicorn server that leaves signal handling to the main one."""

    @contextmanager
    def capture_signals(self) -> Generator[None]:
        """Install no signal handlers."""
        yield


@asynccontextmanager
async def run_admin_server(app: Application, settings: AdminSettings) -> AsyncGenerator[None]:
    """Serve the endpoints for operators on the admin port.

    Raises:
        OSError: The port is taken.
    """
    endpoints = {
        path: endpoint
        for component in app.components
        for path, endpoint in {
            **component.management_endpoints,
            **component.admin_endpoints,
        }.items()
    }

    async def serve(scope: Scope, receive: Receive, send: Send) -> None:
        endpoint = endpoints.get(scope["path"])
        if endpoint is None:
            await problem_response(404, CODES[404])(scope, receive, send)
        else:
            await serve_endpoint(endpoint, {**scope, "app": app}, receive, send)

    config = uvicorn.Config(serve, lifespan="off", log_config=None, proxy_headers=False, ws="none")
    server = AdminServer(config)
    with socket.create_server((settings.host, settings.port)) as listener:
        serving = asyncio.create_task(server.serve([listener]))
        try:
            yield
        finally:
            server.should_exit = True
            await serving


def component(settings: AdminSettings) -> Component:
    """Open the admin port if the settings name one."""

    @asynccontextmanager
    async def start(services: Services) -> AsyncGenerator[None]:
        async with run_admin_server(services.get(Application), settings):
            yield

    return Component(name="admin", start=start if settings.port else None)
