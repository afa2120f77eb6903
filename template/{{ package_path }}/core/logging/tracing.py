"""The ids of the trace on every line of a request's log."""

from contextvars import ContextVar

from opentelemetry import trace
from structlog.contextvars import STRUCTLOG_KEY_PREFIX

from {{ package_name }}.core.component import Component
from {{ package_name }}.core.web.context import Exchange
from {{ package_name }}.settings import Settings

trace_id: ContextVar[str] = ContextVar(f"{STRUCTLOG_KEY_PREFIX}trace_id")
span_id: ContextVar[str] = ContextVar(f"{STRUCTLOG_KEY_PREFIX}span_id")


def name(_exchange: Exchange) -> None:
    """Tell the log which trace a request belongs to, so that one leads to the other."""
    context = trace.get_current_span().get_span_context()
    trace_id.set(trace.format_trace_id(context.trace_id))
    span_id.set(trace.format_span_id(context.span_id))


def component(settings: Settings) -> Component:
    """Plug the ids in, where there are traces."""
    return Component(name="trace_ids", before=name if settings.tracing.endpoint else None)
