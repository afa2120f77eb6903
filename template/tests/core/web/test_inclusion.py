"""Routers: a component serves them as FastAPI's `include_router` does."""

import gzip
from collections.abc import AsyncGenerator, Callable, Coroutine, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated, Any

import httpx2
import pytest
from fastapi import (
    APIRouter,
    Depends,
    FastAPI,
    Header,
    HTTPException,
    Request,
    Response,
    WebSocket,
)
from fastapi.responses import PlainTextResponse
from fastapi.routing import APIRoute
from starlette.routing import Host, Mount, Route, WebSocketRoute
from starlette.types import Receive, Scope, Send

from {{ package_name }}.core.app import build
from {{ package_name }}.core.component import Component
from {{ package_name }}.core.web.limits import LimitsSettings
from {{ package_name }}.core.web.routing import UnsupportedRouterError

from support.client import connect, open_websocket

MAX_BODY_BYTES = 1000
KEY = {"X-Key": "hunter2"}
Handler = Callable[[Request], Coroutine[Any, Any, Response]]


async def check_key(x_key: Annotated[str, Header()] = "") -> None:
    """Refuse a request without the key."""
    if x_key != KEY["X-Key"]:
        raise HTTPException(403)


class GuardedRoute(APIRoute):
    """A route class that refuses requests without the key."""

    def get_route_handler(self) -> Handler:
        """Return a handler that checks the key."""
        handle = super().get_route_handler()

        async def guarded(request: Request) -> Response:
            await check_key(request.headers.get("x-key", ""))
            return await handle(request)

        return guarded


class GzipRequest(Request):
    """A request whose body is compressed."""

    async def body(self) -> bytes:
        """Return the decompressed body."""
        return gzip.decompress(await super().body())


class GzipRoute(APIRoute):
    """A route class with a request class of its own."""

    def get_route_handler(self) -> Handler:
        """Return a handler for compressed bodies."""
        handle = super().get_route_handler()

        async def decompressing(request: Request) -> Response:
            return await handle(GzipRequest(request.scope, request.receive))

        return decompressing


async def value(request: Request) -> dict[str, Any]:
    """Return what the lifespan has set, and the parameters of the path."""
    return {"state": getattr(request.state, "opened", None), **request.path_params}


async def plain(_request: Request) -> Response:
    """Return a text."""
    return PlainTextResponse("plain")


async def talk(socket: WebSocket) -> None:
    """Accept a WebSocket and close it."""
    await socket.accept()
    await socket.close()


async def size(request: Request) -> int:
    """Return the size of a body."""
    return len(await request.body())


async def count(body: list[int]) -> int:
    """Return the sum of a JSON body."""
    return sum(body)


def program(folder: Path) -> APIRouter:
    """Return a router with everything that a router can hold.

    Args:
        folder: The files of a frontend.
    """

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncGenerator[Mapping[str, Any]]:
        yield {"opened": True}

    inner = APIRouter(
        prefix="/inner",
        tags=["inner"],
        lifespan=lifespan,
        default_response_class=PlainTextResponse,
        deprecated=True,
    )
    inner.get("/text/{number:int}", response_model=str)(lambda number: f"number {number}")
    inner.websocket("/talk")(talk)
    inner.routes.append(WebSocketRoute("/inner/plain", talk))
    inner.add_route("/plain", plain)
    inner.routes.append(Mount("/inner/mounted", routes=[Route("/file", plain)]))
    inner.routes.append(Host("files.example.org", app=PlainTextResponse("host")))

    guarded = APIRouter(prefix="/guarded", route_class=GuardedRoute)
    guarded.get("/secret")(value)
    guarded.post("/count")(count)
    zipped = APIRouter(prefix="/zipped", route_class=GzipRoute)
    zipped.post("/count")(count)

    bodies = APIRouter(prefix="/bodies", max_body_size=20)
    bodies.post("/router")(size)
    bodies.post("/route", max_body_size=MAX_BODY_BYTES * 2)(size)
    bodies.post("/unread", max_body_size=20)(value)
    forms = APIRouter(prefix="/forms", form_limits={"max_fields": 2, "max_files": 1})
    forms.post("/form", form_limits={"max_fields": 3})(value)

    v1 = APIRouter(
        prefix="/v1", dependencies=[Depends(check_key)], responses={418: {"description": "Tea"}}
    )
    v1.include_router(inner, prefix="/more", tags=["more"])
    v1.get("/value")(value)

    everything = APIRouter()
    for router in (v1, inner, guarded, bodies, forms):
        everything.include_router(router)
    everything.include_router(
        zipped, callbacks=[APIRoute("/called", endpoint=value, methods=["POST"])]
    )
    everything.frontend("/site", directory=folder)
    return everything


