"""The outermost middleware: hooks, endpoints for operators and unhandled errors."""

import asyncio
from collections.abc import AsyncIterator

import httpx2
import pytest
from fastapi import APIRouter, Request, Response, WebSocket
from starlette.middleware import Middleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from {{ package_name }}.core.app import Application, build
from {{ package_name }}.core.component import Component
from {{ package_name }}.core.web.context import RequestContext
from {{ package_name }}.settings import Settings

from support.client import connect

router = APIRouter(prefix="/try")


@router.get("/fail")
async def fail() -> None:
    """Fail."""
    raise RuntimeError


@router.websocket("/talk")
async def talk(socket: WebSocket) -> None:
    """Accept a connection and close it."""
    await socket.accept()
    await socket.close()


async def endpoint(_request: Request) -> Response:
    """Return a text."""
    return Response("managed")


class Recorder:
    """Hooks that record requests."""

    def __init__(self) -> None:
        self.notes: list[str] = []

    def component(self, name: str) -> Component:
        """Return a component with the hooks."""

        def on_request(context: RequestContext) -> None:
            self.notes.append(f"{name} request {context.scope['path']}")

        def on_response(context: RequestContext) -> None:
            self.notes.append(f"{name} response {context.status} {context.duration > 0}")

        return Component(name=name, on_request=on_request, on_response=on_response)


@pytest.fixture
def recorder() -> Recorder:
    """Return the recorder of the application."""
    return Recorder()


@pytest.fixture
def app(settings: Settings, recorder: Recorder) -> Application:
    """Return an application with the hooks."""
    tried = Component(name="try", routers=(router,), management_endpoints={"/manage": endpoint})
    return build(settings.limits, [recorder.component("one"), recorder.component("two"), tried])


@pytest.fixture
async def client(app: Application) -> AsyncIterator[httpx2.AsyncClient]:
    """Yield a client of it."""
    async with connect(app) as client:
        yield client


@pytest.mark.parametrize(("path", "status"), [("/try/fail", 500), ("/nowhere", 404)])
async def test_hooks_see_every_request(
    client: httpx2.AsyncClient, recorder: Recorder, path: str, status: int
) -> None:
    """Hooks are called in order at the request, and in reverse after the response."""
    await client.get(path)

    assert recorder.notes == [
        f"one request {path}",
        f"two request {path}",
        f"two response {status} True",
        f"one response {status} True",
    ]


async def test_management_endpoints_have_no_hooks(
    client: httpx2.AsyncClient, recorder: Recorder
) -> None:
    """Requests of operators are neither counted nor logged."""
    response = await client.get("/manage")
    rejected = await client.post("/manage")

    assert response.text == "managed"
    assert (rejected.status_code, rejected.headers["allow"]) == (405, "GET, HEAD")
    assert recorder.notes == []


class Faulty:
    """Middleware that fails."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Fail on requests."""
        if scope["type"] == "http":
            raise RuntimeError("hunter2")
        await self.app(scope, receive, send)


async def test_fault_in_middleware_gets_a_response(settings: Settings) -> None:
    """An error in a component's middleware becomes a response."""
    faulty = Component(name="faulty", middleware=(Middleware(Faulty),))
    async with connect(build(settings.limits, [faulty])) as client:
        response = await client.get("/nowhere")

    assert (response.status_code, response.json()["code"]) == (500, "internal_error")
    assert "hunter2" not in response.text


@router.post("/read")
async def read(request: Request) -> int:
    """Read a body."""
    return len(await request.body())


async def test_client_that_leaves_is_no_failure(
    app: Application, recorder: Recorder, caplog: pytest.LogCaptureFixture
) -> None:
    """A client that disconnects during its body gets status 400 in the log, and no error."""
    messages = iter([{"type": "http.request", "body": b"x", "more_body": True}])

    async def receive() -> Message:
        return next(messages, {"type": "http.disconnect"})

    async def send(_message: Message) -> None:
        pass

    length = (b"content-length", b"2")
    scope = {"type": "http", "method": "POST", "path": "/try/read", "headers": [length]}
    await app({**scope, "query_string": b""}, receive, send)

    assert recorder.notes[-1] == "one response 400 True"
    assert not caplog.records


async def test_websockets_are_let_through(app: Application, recorder: Recorder) -> None:
    """A WebSocket has no deadline and no hooks."""
    sent: list[str] = []

    async def receive() -> Message:
        return {"type": "websocket.connect"}

    async def send(message: Message) -> None:
        await asyncio.sleep(0)
        sent.append(message["type"])

    scope = {"type": "websocket", "path": "/try/talk", "headers": [], "query_string": b""}
    await app(scope, receive, send)

    assert sent == ["websocket.accept", "websocket.close"]
    assert recorder.notes == []
