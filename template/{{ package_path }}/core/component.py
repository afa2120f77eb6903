"""The seam: what a practice adds to the application."""

from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field

from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.telemetry import TelemetryConfig
from starlette.middleware import Middleware
from starlette.types import Scope

Operation = Callable[[Request], Awaitable[Response]]


@dataclass(slots=True)
class Exchange:
    """One request, and what has become of it so far.

    Attributes:
        scope: The request, as ASGI has it.
        received: Its headers by name, in lower case; of those that come twice the last.
        start: When it came, by time.perf_counter().
        headers: Added to the answer.
        started: Has the answer begun?
        status: Of the answer; 500 until there is one, which is what becomes of a failure.
        route: The path of the route that served it, once it has ended. It has names for what
            differs between requests, so it is safe in logs; "unmatched" if there was none.
        seconds: How long it took, once it has ended.
    """

    scope: Scope
    received: Mapping[bytes, bytes]
    start: float
    headers: list[tuple[bytes, bytes]] = field(default_factory=list)
    started: bool = False
    status: int = 500
    route: str = "unmatched"
    seconds: float = 0


Hook = Callable[[Exchange], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Component:
    """One practice, or one part of the project, plugged into the application.

    Attributes:
        name: What logs and probes call it; unique in an application.
        start: Opens what the component needs while the application runs and yields what requests
            find in `request.state`. Components start in order and stop in reverse.
        before: Called with every request as it comes, in order. Several hooks cost a request what
            one middleware does, so whatever only watches should be hooks.
        after: Called with every request when its answer has ended, in reverse order.
        middleware: Pure ASGI middleware, outermost first.
        routers: Routers that carry their full prefix.
        probe: Raises if the component can't serve right now.
        operations: What operators ask, by path; answered ahead of everything else.
        admin_operations: The same, but on the admin port only.
        telemetry: What FastAPI records of requests; one component of an application may say so.
    """

    name: str
    start: Callable[[FastAPI], AbstractAsyncContextManager[Mapping[str, object]]] | None = None
    before: Hook | None = None
    after: Hook | None = None
    middleware: tuple[Middleware, ...] = ()
    routers: tuple[APIRouter, ...] = ()
    probe: Callable[[], Awaitable[None]] | None = None
    operations: Mapping[str, Operation] = field(default_factory=dict)
    admin_operations: Mapping[str, Operation] = field(default_factory=dict)
    telemetry: TelemetryConfig | None = None
