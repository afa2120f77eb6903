"""Propagation of the request id to upstream services."""

from contextvars import Context

import httpx2
from fastapi import APIRouter

from {{ package_name }}.core.app import build
from {{ package_name }}.core.component import Component
from {{ package_name }}.core.http_client import component as http_client
from {{ package_name }}.core.http_client import request_id as propagation
from {{ package_name }}.core.http_client.component import HttpClientDep
from {{ package_name }}.core.logging import request_id
from {{ package_name }}.practices import PracticeSettings

from support.client import connect

router = APIRouter()


@router.get("/call")
async def call(http: HttpClientDep) -> str:
    """Call an upstream service, and return the id that it received."""
    return (await http.get("https://api.example.org/")).text


def echo(request: httpx2.Request) -> httpx2.Response:
    """Return the id of the request."""
    return httpx2.Response(200, text=request.headers["x-request-id"])


async def test_id_is_propagated(settings: PracticeSettings) -> None:
    """A call has the id of the request that it belongs to."""
    components = [
        request_id.component(),
        http_client.component(settings.http_client, httpx2.MockTransport(echo)),
        propagation.component(),
        Component(name="call", routers=(router,)),
    ]
    async with connect(build(settings.limits, components)) as client:
        response = await client.get("/call", headers={"X-Request-ID": "order-7"})

    assert response.json() == "order-7"


def test_call_outside_a_request_has_no_id() -> None:
    """Without a request there is no header."""
    assert Context().run(propagation.headers) == {}
