"""The trace of a request goes on in the services that it calls."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from fastapi import FastAPI
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from {{ package_name }}.core.component import Component
from {{ package_name }}.core.http_client import HttpClient
from {{ package_name }}.settings import Settings


def headers() -> Mapping[str, str]:
    """Return the trace that is going on, if any is; no baggage, which may be anything."""
    found: dict[str, str] = {}
    TraceContextTextMapPropagator().inject(found)
    return found


def component(_settings: Settings) -> Component:
    """Plug the trace in; it comes after the HTTP client."""

    @asynccontextmanager
    async def start(app: FastAPI) -> AsyncIterator[Mapping[str, object]]:
        http: HttpClient = app.state.started["http"]
        http.headers.append(headers)
        yield {}

    return Component(name="outgoing_trace", start=start)
