"""The seam: what a practice adds to the application."""

from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass

from fastapi import APIRouter, FastAPI
from starlette.middleware import Middleware


@dataclass(frozen=True, slots=True, kw_only=True)
class Component:
    """One practice, or one part of the project, plugged into the application.

    Attributes:
        name: What logs and probes call it; unique in an application.
        start: Opens what the component needs while the application runs and yields what requests
            find in `request.state`. Components start in order and stop in reverse.
        middleware: Pure ASGI middleware, outermost first.
        routers: Routers that carry their full prefix.
        probe: Raises if the component can't serve right now.
    """

    name: str
    start: Callable[[FastAPI], AbstractAsyncContextManager[Mapping[str, object]]] | None = None
    middleware: tuple[Middleware, ...] = ()
    routers: tuple[APIRouter, ...] = ()
    probe: Callable[[], Awaitable[None]] | None = None
