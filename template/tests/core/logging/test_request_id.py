"""The request id: accepted or generated, returned and logged."""

import json

import httpx2
import pytest
from fastapi import APIRouter

from {{ package_name }}.core.app import build
from {{ package_name }}.core.component import Component
from {{ package_name }}.practices import PracticeSettings, practice_components

from support.client import connect
from support.server import served_session


async def test_given_id_is_kept(reader: httpx2.AsyncClient) -> None:
    """A valid id of the request is returned with the response."""
    response = await reader.get("/", headers={"X-Request-ID": "order-7.a_B"})

    assert response.headers["x-request-id"] == "order-7.a_B"


@pytest.mark.parametrize("given", ["", "a b", "a\x1b[31m", "x" * 129, "a;b"])
async def test_odd_id_is_replaced(reader: httpx2.AsyncClient, given: str) -> None:
    """An invalid id is replaced."""
    response = await reader.get("/", headers={"X-Request-ID": given})

    assert len(response.headers["x-request-id"]) == 32


async def test_failing_request_has_its_id(settings: PracticeSettings) -> None:
    """The response of a failed request has the id."""
    router = APIRouter()

    @router.get("/fail")
    async def fail() -> None:
        raise RuntimeError

    components = [*practice_components(settings), Component(name="fail", routers=(router,))]
    async with connect(build(settings.limits, components)) as client:
        response = await client.get("/fail", headers={"X-Request-ID": "me"})

    assert response.status_code == 500
    assert response.headers["x-request-id"] == "me"


def test_reloading_server_logs_a_request_once() -> None:
    """The access log replaces uvicorn's under the reloading server too."""
    output = served_session("--reload").output

    assert "unmatched" in output
    assert "GET /nowhere" not in output


def test_every_line_of_a_served_session_is_json() -> None:
    """The log is one JSON object a line, from start to exit, with the request id and no query."""
    output = served_session().output

    lines = [json.loads(line) for line in output.splitlines()]
    served = [line for line in lines if line.get("request_id") == "one"]
    assert [(line["event"], line["route"], line["status"]) for line in served] == [
        ("request.completed", "/openapi.json", 200),
        ("request.completed", "unmatched", 404),
    ]
    assert any("Uvicorn running" in line["event"] for line in lines)
    assert "hunter2" not in output
