"""The request id: taken, made, sent back and logged."""

import json

import httpx
import pytest
from fastapi import APIRouter

from {{ package_name }}.app import create_app
from {{ package_name }}.component import Component
from {{ package_name }}.components import enabled
from {{ package_name }}.settings import Settings

from support import connect, launched


async def test_given_id_is_kept(client: httpx.AsyncClient) -> None:
    """An id that came with the request goes back with the answer."""
    response = await client.get("/", headers={"X-Request-ID": "order-7.a_B"})

    assert response.headers["x-request-id"] == "order-7.a_B"


@pytest.mark.parametrize("given", ["", "a b", "a\x1b[31m", "x" * 129, "a;b"])
async def test_odd_id_is_replaced(client: httpx.AsyncClient, given: str) -> None:
    """What could do harm in a log is not taken over."""
    response = await client.get("/", headers={"X-Request-ID": given})

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


def test_reloading_server_logs_a_request_once() -> None:
    """Under the development server too, our access line stands in for the server's."""
    with launched("--reload", SERVER__DRAIN_SECONDS="0", LOGGING__FORMAT="json") as service:
        httpx.get(f"{service.url}/once")
        service.stop()
        _, output = service.end()

    assert "unmatched" in output
    assert "GET /once" not in output


def test_every_line_of_a_served_session_is_json() -> None:
    """From the first line to the last the log is one JSON object a line, ids where they belong."""
    with launched(SERVER__DRAIN_SECONDS="0", LOGGING__FORMAT="json") as service:
        httpx.get(f"{service.url}/a?token=hunter2", headers={"X-Request-ID": "one"})
        service.stop()
        _, output = service.end()

    lines = [json.loads(line) for line in output.splitlines()]
    served = [line for line in lines if line.get("request_id") == "one"]
    assert [(line["event"], line["route"], line["status"]) for line in served] == [
        ("request.served", "unmatched", 404)
    ]
    assert any("Uvicorn running" in line["event"] for line in lines)
    assert "hunter2" not in output
