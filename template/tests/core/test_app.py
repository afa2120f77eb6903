"""The application: the order of components, and what only one of them may claim."""

from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import pytest
from fastapi import APIRouter, Request, Response
from starlette.middleware import Middleware
from starlette.types import ASGIApp, Receive, Scope, Send

from {{ package_name }}.core.app import (
    NO_TELEMETRY,
    DuplicateComponentError,
    InvalidErrorStatusError,
    build,
)
from {{ package_name }}.core.component import Component
from {{ package_name }}.core.errors import AppError, ConflictError
from {{ package_name }}.core.services import Services
from {{ package_name }}.practices import PracticeSettings, practice_components

from support.client import connect, practice_app


class Note:
    """Middleware that records requests."""

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
    """Return a component that records its start, its requests and its stop."""

    @asynccontextmanager
    async def start(_services: Services) -> AsyncGenerator[None]:
        notes.append(f"{name} starts")
        yield
        notes.append(f"{name} stops")

    router = APIRouter(prefix=f"/{name}")

    @router.get("")
    async def read() -> str:
        return name

    return Component(
        name=name,
        start=start,
        middleware=(Middleware(Note, name=name, notes=notes),),
        routers=(router,),
    )


async def test_components_start_in_order_and_stop_in_reverse(settings: PracticeSettings) -> None:
    """The last component stops first, and the middleware of the first one is outermost."""
    notes: list[str] = []
    app = build(settings.limits, [noting("one", notes), noting("two", notes)])

    async with connect(app) as client:
        response = await client.get("/two")

    assert response.json() == "two"
    assert notes == ["one starts", "two starts", "one in", "two in", "two stops", "one stops"]


def test_names_are_unique(settings: PracticeSettings) -> None:
    """Two components with one name are an error that names it and both places."""
    twins = [*practice_components(settings), Component(name="twin"), Component(name="twin")]

    with pytest.raises(DuplicateComponentError, match=r'\d+ and \d+ are both named "twin"'):
        build(settings.limits, twins)


async def respond(_request: Request) -> Response:
    """Return nothing."""
    return Response()


@pytest.mark.parametrize(
    ("one", "two"),
    [
        ({"management_endpoints": {"/own": respond}}, {"management_endpoints": {"/own": respond}}),
        ({"management_endpoints": {"/own": respond}}, {"admin_endpoints": {"/own": respond}}),
        ({"telemetry": NO_TELEMETRY}, {"telemetry": NO_TELEMETRY}),
        ({"error_statuses": {ConflictError: 423}}, {"error_statuses": {ConflictError: 409}}),
    ],
)
def test_claims_are_unique(
    settings: PracticeSettings, one: Mapping[str, Any], two: Mapping[str, Any]
) -> None:
    """Two components that claim one thing are an error that names both."""
    components = [Component(name="one", **one), Component(name="two", **two)]

    build(settings.limits, components[:1])
    thing = "(/own|telemetry|the status of ConflictError)"
    with pytest.raises(DuplicateComponentError, match=f'"one" and "two" both set {thing};'):
        build(settings.limits, components)


@pytest.mark.parametrize("status", [200, 399, 600])
def test_status_of_an_error_is_one_of_an_error(settings: PracticeSettings, status: int) -> None:
    """A status below 400 or above 599 is refused."""
    component = Component(name="own", error_statuses={AppError: status})

    with pytest.raises(InvalidErrorStatusError, match=f'"own" gives AppError the status {status};'):
        build(settings.limits, [component])


async def test_operations_have_unique_ids(settings: PracticeSettings) -> None:
    """A generated client has one function for each operation."""
    paths = practice_app(settings).openapi()["paths"]
    ids = [operation["operationId"] for path in paths.values() for operation in path.values()]

    assert len(ids) == len(set(ids))
