"""Propagation of the trace context to upstream services."""

from contextvars import Context

import httpx2
from fastapi import APIRouter

from {{ package_name }}.core.app import build
from {{ package_name }}.core.component import Component
from {{ package_name }}.core.http_client import component as http_client
from {{ package_name }}.core.http_client import tracing as propagation
from {{ package_name }}.core.http_client.component import HttpClientDep
from {{ package_name }}.core.tracing import build_provider, telemetry_config
from {{ package_name }}.practices import PracticeSettings

from support.client import connect

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
CALLER = "00f067aa0ba902b7"

router = APIRouter()


@router.get("/call")
async def call(http: HttpClientDep) -> dict[str, str]:
    """Call an upstream service, and return the headers that it received."""
    headers: dict[str, str] = (await http.get("https://api.example.org/")).json()
    return headers


def echo(request: httpx2.Request) -> httpx2.Response:
    """Return the headers of the request."""
    return httpx2.Response(200, json=dict(request.headers))


async def test_trace_is_propagated(settings: PracticeSettings) -> None:
    """A call has the trace of its request and the id of the server's span, and no baggage."""
    components = [
        Component(name="traced", telemetry=telemetry_config(build_provider(settings.tracing))),
        http_client.component(settings.http_client, httpx2.MockTransport(echo)),
        propagation.component(),
        Component(name="call", routers=(router,)),
    ]
    sent = {"traceparent": f"00-{TRACE}-{CALLER}-01", "baggage": "user=hunter2"}
    async with connect(build(settings.limits, components)) as client:
        received = (await client.get("/call", headers=sent)).json()

    _, trace, span, flags = received["traceparent"].split("-")
    assert (trace, flags) == (TRACE, "01")
    assert span != CALLER
    assert "baggage" not in received


def test_call_outside_a_trace_has_no_header() -> None:
    """Without a trace there is no header."""
    assert Context().run(propagation.headers) == {}
