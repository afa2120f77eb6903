"""The application: one loop over its components."""

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from importlib.metadata import metadata

from fastapi import FastAPI
from starlette.middleware import Middleware

from {{ package_name }}.api import errors
from {{ package_name }}.component import Component
from {{ package_name }}.components import enabled
from {{ package_name }}.settings import Settings


def create_app(settings: Settings, components: Sequence[Component] | None = None) -> FastAPI:
    """Build the application.

    Args:
        settings: What the components are configured by.
        components: Used instead of the enabled ones, if given.
    """
    if components is None:
        components = enabled(settings)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[dict[str, object]]:
        state: dict[str, object] = {}
        async with AsyncExitStack() as stack:
            for component in components:
                if component.start is not None:
                    state |= await stack.enter_async_context(component.start(app))
            yield state

    about = metadata("{{ distribution_name }}")
    app = FastAPI(
        title=about["Name"],
        summary=about["Summary"],
        version=about["Version"],
        lifespan=lifespan,
        middleware=[
            *(item for component in components for item in component.middleware),
            Middleware(errors.CatchAll),  # innermost, so that the others see its answer
        ],
        responses=errors.RESPONSES,
    )
    app.state.draining = False
    app.state.probes = {
        component.name: component.probe for component in components if component.probe is not None
    }
    errors.install(app)
    for component in components:
        for router in component.routers:
            app.include_router(router)
    return app
