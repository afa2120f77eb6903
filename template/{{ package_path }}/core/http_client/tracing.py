"""Propagation of the trace context to upstream services."""

from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager

from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from {{ package_name }}.core.component import Component
from {{ package_name }}.core.http_client import HttpClient
from {{ package_name }}.core.services import Services


def headers() -> Mapping[str, str]:
    """Return the headers of the current trace, without baggage, which may hold anything."""
    found: dict[str, str] = {}
    TraceContextTextMapPropagator().inject(found)
    return found


def component() -> Component:
    """Add the headers to every call; it starts after the HTTP client."""

    @asynccontextmanager
    async def start(services: Services) -> AsyncGenerator[None]:
        services.get(HttpClient).header_providers.append(headers)
        yield

    return Component(name="trace_propagation", start=start)
