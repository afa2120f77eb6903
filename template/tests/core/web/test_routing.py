"""Routes: flat, with a template for logs and metrics."""

from collections.abc import AsyncIterator
from typing import Annotated

import httpx2
import pytest
from fastapi import APIRouter, Depends
from starlette.responses import PlainTextResponse
from starlette.routing import Mount

from {{ package_name }}.core.app import Application, build
from {{ package_name }}.core.component import Component
from {{ package_name }}.core.web.context import RequestContext
from {{ package_name }}.settings import Settings

from support.client import connect

seen: list[RequestContext] = []


def current_user() -> str:
    """Return a name."""
    return "jane"


Name = Annotated[str, Depends(current_user)]

inner = APIRouter(prefix="/{order}/items", tags=["items"])
outer = APIRouter(prefix="/orders")


@outer.get("")
async def orders() -> list[str]:
    """List the orders."""
    return []


@outer.post("")
async def order() -> None:
    """Create an order."""


@inner.get("/{item}", response_model_exclude_none=True)
async def item(order: int, item: int, name: Name) -> dict[str, object]:
    """Return an item."""
    return {"order": order, "item": item, "name": name}


outer.include_router(inner)
outer.routes.append(Mount("/mounted", app=PlainTextResponse("mounted")))


@pytest.fixture
def app(settings: Settings) -> Application:
    """Return an application with nested routers, and a hook that records requests."""
    seen.clear()
    recording = Component(name="recording", on_response=seen.append)
    return build(settings.limits, [recording, Component(name="orders", routers=(outer,))])


@pytest.fixture
async def client(app: Application) -> AsyncIterator[httpx2.AsyncClient]:
    """Yield a client of it."""
    async with connect(app) as client:
        yield client


@pytest.mark.parametrize(
    ("path", "status", "route"),
    [
        ("/orders", 200, "/orders"),
        ("/orders/1/items/2", 200, "/orders/{order}/items/{item}"),
        ("/orders/one/items/2", 422, "/orders/{order}/items/{item}"),
        ("/orders/1/items", 404, "unmatched"),
        ("/orders/", 404, "unmatched"),
        ("/openapi.json", 200, "/openapi.json"),
        ("/mounted/x", 200, "/mounted/{path}"),
    ],
)
async def test_route_is_named(
    client: httpx2.AsyncClient, path: str, status: int, route: str
) -> None:
    """The route template has the prefixes of all routers."""
    assert (await client.get(path)).status_code == status
    assert [(context.route, context.status) for context in seen] == [(route, status)]


async def test_wrong_method_gets_405(client: httpx2.AsyncClient) -> None:
    """A wrong method gets 405, and Allow names the methods of all routes of the path."""
    response = await client.delete("/orders")

    assert (response.status_code, response.headers["allow"]) == (405, "GET, POST")


async def test_dependencies_can_be_replaced(app: Application, client: httpx2.AsyncClient) -> None:
    """dependency_overrides works."""
    app.dependency_overrides[current_user] = lambda: "joe"

    assert (await client.get("/orders/1/items/2")).json()["name"] == "joe"


def test_documents_name_every_route(app: Application) -> None:
    """The OpenAPI document has the routes with the tags of their routers."""
    paths = app.openapi()["paths"]

    assert paths.keys() == {"/orders", "/orders/{order}/items/{item}"}
    assert paths["/orders/{order}/items/{item}"]["get"]["tags"] == ["items"]


async def test_prefix_of_a_proxy_is_taken_off(app: Application) -> None:
    """Routes match with and without the root path of a proxy."""
    app.root_path = "/shop"
    async with connect(app) as client:
        assert (await client.get("/orders/1/items/2")).status_code == 200
        assert (await client.get("/shop/orders")).status_code == 200
