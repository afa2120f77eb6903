"""Routes: flat, with a template for logs and metrics."""

from collections.abc import AsyncIterator
from typing import Annotated

import httpx2
import pytest
from fastapi import APIRouter, Depends, Request, Response, WebSocket
from starlette.responses import PlainTextResponse
from starlette.routing import Mount, Route

from {{ package_name }}.core.app import Application, build
from {{ package_name }}.core.component import Component
from {{ package_name }}.core.errors import InvalidSettingsError
from {{ package_name }}.core.server import ServerSettings
from {{ package_name }}.core.web.context import RequestContext
from {{ package_name }}.core.web.limits import LimitsSettings
from {{ package_name }}.core.web.routing import public_path
from {{ package_name }}.core.web.schemas import IdPath
from {{ package_name }}.practices import PracticeSettings

from support.client import connect, open_websocket
from support.server import served

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
async def order(request: Request, response: Response) -> None:
    """Create an order."""
    response.headers["Location"] = public_path(request, "/orders/1")


@outer.websocket("/talk")
async def talk(socket: WebSocket) -> None:
    """Accept a WebSocket and close it."""
    await socket.accept()
    await socket.close()


@inner.get("/{item}", response_model_exclude_none=True)
async def item(order: int, item: IdPath, name: Name) -> dict[str, object]:
    """Return an item."""
    return {"order": order, "item": item, "name": name}


@outer.get("/{order}/lines/{line:int}", include_in_schema=False)
async def line(order: int, line: int) -> dict[str, int]:
    """Return a line."""
    return {"order": order, "line": line}


outer.include_router(inner)
outer.routes.append(Mount("/orders/mounted", app=PlainTextResponse("mounted")))
outer.routes.append(Route("/orders/plain/{number:int}", PlainTextResponse("plain")))


@pytest.fixture
def app(settings: PracticeSettings) -> Application:
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
        ("/orders/mounted/x", 200, "/orders/mounted/{path}"),
        ("/orders/plain/7", 200, "/orders/plain/{number}"),
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

    assert (response.status_code, response.headers["allow"]) == (405, "GET, HEAD, POST")


@pytest.mark.parametrize(
    ("path", "status"),
    [("/orders", 200), ("/orders/1/items/2", 200), ("/orders/1/items", 404), ("/only/post", 405)],
)
async def test_head_is_get_without_a_body(
    app: Application, client: httpx2.AsyncClient, path: str, status: int
) -> None:
    """HEAD has the headers of GET, whatever routes of the path come before."""
    app.router.post("/only/post")(order)
    async with served(app) as server, httpx2.AsyncClient() as outside:
        response = await outside.head(f"http://127.0.0.1:{server.port}{path}")
    expected = await client.get(path)

    assert (response.status_code, response.content) == (status, b"")
    assert response.headers["content-type"] == expected.headers["content-type"]
    assert seen[0].method == "HEAD"


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/orders/1/lines/2", 200),
        (f"/orders/1/lines/{'9' * 4301}", 404),
        ("/orders/1/lines/2%0A", 404),
        (f"/orders/plain/{'9' * 4301}", 404),
        ("/orders/1/items/%202", 422),
        ("/orders/1/items/+2", 422),
        ("/orders/1/items/1_0", 422),
        ("/orders/1/items/02", 422),
        ("/orders/1/items/2%0A", 422),
        ("/orders%0A", 404),
    ],
)
async def test_number_in_a_path_has_one_spelling(
    client: httpx2.AsyncClient, path: str, status: int
) -> None:
    """No other path leads to a resource, and no path is an error."""
    assert (await client.get(path)).status_code == status


async def test_dependencies_can_be_replaced(app: Application, client: httpx2.AsyncClient) -> None:
    """dependency_overrides works."""
    app.dependency_overrides[current_user] = lambda: "joe"

    assert (await client.get("/orders/1/items/2")).json()["name"] == "joe"


def test_documents_name_every_route(app: Application) -> None:
    """The OpenAPI document has the routes with the tags of their routers."""
    paths = app.openapi()["paths"]

    assert paths.keys() == {"/orders", "/orders/{order}/items/{item}"}
    assert paths["/orders/{order}/items/{item}"]["get"]["tags"] == ["items"]


@pytest.mark.parametrize("prefix", ["", "/shop"], ids=["taken off", "left"])
async def test_service_below_a_path(app: Application, prefix: str) -> None:
    """With a root path, routes and links are right whether the proxy takes it off or leaves it."""
    below = Component(name="probe", management_endpoints={"/manage": endpoint})
    settings = ServerSettings(root_path="/shop")
    app = build(LimitsSettings(), [*app.components, below])
    async with (
        served(app, settings) as server,
        httpx2.AsyncClient(base_url=f"http://127.0.0.1:{server.port}{prefix}") as client,
    ):
        response = await client.get("/orders/1/items/2")
        created = await client.post("/orders")
        page = await client.get("/docs")
        document = await client.get("/openapi.json")

        assert response.json()["item"] == 2
        assert created.headers["location"] == "/shop/orders/1"
        assert "'/shop/openapi.json'" in page.text
        assert document.json()["servers"] == [{"url": "/shop"}]
        for path in ("/manage", "/orders/mounted/x", "/orders/plain/7"):
            assert (await client.get(path)).status_code == 200
        assert (await client.get("/nowhere")).status_code == 404
        assert (await client.post("/orders", content=b"x")).status_code == 200
    assert seen[0].route == "/orders/{order}/items/{item}"


async def endpoint(_request: Request) -> Response:
    """Return nothing."""
    return Response()


async def test_websocket_below_a_path(app: Application) -> None:
    """A WebSocket is found below the root path too."""
    for path in ("/shop/orders/talk", "/shop/shop/orders/talk"):
        sent = await open_websocket(app, path, {}, root_path="/shop")

        assert sent[0]["type"] == "websocket.accept"
    assert [context.route for context in seen] == ["/orders/talk"] * 2


@pytest.mark.parametrize("root_path", ["shop", "/shop/", "/a b", "/shop?x"])
def test_root_path_is_a_path(root_path: str) -> None:
    """Another text would break every link."""
    with pytest.raises(InvalidSettingsError, match="SERVER__ROOT_PATH: "):
        PracticeSettings.load({"server": {"root_path": root_path}})
