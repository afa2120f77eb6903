"""CORS: pages of allowed origins read every response, and open WebSockets."""

import asyncio
from collections.abc import AsyncIterator

import httpx2
import pytest
from fastapi import APIRouter, WebSocket

from {{ package_name }}.core.app import Application, build
from {{ package_name }}.core.component import Component
from {{ package_name }}.practices import PracticeSettings, practice_components

from support.client import connect, open_websocket

ORIGIN = "https://app.example.org"
OTHER_ORIGIN = "https://evil.example.org"

router = APIRouter(prefix="/try")


@router.get("/fail")
async def fail() -> None:
    """Fail."""
    raise RuntimeError


@router.get("/wait")
async def wait() -> None:
    """Wait for longer than a request may take."""
    await asyncio.sleep(60)


@router.post("/take")
async def take(body: dict[str, str]) -> dict[str, str]:
    """Return a body."""
    return body


@router.websocket("/talk")
async def talk(socket: WebSocket) -> None:
    """Accept a WebSocket and close it."""
    await socket.accept()
    await socket.close()


def build_app(**cors: object) -> Application:
    """Return an application with tight limits and these CORS settings."""
    limits = {"max_body_bytes": 10, "request_timeout_seconds": 0.1, "allowed_hosts": ["test"]}
    settings = PracticeSettings.load({"cors": cors, "limits": limits})
    named = {item.name: item for item in practice_components(settings)}
    return build(settings.limits, [named["cors"], Component(name="try", routers=(router,))])


@pytest.fixture
async def client() -> AsyncIterator[httpx2.AsyncClient]:
    """Yield a client of an application that allows one origin."""
    async with connect(build_app(origins=[ORIGIN], credentials=True)) as client:
        yield client


async def test_no_origin_is_allowed_by_default(reader: httpx2.AsyncClient) -> None:
    """Without the setting, no response has CORS headers."""
    response = await reader.get("/nowhere", headers={"Origin": ORIGIN})

    assert "access-control-allow-origin" not in response.headers


@pytest.mark.parametrize(("origin", "allowed"), [(ORIGIN, ORIGIN), (OTHER_ORIGIN, None)])
@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (httpx2.Request("GET", "http://test/nowhere"), 404),
        (httpx2.Request("GET", "http://test/try/fail"), 500),
        (httpx2.Request("GET", "http://test/try/wait"), 503),
        (httpx2.Request("POST", "http://test/try/take", content=b"x" * 11), 413),
        (httpx2.Request("GET", "http://other/nowhere"), 400),
    ],
    ids=["a route's", "failed", "late", "too large", "other host"],
)
async def test_pages_read_every_response(
    client: httpx2.AsyncClient,
    sent: httpx2.Request,
    status: int,
    origin: str,
    allowed: str | None,
) -> None:
    """Responses of the limits and of errors have the CORS headers too."""
    sent.headers["Origin"] = origin
    response = await client.send(sent)

    assert response.status_code == status
    assert response.headers.get("access-control-allow-origin") == allowed
    assert "Origin" in response.headers["vary"]
    exposed = response.headers["access-control-expose-headers"].split(", ")
    assert {"ETag", "Location", "Retry-After", "X-Request-ID"} == set(exposed)


@pytest.mark.parametrize(
    ("origin", "method", "header", "refused"),
    [
        (ORIGIN, "PATCH", "If-Match", None),
        (ORIGIN, "POST", "Idempotency-Key", None),
        (OTHER_ORIGIN, "PATCH", "If-Match", "Disallowed CORS origin"),
        (ORIGIN, "TRACE", "If-Match", "Disallowed CORS method"),
        (ORIGIN, "PATCH", "X-Other", "Disallowed CORS headers"),
    ],
)
async def test_preflight(
    client: httpx2.AsyncClient, origin: str, method: str, header: str, refused: str | None
) -> None:
    """A preflight says what is allowed; one that is refused is a problem that says why."""
    headers = {
        "Origin": origin,
        "Access-Control-Request-Method": method,
        "Access-Control-Request-Headers": header,
    }
    response = await client.options("/nowhere", headers=headers)

    if refused is None:
        assert response.status_code == 200
        assert response.headers["access-control-allow-origin"] == ORIGIN
        assert header in response.headers["access-control-allow-headers"]
    else:
        assert (response.status_code, response.json()["detail"]) == (400, refused)


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, None),
        ({"Origin": "https://test"}, None),
        ({"Origin": ORIGIN}, None),
        ({"Origin": OTHER_ORIGIN}, 403),
        ({"Origin": "null"}, 403),
    ],
    ids=["program", "same host", "allowed", "other", "opaque"],
)
async def test_only_allowed_origins_open_websockets(
    headers: dict[str, str], status: int | None
) -> None:
    """Browsers let every page open a WebSocket; programs send no origin."""
    sent = await open_websocket(
        build_app(origins=[ORIGIN]), "/try/talk", {"Host": "test", **headers}
    )

    assert sent[0].get("status") == status


async def test_no_other_origin_opens_websockets_by_default() -> None:
    """Without the setting, pages of the same host open WebSockets only."""
    for origin, opened in (("http://test", True), (ORIGIN, False)):
        headers = {"Host": "test", "Origin": origin}
        sent = await open_websocket(build_app(), "/try/talk", headers)

        assert (sent[0]["type"] == "websocket.accept") is opened


async def test_every_origin_may_be_allowed() -> None:
    """A star allows every page to read responses, without cookies, and to open WebSockets."""
    app = build_app(origins=["*"])
    sent = await open_websocket(app, "/try/talk", {"Host": "test", "Origin": OTHER_ORIGIN})
    async with connect(app) as client:
        response = await client.get("/nowhere", headers={"Origin": OTHER_ORIGIN})

    assert sent[0]["type"] == "websocket.accept"
    assert response.headers["access-control-allow-origin"] == "*"
