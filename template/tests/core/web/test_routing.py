"""Routes: flat, whatever they were before, and with a name that logs and metrics can use."""

from collections.abc import AsyncIterator
from typing import Annotated

import httpx
import pytest
from fastapi import APIRouter, Depends, FastAPI
from starlette.responses import PlainTextResponse
from starlette.routing import Mount

from {{ package_name }}.app import create_app
from {{ package_name }}.core.component import Component
from {{ package_name }}.core.web.context import Exchange
from {{ package_name }}.settings import Settings

from support.client import connect

seen: list[Exchange] = []


def who() -> str:
    """Return a name."""
    return "nobody"


Name = Annotated[str, Depends(who)]

inner = APIRouter(prefix="/{order}/items", tags=["items"])
outer = APIRouter(prefix="/orders")


@outer.get("")
async def orders() -> list[str]:
    """List the orders."""
    return []


@outer.post("")
async def order() -> None:
    """Take an order."""


@inner.get("/{item}", response_model_exclude_none=True)
async def item(order: int, item: int, name: Name) -> dict[str, object]:
    """Return an item."""
    return {"order": order, "item": item, "name": name}


outer.include_router(inner)
outer.routes.append(Mount("/mounted", app=PlainTextResponse("mounted")))


@pytest.fixture
def app(settings: Settings) -> FastAPI:
    """Return an application with routers inside each other, and one that watches."""
    seen.clear()
    watching = Component(name="watching", after=seen.append)
    return create_app(settings, [watching, Component(name="orders", routers=(outer,))])


@pytest.fixture
async def client(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
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
    client: httpx.AsyncClient, path: str, status: int, route: str
) -> None:
    """What served a request is told by the whole path of its route."""
    assert (await client.get(path)).status_code == status
    assert [(exchange.route, exchange.status) for exchange in seen] == [(route, status)]


async def test_wrong_method_is_told(client: httpx.AsyncClient) -> None:
    """A path that exists answers 405, and names what it takes by all of its routes."""
    response = await client.delete("/orders")

    assert (response.status_code, response.headers["allow"]) == (405, "GET, POST")


async def test_dependencies_can_be_replaced(app: FastAPI, client: httpx.AsyncClient) -> None:
    """Tests can put something else in the place of a dependency."""
    app.dependency_overrides[who] = lambda: "somebody"

    assert (await client.get("/orders/1/items/2")).json()["name"] == "somebody"


def test_documents_name_every_route(app: FastAPI) -> None:
    """The OpenAPI document has the routes with what their routers say of them."""
    paths = app.openapi()["paths"]

    assert paths.keys() == {"/orders", "/orders/{order}/items/{item}"}
    assert paths["/orders/{order}/items/{item}"]["get"]["tags"] == ["items"]


async def test_prefix_of_a_proxy_is_taken_off(app: FastAPI) -> None:
    """Behind a proxy that serves it below a path, routes match all the same."""
    app.root_path = "/shop"
    async with connect(app) as client:
        assert (await client.get("/orders/1/items/2")).status_code == 200
        assert (await client.get("/shop/orders")).status_code == 200
