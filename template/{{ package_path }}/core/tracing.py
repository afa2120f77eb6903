"""Traces of requests by OpenTelemetry, exported to a collector over OTLP."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from importlib.metadata import version

from fastapi.telemetry import TelemetryConfig
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import Span, SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.sampling import ParentBasedTraceIdRatio
from pydantic import Field

from {{ package_name }}.core.component import Component
from {{ package_name }}.core.names import NAME
from {{ package_name }}.core.services import Services
from {{ package_name }}.core.settings import HttpBaseUrl, SettingsGroup

EXPORT_TIMEOUT_SECONDS = 5


class TracingSettings(SettingsGroup):
    """Traces; an empty endpoint switches them off."""

    endpoint: HttpBaseUrl = ""
    sample_ratio: float = Field(default=0.1, ge=0, le=1)


class RedactQuery(SpanProcessor):
    """Redacts the query of a request, which may hold names, tokens and signatures."""

    def on_start(self, span: Span, *_: object, **__: object) -> None:
        """Redact the query in the attributes of a new span."""
        if span.attributes and "url.query" in span.attributes:
            span.set_attribute("url.query", "[redacted]")


def telemetry_config(provider: TracerProvider) -> TelemetryConfig:
    """Return the configuration with which FastAPI traces requests, and nothing else."""
    return TelemetryConfig(
        tracer_provider=provider,
        tracing=True,
        metrics=False,
        logs=False,
        operation_spans=False,
        auto_configure=False,
        exclude=lambda scope: scope.get("path") in scope["app"].management_endpoints,
    )


def build_provider(settings: TracingSettings) -> TracerProvider:
    """Return a provider that samples a share of the requests, and those that the caller traces."""
    provider = TracerProvider(
        sampler=ParentBasedTraceIdRatio(settings.sample_ratio),
        resource=Resource.create({"service.name": NAME, "service.version": version(NAME)}),
        shutdown_on_exit=False,
    )
    provider.add_span_processor(RedactQuery())
    return provider


def component(settings: TracingSettings) -> Component:
    """Trace requests if the settings name an endpoint."""
    endpoint = settings.endpoint
    if not endpoint:
        return Component(name="tracing")
    provider = build_provider(settings)

    @asynccontextmanager
    async def start(services: Services) -> AsyncGenerator[None]:
        exporter = OTLPSpanExporter(
            f"{endpoint.rstrip('/')}/v1/traces", timeout=EXPORT_TIMEOUT_SECONDS
        )
        provider.add_span_processor(BatchSpanProcessor(exporter))
        try:
            services.add(TracerProvider, provider)
            yield
        finally:
            # It exports the remaining spans, in a thread because it waits for the collector.
            await asyncio.to_thread(provider.shutdown)

    return Component(name="tracing", start=start, telemetry=telemetry_config(provider))
