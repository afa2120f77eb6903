"""The extension point: what a practice, or the project, adds to the application."""

from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field

from fastapi import APIRouter, Request, Response
from fastapi.telemetry import TelemetryConfig
from starlette.middleware import Middleware

from {{ package_name }}.core.errors import AppError
from {{ package_name }}.core.services import Services
from {{ package_name }}.core.web.context import RequestContext

Endpoint = Callable[[Request], Awaitable[Response]]
Hook = Callable[[RequestContext], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Component:
    """One practice, or one feature of the project, plugged into the application.

    Attributes:
        name: Its name in logs and probes; unique in an application.
        start: Opens what the component needs while the application runs, and adds the services
            that other components and requests use. Components start in order and stop in reverse.
        on_request: Called with every request and WebSocket when it arrives, in order. An error
            that it raises is the response. Hooks are cheaper than middleware, so use them for code
            that only observes.
        on_websocket: Called with every WebSocket after that.
        on_response: Called with every request when its response has ended, in reverse order.
        middleware: Pure ASGI middleware, outermost first.
        outer_middleware: The same, but around the limits too, for what every response needs.
        routers: Routers, which FastAPI includes.
        error_statuses: The HTTP status of errors, 400 to 599, by class; a class that is not named
            has the status of its nearest base class.
        probe: Raises if the component can't serve right now.
        management_endpoints: Endpoints for operators, by path; they come before all routes, and
            are on the admin port too.
        admin_endpoints: The same, but on the admin port only.
        telemetry: What FastAPI traces of requests; one component of an application may set it.
    """

    name: str
    start: Callable[[Services], AbstractAsyncContextManager[None]] | None = None
    on_request: Hook | None = None
    on_websocket: Hook | None = None
    on_response: Hook | None = None
    middleware: tuple[Middleware, ...] = ()
    outer_middleware: tuple[Middleware, ...] = ()
    routers: tuple[APIRouter, ...] = ()
    error_statuses: Mapping[type[AppError], int] = field(default_factory=dict)
    probe: Callable[[], Awaitable[None]] | None = None
    management_endpoints: Mapping[str, Endpoint] = field(default_factory=dict)
    admin_endpoints: Mapping[str, Endpoint] = field(default_factory=dict)
    telemetry: TelemetryConfig | None = None
