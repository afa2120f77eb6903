"""CORS: the origins whose pages may call this service from a browser."""

from http import HTTPStatus
from typing import Self

from fastapi import Response
from pydantic import model_validator
from starlette.datastructures import Headers
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.types import Receive, Scope, Send

from {{ package_name }}.core.component import Component
from {{ package_name }}.core.errors import ForbiddenError
from {{ package_name }}.core.settings import SettingsGroup
from {{ package_name }}.core.web.context import RequestContext
from {{ package_name }}.core.web.problems import CODES, problem_response

EXPOSED_HEADERS = ("ETag", "Location", "Retry-After", "X-Request-ID")
"""The headers of responses that pages may read, besides those that every page may read."""

MAX_AGE_SECONDS = 600


class CorsSettings(SettingsGroup):
    """CORS. No origin is allowed by default."""

    origins: tuple[str, ...] = ()
    methods: tuple[str, ...] = ("GET", "POST", "PUT", "PATCH", "DELETE")
    headers: tuple[str, ...] = ("Authorization", "Content-Type", "Idempotency-Key", "If-Match")
    credentials: bool = False

    @model_validator(mode="after")
    def check_credentials(self) -> Self:
        """Refuse credentials for every origin."""
        if self.credentials and "*" in self.origins:
            raise ValueError('Name the origins; "*" does not go with credentials')
        return self


class CorsHeaders(CORSMiddleware):
    """Adds the CORS headers to every response, also to those of the limits and of errors."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request."""
        if scope["type"] == "http":
            headers = Headers(scope=scope)
            await self.simple_response(scope, receive, send, request_headers=headers)
        else:
            await self.app(scope, receive, send)


class Preflights(CORSMiddleware):
    """Responds to preflight requests."""

    def preflight_response(self, request_headers: Headers) -> Response:
        """Return the response to a preflight request."""
        response = super().preflight_response(request_headers)
        if response.status_code == HTTPStatus.OK:
            return response
        detail = bytes(response.body).decode()
        return problem_response(400, CODES[400], detail=detail, headers={"Vary": "Origin"})

    async def simple_response(
        self,
        scope: Scope,
        receive: Receive,
        send: Send,
        request_headers: Headers,
    ) -> None:
        """Serve any other request."""
        del request_headers  # CorsHeaders uses them
        await self.app(scope, receive, send)


def is_same_origin(origin: str, host: str) -> bool:
    """Return whether an Origin header names the host of the request, by any scheme."""
    return origin.partition("://")[2] == host


def component(settings: CorsSettings) -> Component:
    """Add CORS if any origin is allowed; other origins can't open WebSockets in any case.

    Browsers let every page open a WebSocket, and send the cookies of the service with it.
    """

    def check_origin(context: RequestContext) -> None:
        headers = context.request_headers
        origin = headers.get(b"origin", b"").decode("latin-1")
        host = headers.get(b"host", b"").decode("latin-1")
        is_allowed = "*" in settings.origins or origin in settings.origins
        if origin and not is_allowed and not is_same_origin(origin, host):
            raise ForbiddenError("This origin may not open a WebSocket.")

    if not settings.origins:
        return Component(name="cors", on_websocket=check_origin)
    around, inside = (
        Middleware(
            kind,
            allow_origins=settings.origins,
            allow_credentials=settings.credentials,
            allow_methods=settings.methods,
            allow_headers=settings.headers,
            expose_headers=EXPOSED_HEADERS,
            max_age=MAX_AGE_SECONDS,
        )
        for kind in (CorsHeaders, Preflights)
    )
    return Component(
        name="cors", on_websocket=check_origin, outer_middleware=(around,), middleware=(inside,)
    )
