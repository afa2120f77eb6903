"""The request id: taken, made, sent back and logged."""

import json

import httpx
import pytest
from fastapi import APIRouter

from {{ package_name }}.app import create_app
from {{ package_name }}.core.component import Component
from {{ package_name }}.practices import enabled
from {{ package_name }}.settings import Settings

from support.client import connect
from support.server import served_session


async def test_given_id_is_kept(reader: httpx.AsyncClient) -> None:
    """An id that came with the request goes back with the response."""
    response = await reader.get("/", headers={"X-Request-ID": "order-7.a_B"})

    assert response.headers["x-request-id"] == "order-7.a_B"


@pytest.mark.parametrize("given", ["", "a b", "a\x1b[31m", "x" * 129, "a;b"])
async def test_odd_id_is_replaced(reader: httpx.AsyncClient, given: str) -> None:
    """An id that could do harm in a log is not taken over."""
    response = await reader.get("/", headers={"X-Request-ID": given})

    assert len(response.headers["x-request-id"]) == 32


async def test_failing_request_has_its_id(settings: Settings) -> None:
    """The answer that needs it most carries it too."""
    router = APIRouter()

    @router.get("/fail")
    async def fail() -> None:
        raise RuntimeError

    components = [*enabled(settings), Component(name="fail", routers=(router,))]
    async with connect(create_app(settings, components)) as client:
        response = await client.get("/fail", headers={"X-Request-ID": "me"})

    assert response.status_code == 500
    assert response.headers["x-request-id"] == "me"


@pytest.mark.slow
def test_reloading_server_logs_a_request_once() -> None:
    """Under the development server too, our access line replaces the server's."""
    output = served_session("--reload").output

    assert "unmatched" in output
    assert "GET /nowhere" not in output


@pytest.mark.slow
def test_every_line_of_a_served_session_is_json() -> None:
    """The log is one JSON object a line, from start to exit, with the request id and no query."""
    output = served_session().output

    lines = [json.loads(line) for line in output.splitlines()]
    served = [line for line in lines if line.get("request_id") == "one"]
    assert [(line["event"], line["route"], line["status"]) for line in served] == [
        ("request.served", "/openapi.json", 200),
        ("request.served", "unmatched", 404),
    ]
    assert any("Uvicorn running" in line["event"] for line in lines)
    assert "hunter2" not in output
