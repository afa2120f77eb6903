"""Traces of requests by OpenTelemetry, sent to a collector if there is one."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from importlib.metadata import version

from fastapi import FastAPI
from fastapi.telemetry import TelemetryConfig
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import Span, SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.sampling import ParentBasedTraceIdRatio

from {{ package_name }}.core.component import Component
from {{ package_name }}.settings import Settings

NAME = "{{ distribution_name }}"
EXPORT_SECONDS = 5


class Redact(SpanProcessor):
    """Keeps out of spans what a query may hold: names, tokens, signatures."""

    def on_start(self, span: Span, *_: object, **__: object) -> None:
        """Hide the query of a request that starts."""
        if span.attributes and "url.query" in span.attributes:
            span.set_attribute("url.query", "[redacted]")


def traced(provider: TracerProvider) -> TelemetryConfig:
    """Return what FastAPI needs to trace requests, and nothing else."""
    return TelemetryConfig(
        tracer_provider=provider,
        tracing=True,
        metrics=False,
        logs=False,
        operation_spans=False,
        auto_configure=False,
        exclude=lambda scope: scope.get("path") in scope["app"].state.operations,
    )


def provider_for(settings: Settings) -> TracerProvider:
    """Return a source of spans: a share of the requests, and those that are traced already."""
    provider = TracerProvider(
        sampler=ParentBasedTraceIdRatio(settings.tracing.sample_ratio),
        resource=Resource.create({"service.name": NAME, "service.version": version(NAME)}),
        shutdown_on_exit=False,
    )
    provider.add_span_processor(Redact())
    return provider


def component(settings: Settings) -> Component:
    """Plug the traces in; without an endpoint they are off, and cost nothing."""
    endpoint = settings.tracing.endpoint
    if not endpoint:
        return Component(name="tracing")
    provider = provider_for(settings)

    @asynccontextmanager
    async def start(_app: FastAPI) -> AsyncIterator[Mapping[str, object]]:
        exporter = OTLPSpanExporter(f"{endpoint.rstrip('/')}/v1/traces", timeout=EXPORT_SECONDS)
        provider.add_span_processor(BatchSpanProcessor(exporter))
        try:
            yield {"tracer_provider": provider}
        finally:
            # What is left is sent, in a thread as that may take the collector's time.
            await asyncio.to_thread(provider.shutdown)

    return Component(name="tracing", start=start, telemetry=traced(provider))
