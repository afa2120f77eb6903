"""CORS: which pages of other sites may call from a browser."""

from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware

from {{ package_name }}.core.component import Component
from {{ package_name }}.settings import Settings


def component(settings: Settings) -> Component:
    """Plug CORS in, if the pages of any other site may call."""
    cors = settings.cors
    if not cors.origins:
        return Component(name="cors")
    shared = Middleware(
        CORSMiddleware,
        allow_origins=cors.origins,
        allow_credentials=cors.credentials,
        allow_methods=cors.methods,
        allow_headers=cors.headers,
        expose_headers=["X-Request-ID", "ETag", "Retry-After"],
        max_age=600,
    )
    return Component(name="cors", middleware=(shared,))
