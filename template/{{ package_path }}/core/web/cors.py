"""CORS: the origins whose pages may call this service from a browser."""

from typing import Self

from pydantic import model_validator
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware

from {{ package_name }}.core.component import Component
from {{ package_name }}.core.settings import CommaSeparated, SettingsGroup


class CorsSettings(SettingsGroup):
    """CORS. No origin is allowed by default."""

    origins: CommaSeparated = ()
    methods: CommaSeparated = ("GET", "POST", "PUT", "PATCH", "DELETE")
    headers: CommaSeparated = ("Authorization", "Content-Type")
    credentials: bool = False

    @model_validator(mode="after")
    def check_credentials(self) -> Self:
        """Refuse credentials for every origin."""
        if self.credentials and "*" in self.origins:
            raise ValueError('Name the origins; "*" does not go with credentials')
        return self


def component(settings: CorsSettings) -> Component:
    """Add the CORS middleware if any origin is allowed."""
    if not settings.origins:
        return Component(name="cors")
    cors = Middleware(
        CORSMiddleware,
        allow_origins=settings.origins,
        allow_credentials=settings.credentials,
        allow_methods=settings.methods,
        allow_headers=settings.headers,
        expose_headers=["X-Request-ID", "ETag", "Retry-After"],
        max_age=600,
    )
    return Component(name="cors", middleware=(cors,))
