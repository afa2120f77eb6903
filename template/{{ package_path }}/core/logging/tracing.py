"""Trace and span ids in every record of a traced request."""

from contextvars import ContextVar

from opentelemetry import trace
from structlog.contextvars import STRUCTLOG_KEY_PREFIX

from {{ package_name }}.core.component import Component
from {{ package_name }}.core.tracing import TracingSettings
from {{ package_name }}.core.web.context import RequestContext

trace_id: ContextVar[str] = ContextVar(f"{STRUCTLOG_KEY_PREFIX}trace_id")
span_id: ContextVar[str] = ContextVar(f"{STRUCTLOG_KEY_PREFIX}span_id")


def bind_trace_ids(_context: RequestContext) -> None:
    """Bind the ids of the current span to the log."""
    context = trace.get_current_span().get_span_context()
    trace_id.set(trace.format_trace_id(context.trace_id))
    span_id.set(trace.format_span_id(context.span_id))


def component(settings: TracingSettings) -> Component:
    """Add the ids to the log if traces are exported."""
    hook = bind_trace_ids if settings.endpoint else None
    return Component(name="trace_ids", on_request=hook)
