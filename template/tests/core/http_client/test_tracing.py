"""The trace in the calls to other services."""

from contextvars import Context

import httpx
from fastapi import APIRouter, Request

from {{ package_name }}.app import create_app
from {{ package_name }}.core import http_client, tracing
from {{ package_name }}.core.component import Component
from {{ package_name }}.core.http_client import tracing as outgoing_trace
from {{ package_name }}.settings import Settings

from support.client import connect

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
CALLER = "00f067aa0ba902b7"

router = APIRouter()


@router.get("/ask")
async def ask(request: Request) -> dict[str, str]:
    """Ask another service, and return what it was sent."""
    response: httpx.Response = await request.state.http.get("https://api.example.org/")
    sent: dict[str, str] = response.json()
    return sent


def echo(request: httpx.Request) -> httpx.Response:
    """Answer with the headers of the request."""
    return httpx.Response(200, json=dict(request.headers))


async def test_trace_goes_on(settings: Settings) -> None:
    """A call belongs to the trace of the request, as a child of our span, without its baggage."""
    components = [
        Component(name="traced", telemetry=tracing.traced(tracing.provider_for(settings))),
        http_client.component(settings, httpx.MockTransport(echo)),
        outgoing_trace.component(settings),
        Component(name="ask", routers=(router,)),
    ]
    sent = {"traceparent": f"00-{TRACE}-{CALLER}-01", "baggage": "user=hunter2"}
    async with connect(create_app(settings, components)) as client:
        received = (await client.get("/ask", headers=sent)).json()

    _, trace, span, flags = received["traceparent"].split("-")
    assert (trace, flags) == (TRACE, "01")
    assert span != CALLER
    assert "baggage" not in received


def test_no_request_has_no_trace() -> None:
    """Where nothing is traced, nothing is sent."""
    assert Context().run(outgoing_trace.headers) == {}
