"""The seam: components are started, stopped and asked in the right order."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import APIRouter, FastAPI, Request
from starlette.middleware import Middleware
from starlette.types import ASGIApp, Receive, Scope, Send

from {{ package_name }}.app import create_app
from {{ package_name }}.core.component import Component
from {{ package_name }}.practices import enabled
from {{ package_name }}.settings import Settings

from support.client import connect


class Note:
    """Middleware that writes down when it is passed."""

    def __init__(self, app: ASGIApp, *, name: str, notes: list[str]) -> None:
        self.app = app
        self.name = name
        self.notes = notes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] == "http":
            self.notes.append(f"{self.name} in")
        await self.app(scope, receive, send)


def noting(name: str, notes: list[str]) -> Component:
    """Return a component that writes down what happens to it."""

    @asynccontextmanager
    async def start(_app: FastAPI) -> AsyncIterator[dict[str, object]]:
        notes.append(f"{name} starts")
        yield {name: f"{name}'s state"}
        notes.append(f"{name} stops")

    router = APIRouter(prefix=f"/{name}")

    @router.get("")
    async def read(request: Request) -> dict[str, str]:
        return {"state": request.state[name]}

    return Component(
        name=name,
        start=start,
        middleware=(Middleware(Note, name=name, notes=notes),),
        routers=(router,),
    )


async def test_components_start_in_order_and_stop_in_reverse(settings: Settings) -> None:
    """What is opened last is closed first, and the first component's middleware is outermost."""
    notes: list[str] = []
    app = create_app(settings, [noting("one", notes), noting("two", notes)])

    async with connect(app) as client:
        response = await client.get("/two")

    assert response.json() == {"state": "two's state"}
    assert notes == ["one starts", "two starts", "one in", "two in", "two stops", "one stops"]


def test_names_are_unique(settings: Settings) -> None:
    """Logs and probes can tell the components apart."""
    names = [component.name for component in enabled(settings)]

    assert len(names) == len(set(names))


async def test_operations_have_unique_ids(settings: Settings) -> None:
    """Generated clients get one function an operation."""
    paths = create_app(settings).openapi()["paths"]
    ids = [operation["operationId"] for path in paths.values() for operation in path.values()]

    assert len(ids) == len(set(ids))
