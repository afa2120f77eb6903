"""Headers: what protects the users of browsers, and what asks clients to leave."""

import httpx
import pytest

from {{ package_name }}.app import create_app
from {{ package_name }}.settings import Settings

from support.client import connect

ORIGIN = "https://app.example.org"


@pytest.mark.parametrize("path", ["/openapi.json", "/nowhere"])
async def test_answers_are_what_they_say(reader: httpx.AsyncClient, path: str) -> None:
    """A browser does not guess the type of an answer."""
    assert (await reader.get(path)).headers["x-content-type-options"] == "nosniff"


async def test_documents_are_not_framed(reader: httpx.AsyncClient) -> None:
    """A page of ours can't be shown inside another one, and does not give its address away."""
    headers = (await reader.get("/docs")).headers

    assert headers["content-security-policy"] == "frame-ancestors 'none'"
    assert headers["x-frame-options"] == "DENY"
    assert headers["referrer-policy"] == "no-referrer"


async def test_other_sites_may_not_call(reader: httpx.AsyncClient) -> None:
    """Without a setting, no page of another site may read an answer."""
    response = await reader.get("/nowhere", headers={"Origin": ORIGIN})

    assert "access-control-allow-origin" not in response.headers


@pytest.mark.parametrize(
    ("origin", "allowed"), [(ORIGIN, ORIGIN), ("https://evil.example.org", None)]
)
async def test_named_sites_may_call(origin: str, allowed: str | None) -> None:
    """A site that is named may call; others still may not."""
    settings = Settings.load({"cors": {"origins": [ORIGIN], "credentials": True}})
    async with connect(create_app(settings)) as client:
        headers = {"Origin": origin, "Access-Control-Request-Method": "PATCH"}
        asked = await client.options("/nowhere", headers=headers)
        called = await client.get("/nowhere", headers={"Origin": origin})

    assert asked.headers.get("access-control-allow-origin") == allowed
    assert called.headers.get("access-control-allow-origin") == allowed


async def test_draining_service_sends_clients_away(settings: Settings) -> None:
    """While it drains, the next request of a client goes over a new connection, so elsewhere."""
    app = create_app(settings)
    async with connect(app) as client:
        before = await client.get("/nowhere")
        app.in_flight.drain()
        after = await client.get("/nowhere")

    assert "connection" not in before.headers
    assert after.headers["connection"] == "close"
