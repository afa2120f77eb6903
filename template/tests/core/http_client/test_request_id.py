"""The request id in the calls to other services."""

from contextvars import Context

import httpx
from fastapi import APIRouter, Request

from {{ package_name }}.app import create_app
from {{ package_name }}.core import http_client
from {{ package_name }}.core.component import Component
from {{ package_name }}.core.http_client import (
    request_id as outgoing_request_id,
)
from {{ package_name }}.core.logging import request_id
from {{ package_name }}.settings import Settings

from support.client import connect

router = APIRouter()


@router.get("/ask")
async def ask(request: Request) -> str:
    """Ask another service, and return the id that it was sent."""
    response: httpx.Response = await request.state.http.get("https://api.example.org/")
    return response.text


def echo(request: httpx.Request) -> httpx.Response:
    """Answer with the id of the request."""
    return httpx.Response(200, text=request.headers["x-request-id"])


async def test_id_goes_on(settings: Settings) -> None:
    """One id leads from the first service to the last."""
    components = [
        request_id.component(settings),
        http_client.component(settings, httpx.MockTransport(echo)),
        outgoing_request_id.component(settings),
        Component(name="ask", routers=(router,)),
    ]
    async with connect(create_app(settings, components)) as client:
        response = await client.get("/ask", headers={"X-Request-ID": "order-7"})

    assert response.json() == "order-7"


def test_no_request_has_no_id() -> None:
    """What the service does by itself belongs to no request."""
    assert Context().run(outgoing_request_id.headers) == {}
