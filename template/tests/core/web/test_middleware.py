"""The outermost middleware: hooks, endpoints for operators and unhandled errors."""

import asyncio
from collections.abc import AsyncIterator

import httpx2
import pytest
from fastapi import APIRouter, BackgroundTasks, Request, Response, WebSocket
from starlette.middleware import Middleware
from starlette.routing import Mount
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from {{ package_name }}.core.app import Application, build
from {{ package_name }}.core.component import Component
from {{ package_name }}.core.errors import ForbiddenError
from {{ package_name }}.core.web import in_flight
from {{ package_name }}.core.web.context import RequestContext
from {{ package_name }}.core.web.limits import LimitsSettings
from {{ package_name }}.practices import PracticeSettings

from support.client import connect, open_websocket
from support.server import SkippedTime, served

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


async def send_bare(_scope: Scope, _receive: Receive, send: Send) -> None:
    """Send a response without headers, which ASGI does not require."""
    await send({"type": "http.response.start", "status": 204})
    await send({"type": "http.response.body"})


router.routes.append(Mount("/try/bare", app=send_bare))


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
def app(settings: PracticeSettings, recorder: Recorder) -> Application:
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


async def test_fault_in_middleware_gets_a_response(settings: PracticeSettings) -> None:
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


@router.websocket("/leave")
async def leave(socket: WebSocket) -> None:
    """Accept a WebSocket, and read until the client leaves."""
    await socket.accept()
    while True:
        await socket.receive_text()


@router.websocket("/break")
async def break_off(socket: WebSocket) -> None:
    """Fail after the WebSocket is open."""
    await socket.accept()
    raise RuntimeError


@router.websocket("/end")
async def fail_at_the_end(socket: WebSocket) -> None:
    """Fail after the WebSocket is closed."""
    await socket.accept()
    await socket.close()
    raise RuntimeError


@router.websocket("/refuse")
async def refuse(socket: WebSocket) -> None:
    """Close before the WebSocket is open."""
    await socket.close()


@router.websocket("/refuse/{error}")
async def raise_error(error: str) -> None:
    """Fail before the WebSocket is open."""
    raise {"known": ForbiddenError("No."), "unknown": RuntimeError()}[error]


@pytest.mark.parametrize(
    ("path", "messages", "status"),
    [
        ("/try/talk", ["accept", "close"], 101),
        ("/try/leave", ["accept"], 101),
        ("/try/break", ["accept", "close"], 101),
        ("/try/end", ["accept", "close"], 101),
        ("/try/refuse", ["close"], 403),
        ("/try/refuse/known", ["http.response.start", "http.response.body"], 403),
        ("/try/refuse/unknown", ["http.response.start", "http.response.body"], 500),
        ("/try/nowhere", ["close"], 403),
    ],
)
async def test_websockets_are_observed(
    app: Application, recorder: Recorder, path: str, messages: list[str], status: int
) -> None:
    """A WebSocket has the hooks of a request, and an error in it reaches the client."""
    sent = await open_websocket(app, path, {})

    assert [message["type"] for message in sent] == [f"websocket.{name}" for name in messages]
    assert recorder.notes[0] == f"one request {path}"
    assert recorder.notes[2:] == [f"two response {status} True", f"one response {status} True"]
    assert not app.in_flight.websockets
    assert not app.in_flight.deadlines


async def test_hook_may_refuse_a_request(settings: PracticeSettings) -> None:
    """An error that a hook raises is the response; it is no failure."""

    def refuse(_context: RequestContext) -> None:
        raise ForbiddenError("No.")

    app = build(settings.limits, [Component(name="closed", on_request=refuse)])
    async with connect(app) as client:
        response = await client.get("/nowhere")

    assert (response.status_code, response.json()["detail"]) == (403, "No.")


class Hinting:
    """Middleware that sends a message before the response."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send a hint, and read the body after the response."""
        if scope["type"] == "http":
            await send({"type": "http.response.early_hint", "links": []})
        await self.app(scope, receive, send)
        if scope["type"] == "http":
            await receive()


async def test_only_the_body_ends_a_response(
    settings: PracticeSettings, app: Application, recorder: Recorder
) -> None:
    """A message before the response does not end it, and a body that comes after it is ignored."""
    hinting = Component(name="hinting", middleware=(Middleware(Hinting),))
    app = build(settings.limits, [hinting, *app.components])
    sent: list[str] = []

    async def receive() -> Message:
        return {"type": "http.request"}

    async def send(message: Message) -> None:
        sent.append(f"{message['type']} {len(recorder.notes)}")

    headers = [(b"content-length", b"0")]
    scope = {"type": "http", "method": "GET", "path": "/nowhere", "headers": headers}
    await app({**scope, "query_string": b""}, receive, send)

    assert sent == [
        "http.response.early_hint 2",
        "http.response.start 2",
        "http.response.body 4",
    ]
    assert not app.in_flight.deadlines


class Background:
    """A route with a background task that goes on until the test ends it."""

    def __init__(self) -> None:
        self.may_end = asyncio.Event()
        self.ended = asyncio.Event()
        router = APIRouter()
        router.get("/start")(self.start)
        self.component = Component(name="background", routers=(router,))

    async def start(self, tasks: BackgroundTasks) -> str:
        """Start the task."""
        tasks.add_task(self.work)
        return "started"

    async def work(self) -> None:
        """Wait for the test."""
        await self.may_end.wait()
        self.ended.set()


async def test_background_task_has_no_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    """A response that has ended counts as served; its background task runs on."""
    time = SkippedTime()
    monkeypatch.setattr(in_flight, "time", time)
    monkeypatch.setattr(in_flight, "SWEEP_SECONDS", 0.01)
    background = Background()
    seen: list[int] = []
    watching = Component(name="watching", on_response=lambda context: seen.append(context.status))
    app = build(LimitsSettings(), [watching, background.component])
    async with served(app) as server, httpx2.AsyncClient() as client:
        response = await client.get(f"http://127.0.0.1:{server.port}/start")
        assert (response.text, seen, dict(app.in_flight.deadlines)) == ('"started"', [200], {})

        time.skip(60)
        await asyncio.sleep(0.05)
        background.may_end.set()
        async with asyncio.timeout(5):
            await background.ended.wait()
    assert seen == [200]


async def test_failed_background_task_is_logged(
    settings: PracticeSettings, caplog: pytest.LogCaptureFixture
) -> None:
    """Its error is in the log once, and the connection serves the next request."""

    async def break_down() -> None:
        raise RuntimeError

    async def start(tasks: BackgroundTasks) -> None:
        tasks.add_task(break_down)

    router = APIRouter()
    router.get("/start")(start)
    app = build(settings.limits, [Component(name="background", routers=(router,))])
    async with (
        served(app) as server,
        httpx2.AsyncClient(base_url=f"http://127.0.0.1:{server.port}") as client,
    ):
        statuses = [(await client.get("/start")).status_code for _ in range(2)]

    assert statuses == [200, 200]
    assert [record.message for record in caplog.records if record.levelname == "ERROR"] == [
        "request.failed",
        "request.failed",
    ]


async def test_response_needs_no_headers(client: httpx2.AsyncClient) -> None:
    """A mounted application may send none; the response has those that every response carries."""
    response = await client.get("/try/bare/")

    assert response.status_code == 204
    assert response.headers["x-content-type-options"] == "nosniff"
