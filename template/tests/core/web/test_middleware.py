"""The edge: what every request passes, and what passes by it."""

import asyncio
from collections.abc import AsyncIterator

import httpx
import pytest
from fastapi import APIRouter, FastAPI, Request, Response, WebSocket
from starlette.middleware import Middleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from {{ package_name }}.app import create_app
from {{ package_name }}.core.component import Component
from {{ package_name }}.core.web.context import Exchange
from {{ package_name }}.settings import Settings

from support.client import connect

router = APIRouter(prefix="/try")


@router.get("/fail")
async def fail() -> None:
    """Fail."""
    raise RuntimeError


@router.websocket("/talk")
async def talk(socket: WebSocket) -> None:
    """Take a connection, and end it."""
    await socket.accept()
    await socket.close()


async def operation(_request: Request) -> Response:
    """Answer an operator."""
    return Response("operated")


class Watcher:
    """Hooks that write down what they see."""

    def __init__(self) -> None:
        self.notes: list[str] = []

    def component(self, name: str) -> Component:
        """Return a component of that name."""

        def before(exchange: Exchange) -> None:
            self.notes.append(f"{name} before {exchange.scope['path']}")

        def after(exchange: Exchange) -> None:
            self.notes.append(f"{name} after {exchange.status} {exchange.seconds > 0}")

        return Component(name=name, before=before, after=after)


@pytest.fixture
def watcher() -> Watcher:
    """Return what watches the application."""
    return Watcher()


@pytest.fixture
def app(settings: Settings, watcher: Watcher) -> FastAPI:
    """Return an application that is watched."""
    tried = Component(name="try", routers=(router,), operations={"/operate": operation})
    return create_app(settings, [watcher.component("one"), watcher.component("two"), tried])


@pytest.fixture
async def client(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    """Yield a client of it."""
    async with connect(app) as client:
        yield client


@pytest.mark.parametrize(("path", "status"), [("/try/fail", 500), ("/nowhere", 404)])
async def test_hooks_see_every_request(
    client: httpx.AsyncClient, watcher: Watcher, path: str, status: int
) -> None:
    """Hooks are called in order as a request comes, and in reverse when it has ended."""
    await client.get(path)

    assert watcher.notes == [
        f"one before {path}",
        f"two before {path}",
        f"two after {status} True",
        f"one after {status} True",
    ]


async def test_operations_pass_by(client: httpx.AsyncClient, watcher: Watcher) -> None:
    """What operators ask is answered, and neither counted nor logged."""
    answered = await client.get("/operate")
    refused = await client.post("/operate")

    assert answered.text == "operated"
    assert (refused.status_code, refused.headers["allow"]) == (405, "GET, HEAD")
    assert watcher.notes == []


class Faulty:
    """Middleware that fails."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Fail on requests."""
        if scope["type"] == "http":
            raise RuntimeError("hunter2")
        await self.app(scope, receive, send)


async def test_fault_in_middleware_is_answered(settings: Settings) -> None:
    """Nothing that a component plugs in can fail without an answer."""
    faulty = Component(name="faulty", middleware=(Middleware(Faulty),))
    async with connect(create_app(settings, [faulty])) as client:
        response = await client.get("/nowhere")

    assert (response.status_code, response.json()["code"]) == (500, "internal_error")
    assert "hunter2" not in response.text


@router.post("/read")
async def read(request: Request) -> int:
    """Read a body."""
    return len(await request.body())


async def test_client_that_leaves_is_no_failure(
    app: FastAPI, watcher: Watcher, caplog: pytest.LogCaptureFixture
) -> None:
    """Whoever goes away in the middle of a body has done so; the service has not failed."""
    messages = iter([{"type": "http.request", "body": b"x", "more_body": True}])

    async def receive() -> Message:
        return next(messages, {"type": "http.disconnect"})

    async def send(_message: Message) -> None:
        pass

    length = (b"content-length", b"2")
    scope = {"type": "http", "method": "POST", "path": "/try/read", "headers": [length]}
    await app({**scope, "query_string": b""}, receive, send)

    assert watcher.notes[-1] == "one after 400 True"
    assert not caplog.records


async def test_websockets_are_let_through(app: FastAPI, watcher: Watcher) -> None:
    """A WebSocket is no request: it lasts as long as it likes."""
    sent: list[str] = []

    async def receive() -> Message:
        return {"type": "websocket.connect"}

    async def send(message: Message) -> None:
        await asyncio.sleep(0)
        sent.append(message["type"])

    scope = {"type": "websocket", "path": "/try/talk", "headers": [], "query_string": b""}
    await app(scope, receive, send)

    assert sent == ["websocket.accept", "websocket.close"]
    assert watcher.notes == []