@pytest.fixture(scope="module")
def apps(tmp_path_factory: pytest.TempPathFactory) -> tuple[FastAPI, FastAPI]:
    """Return the program in FastAPI, and as a component."""
    folder = tmp_path_factory.mktemp("frontend")
    (folder / "index.html").write_text("page")
    bare = FastAPI(redirect_slashes=False, max_body_size=MAX_BODY_BYTES)
    bare.include_router(program(folder))
    limits = LimitsSettings(max_body_bytes=MAX_BODY_BYTES)
    return bare, build(limits, [Component(name="all", routers=(program(folder),))])


@pytest.mark.parametrize(
    ("method", "path", "options"),
    [
        ("GET", "/guarded/secret", {}),
        ("GET", "/guarded/secret", {"headers": KEY}),
        ("POST", "/guarded/count", {"headers": KEY, "json": [1, 2]}),
        ("POST", "/zipped/count", {"content": gzip.compress(b"[1,2]")}),
        ("GET", "/v1/value", {}),
        ("GET", "/v1/value", {"headers": KEY}),
        ("GET", "/v1/more/inner/text/7", {}),
        ("GET", "/v1/more/inner/text/7", {"headers": KEY}),
        ("GET", "/inner/text/7", {}),
        ("GET", "/inner/plain", {}),
        ("GET", "/v1/more/inner/plain", {}),
        ("GET", "/inner/mounted/file", {}),
        ("GET", "/v1/more/inner/mounted/file", {}),
        ("GET", "/inner/mounted/away", {}),
        ("GET", "/anything", {"headers": {"Host": "files.example.org"}}),
        ("GET", "/site/", {}),
        ("GET", "/site/index.html", {}),
        ("GET", "/site/away", {}),
        ("POST", "/bodies/router", {"content": b"x" * 20}),
        ("POST", "/bodies/router", {"content": b"x" * 21}),
        ("POST", "/bodies/route", {"content": b"x" * MAX_BODY_BYTES * 2}),
        ("POST", "/bodies/route", {"content": b"x" * (MAX_BODY_BYTES * 2 + 1)}),
        ("POST", "/bodies/unread", {"content": b"x" * 21}),
        ("POST", "/inner/away", {"content": b"x" * (MAX_BODY_BYTES + 1)}),
        ("GET", "/nowhere", {}),
    ],
)
async def test_responses_are_the_same(
    apps: tuple[FastAPI, FastAPI], method: str, path: str, options: dict[str, Any]
) -> None:
    """Status, type and body are those of FastAPI; errors are problems of the same status."""
    responses: list[httpx2.Response] = []
    for app in apps:
        async with connect(app) as client:
            responses.append(await client.request(method, path, **options))
    bare, own = responses

    assert own.status_code == bare.status_code
    if own.is_success:
        assert (own.content, own.headers["content-type"]) == (
            bare.content,
            bare.headers["content-type"],
        )
    else:
        assert own.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    ("path", "headers"),
    [
        ("/inner/talk", {}),
        ("/v1/more/inner/talk", {}),
        ("/v1/more/inner/talk", KEY),
        ("/inner/plain", {}),
        ("/v1/more/inner/plain", {}),
        ("/talk", {}),
        ("/nowhere", {}),
    ],
)
async def test_websockets_are_the_same(
    apps: tuple[FastAPI, FastAPI], path: str, headers: dict[str, str]
) -> None:
    """WebSockets have the prefix and the dependencies of the routers around them."""
    bare, own = [await open_websocket(app, path, headers) for app in apps]

    assert [(item["type"], item.get("status")) for item in own] == [
        (item["type"], item.get("status")) for item in bare
    ]


def test_documents_are_the_same(apps: tuple[FastAPI, FastAPI]) -> None:
    """The OpenAPI document has all that the routers say about their routes."""
    bare, own = (app.openapi()["paths"] for app in apps)

    assert own.keys() == bare.keys()
    for path, operations in bare.items():
        for method, operation in operations.items():
            for name in operation.keys() - {"responses"}:
                assert own[path][method][name] == operation[name]
            assert own[path][method]["responses"].keys() >= operation["responses"].keys() - {"422"}


def test_form_limits_are_kept(apps: tuple[FastAPI, FastAPI]) -> None:
    """A route has the limits of its routers, and its own win."""
    routes = [item for item in apps[1].routes if isinstance(item, APIRoute)]

    assert [item.form_limits for item in routes if item.path == "/forms/form"] == [
        {"max_fields": 3, "max_files": 1}
    ]


class SearchingRouter(APIRouter):
    """A router with a search of its own."""

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request."""


def test_router_with_a_search_of_its_own_is_refused() -> None:
    """Its routes leave it, so its search would never run."""
    component = Component(name="odd", routers=(SearchingRouter(),))

    with pytest.raises(UnsupportedRouterError, match="SearchingRouter has a method 'handle'"):
        build(LimitsSettings(), [component])
