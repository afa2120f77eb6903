"""Response headers: content sniffing, framing and draining."""

import httpx2
import pytest

from {{ package_name }}.practices import PracticeSettings

from support.client import connect, practice_app


@pytest.mark.parametrize("path", ["/openapi.json", "/nowhere"])
async def test_content_type_is_not_sniffed(reader: httpx2.AsyncClient, path: str) -> None:
    """Responses of routes, and 404s, have nosniff."""
    assert (await reader.get(path)).headers["x-content-type-options"] == "nosniff"


async def test_html_is_not_framed(reader: httpx2.AsyncClient) -> None:
    """An HTML page can't be framed, and sends no Referer."""
    headers = (await reader.get("/docs")).headers

    assert headers["content-security-policy"] == "frame-ancestors 'none'"
    assert headers["x-frame-options"] == "DENY"
    assert headers["referrer-policy"] == "no-referrer"


async def test_draining_server_closes_connections(settings: PracticeSettings) -> None:
    """While the server drains, a response closes its connection: the next one goes elsewhere."""
    app = practice_app(settings)
    async with connect(app) as client:
        before = await client.get("/nowhere")
        app.in_flight.drain()
        after = await client.get("/nowhere")

    assert "connection" not in before.headers
    assert after.headers["connection"] == "close"
