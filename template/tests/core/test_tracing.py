"""Traces: the content of spans, sampling and export."""

import threading
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import cast

import httpx2
import pytest
from fastapi import APIRouter
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import StatusCode

from {{ package_name }}.core import tracing
from {{ package_name }}.core.app import build
from {{ package_name }}.core.component import Component
from {{ package_name }}.core.errors import InvalidSettingsError
from {{ package_name }}.core.names import NAME
from {{ package_name }}.practices import PracticeSettings, practice_components

from support.client import connect

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
PARENT = "00f067aa0ba902b7"
SAMPLED = {"traceparent": f"00-{TRACE}-{PARENT}-01"}

router = APIRouter(prefix="/orders")


@router.get("/{order}")
async def order(order: int) -> int:
    """Return an order; there is none below 0."""
    if order < 0:
        raise RuntimeError("hunter2")
    return order


ORDERS = Component(name="orders", routers=(router,))


@asynccontextmanager
async def recording(
    ratio: float,
) -> AsyncGenerator[tuple[httpx2.AsyncClient, InMemorySpanExporter]]:
    """Yield a client of an application that traces into memory, and that memory."""
    settings = PracticeSettings.load({"tracing": {"sample_ratio": ratio}})
    provider = tracing.build_provider(settings.tracing)
    memory = InMemorySpanExporter()
    provider.add_span_processor(SimpleSpanProcessor(memory))
    traced = Component(name="traced", telemetry=tracing.telemetry_config(provider))
    async with connect(
        build(settings.limits, [*practice_components(settings), traced, ORDERS])
    ) as client:
        yield client, memory


def attributes(span: ReadableSpan) -> dict[str, object]:
    """Return the attributes of a span."""
    return dict(span.attributes or {})


async def test_span_names_the_route() -> None:
    """A span is named by the route, not the path, and has the response status."""
    async with recording(1) as (client, memory):
        await client.get("/orders/7")

    (span,) = memory.get_finished_spans()
    assert span.name == "GET /orders/{order}"
    assert attributes(span)["http.route"] == "/orders/{order}"
    assert attributes(span)["http.response.status_code"] == 200
    assert span.resource.attributes["service.name"] == NAME


async def test_failure_is_marked_without_its_message() -> None:
    """The span of a failed request has the status error, and no message of the exception."""
    async with recording(1) as (client, memory):
        await client.get("/orders/-1")

    (span,) = memory.get_finished_spans()
    assert span.status.status_code is StatusCode.ERROR
    assert "hunter2" not in span.to_json()


async def test_query_is_redacted() -> None:
    """No span has the query, which may hold a token."""
    async with recording(1) as (client, memory):
        await client.get("/orders/7?token=hunter2")

    (span,) = memory.get_finished_spans()
    assert "hunter2" not in span.to_json()


@pytest.mark.parametrize(("ratio", "headers", "spans"), [(0, {}, 0), (0, SAMPLED, 1), (1, {}, 1)])
async def test_share_of_the_requests_is_traced(
    ratio: float, headers: dict[str, str], spans: int
) -> None:
    """The caller's sampling decision holds; of the other requests, a share is traced."""
    async with recording(ratio) as (client, memory):
        await client.get("/orders/7", headers=headers)

    assert len(memory.get_finished_spans()) == spans


async def test_trace_of_the_caller_is_joined() -> None:
    """The span of a request belongs to the trace of the caller."""
    async with recording(0) as (client, memory):
        await client.get("/orders/7", headers=SAMPLED)

    (span,) = memory.get_finished_spans()
    assert span.context is not None
    assert span.parent is not None
    assert f"{span.context.trace_id:032x}" == TRACE
    assert f"{span.parent.span_id:016x}" == PARENT


class OtlpServer(HTTPServer):
    """A small OpenTelemetry collector."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Collector)
        self.names: list[str] = []


class Collector(BaseHTTPRequestHandler):
    """Receives spans by OTLP over HTTP."""

    def do_POST(self) -> None:
        """Receive spans."""
        server = cast("OtlpServer", self.server)
        body = self.rfile.read(int(self.headers["Content-Length"]))
        for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
            for scope in resource.scope_spans:
                server.names += [span.name for span in scope.spans]
        self.send_response(200)
        self.end_headers()

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Log nothing."""


@contextmanager
def collector() -> Generator[OtlpServer]:
    """Run a collector."""
    with OtlpServer() as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


async def test_spans_reach_the_collector() -> None:
    """With an endpoint, spans are exported, the last ones at shutdown."""
    with collector() as received:
        endpoint = f"http://127.0.0.1:{received.server_port}"
        settings = PracticeSettings.load({"tracing": {"endpoint": endpoint, "sample_ratio": 1}})
        async with connect(
            build(settings.limits, [*practice_components(settings), ORDERS])
        ) as client:
            await client.get("/orders/7")

    assert received.names == ["GET /orders/{order}"]


def test_address_may_hold_no_password() -> None:
    """An endpoint that is not a URL, or that has credentials, is rejected."""
    for endpoint in ("collector:4318", "http://user:hunter2@collector"):
        with pytest.raises(InvalidSettingsError) as refused:
            PracticeSettings.load({"tracing": {"endpoint": endpoint}})

        assert "hunter2" not in str(refused.value)
