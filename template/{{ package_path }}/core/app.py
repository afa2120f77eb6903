"""The application: one loop over its components."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from importlib.metadata import metadata
from typing import Any

from fastapi import FastAPI
from fastapi.telemetry import TelemetryConfig
from starlette.middleware import Middleware
from starlette.types import ASGIApp

from {{ package_name }}.core.web import problems as errors
from {{ package_name }}.core.web.middleware import Edge
from {{ package_name }}.core.web.middleware import operations_of
from {{ package_name }}.core.web.in_flight import Traffic
from {{ package_name }}.core.web.routing import register
from {{ package_name }}.core.component import Component
from {{ package_name }}.practices import enabled
from {{ package_name }}.settings import Settings

# Looking for an OpenTelemetry that nobody has set up would take a tenth of a small request.
NO_TELEMETRY = TelemetryConfig(tracing=False, metrics=False, logs=False)


class Application(FastAPI):
    """FastAPI whose outermost layer is the edge."""

    def build_middleware_stack(self) -> ASGIApp:
        """Return the layers from the edge inwards: it has done what FastAPI puts around it."""
        stack: Any = super().build_middleware_stack()
        while not isinstance(stack, Edge):
            stack = stack.app
        return stack


def create_app(settings: Settings, components: Sequence[Component] | None = None) -> FastAPI:
    """Build the application.

    Args:
        settings: What the components are configured by.
        components: Used instead of the enabled ones, if given.
    """
    if components is None:
        components = enabled(settings)
    traffic = Traffic(settings.limits.request_seconds)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[dict[str, object]]:
        state: dict[str, object] = {}
        app.state.started = state  # components find there what those before them have opened
        sweeper = asyncio.create_task(traffic.sweep())
        async with AsyncExitStack() as stack:
            stack.callback(sweeper.cancel)
            for component in components:
                if component.start is not None:
                    state |= await stack.enter_async_context(component.start(app))
            yield state

    edge = Middleware(Edge, settings=settings.limits, components=components, traffic=traffic)
    about = metadata("{{ distribution_name }}")
    app = Application(
        title=about["Name"],
        summary=about["Summary"],
        version=about["Version"],
        lifespan=lifespan,
        middleware=[edge, *(item for component in components for item in component.middleware)],
        responses=errors.RESPONSES,
        redirect_slashes=False,  # it would send clients to whatever host they claim to call
        telemetry=next((item.telemetry for item in components if item.telemetry), NO_TELEMETRY),
    )
    app.state.traffic = traffic
    app.state.probes = {item.name: item.probe for item in components if item.probe is not None}
    app.state.operations = operations_of(components)
    app.state.admin_operations = {
        path: operation
        for component in components
        for path, operation in {**component.operations, **component.admin_operations}.items()
    }
    errors.install(app)
    for component in components:
        for router in component.routers:
            register(app, router)
    return app
