"""Builds the application from its components."""

import asyncio
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from importlib.metadata import metadata

from fastapi import FastAPI
from fastapi.telemetry import TelemetryConfig
from starlette.middleware import Middleware
from starlette.types import ASGIApp

from {{ package_name }}.core.component import Component, Endpoint
from {{ package_name }}.core.names import NAME
from {{ package_name }}.core.services import Services
from {{ package_name }}.core.web.in_flight import InFlightRequests
from {{ package_name }}.core.web.limits import (
    AdmissionControl,
    LimitsSettings,
)
from {{ package_name }}.core.web.middleware import RequestMiddleware
from {{ package_name }}.core.web.problems import (
    RESPONSES,
    STATUSES,
    ErrorStatuses,
    add_exception_handlers,
)
from {{ package_name }}.core.web.routing import register

# Without it, FastAPI looks for a global OpenTelemetry set-up: a tenth of the time of a request.
NO_TELEMETRY = TelemetryConfig(tracing=False, metrics=False, logs=False)

ERROR_STATUSES = range(400, 600)


class DuplicateComponentError(Exception):
    """Two components claim the same thing."""


class InvalidErrorStatusError(Exception):
    """A component gives an error a status that no error has."""


class Application(FastAPI):
    """FastAPI with components; RequestMiddleware is around all of FastAPI.

    Attributes:
        components: The components, in order.
        error_statuses: The HTTP status of each class of errors, with those of the components.
        in_flight: The requests in flight.
        management_endpoints: Endpoints for operators on the public port, by path.
        outer_middleware: The middleware around all of FastAPI, outermost first.
        services: The services of the components; empty until the application has started.
    """

    components: Sequence[Component]
    error_statuses: ErrorStatuses
    in_flight: InFlightRequests
    management_endpoints: Mapping[str, Endpoint]
    outer_middleware: Sequence[Middleware]
    services: Services

    def build_middleware_stack(self) -> ASGIApp:
        """Return FastAPI's middleware with the outer middleware around it."""
        stack = super().build_middleware_stack()
        for cls, args, kwargs in reversed(self.outer_middleware):
            stack = cls(stack, *args, **kwargs)
        return stack


def check_claims(components: Sequence[Component]) -> None:
    """Raise if two components claim one name, path for operators or error, or the telemetry.

    Raises:
        DuplicateComponentError: The message names both, by their places if their names are equal.
        InvalidErrorStatusError: The message names the component, the error and the status.
    """
    places: dict[str, int] = {}
    claims: dict[str, str] = {}
    for place, component in enumerate(components, start=1):
        first = places.setdefault(component.name, place)
        if first != place:
            raise DuplicateComponentError(
                f'Components {first} and {place} are both named "{component.name}"; '
                "give one of them another name."
            )
        paths = dict.fromkeys([*component.management_endpoints, *component.admin_endpoints])
        for claim in (
            *paths,
            *(f"the status of {kind.__qualname__}" for kind in component.error_statuses),
            *(["telemetry"] if component.telemetry else []),
        ):
            other = claims.setdefault(claim, component.name)
            if other != component.name:
                raise DuplicateComponentError(
                    f'Components "{other}" and "{component.name}" both set {claim}; '
                    "remove it from one of them."
                )
        for kind, status in component.error_statuses.items():
            if status not in ERROR_STATUSES:
                raise InvalidErrorStatusError(
                    f'Component "{component.name}" gives {kind.__qualname__} the status {status}; '
                    "an error has one of 400 to 599."
                )


def build(limits: LimitsSettings, components: Sequence[Component]) -> Application:
    """Build the application.

    Raises:
        DuplicateComponentError: Two components claim one name, path, error or the telemetry.
        InvalidErrorStatusError: A component gives an error a status that no error has.
    """
    check_claims(components)
    in_flight = InFlightRequests(limits.request_timeout_seconds)

    @asynccontextmanager
    async def lifespan(app: Application) -> AsyncGenerator[dict[str, object]]:
        app.services = services = Services()
        services.add(Application, app)
        services.add(InFlightRequests, in_flight)
        enforcing = asyncio.create_task(in_flight.enforce_deadlines())
        async with AsyncExitStack() as stack:
            stack.callback(enforcing.cancel)
            for component in components:
                services.component = component.name
                if component.start is not None:
                    await stack.enter_async_context(component.start(services))
            yield {"services": services}

    endpoints = {
        path: endpoint
        for component in components
        for path, endpoint in component.management_endpoints.items()
    }
    statuses = dict(STATUSES)
    for component in components:
        statuses.update(component.error_statuses)
    request_middleware = Middleware(
        RequestMiddleware,
        admission=AdmissionControl(limits, in_flight),
        components=components,
        management_endpoints=endpoints,
        error_statuses=statuses,
    )
    distribution = metadata(NAME)
    app = Application(
        title=distribution["Name"],
        summary=distribution["Summary"],
        version=distribution["Version"],
        lifespan=lifespan,
        middleware=[item for component in components for item in component.middleware],
        responses=RESPONSES,
        redirect_slashes=False,  # the redirect would go to the host that the client claims to call
        telemetry=next((item.telemetry for item in components if item.telemetry), NO_TELEMETRY),
    )
    app.components = components
    app.error_statuses = statuses
    app.in_flight = in_flight
    app.management_endpoints = endpoints
    app.outer_middleware = [
        *(item for component in components for item in component.outer_middleware),
        request_middleware,
    ]
    app.services = Services()
    add_exception_handlers(app, statuses)
    for component in components:
        for router in component.routers:
            register(app, router)
    return app
