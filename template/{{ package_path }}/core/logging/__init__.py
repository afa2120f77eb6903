"""The log: one structlog pipeline for the records of every library."""

import logging
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from functools import partial

import structlog
from structlog.typing import Processor

from {{ package_name }}.core.component import Component
from {{ package_name }}.core.logging.access_log import AccessLog
from {{ package_name }}.core.logging.redaction import redact
from {{ package_name }}.core.logging.rendering import (
    LoggingSettings,
    Output,
    add_time,
    drop_duplicate_fields,
    renderers,
)
from {{ package_name }}.core.services import Services

__all__ = ["LoggingSettings", "component", "configure_logging"]


class Logger:
    """Receives rendered records from structlog, which makes one for each name."""

    def __init__(self, output: Output, name: str = "") -> None:
        self.name = name
        self.debug = self.info = self.warning = self.error = self.critical = output.write


@contextmanager
def configure_logging(settings: LoggingSettings, output: Output) -> Iterator[None]:
    """Send every record of the process to the output, and restore the set-up at the end."""
    first: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        add_time,
    ]
    last: list[Processor] = [
        # Tracebacks without local variables, which may hold passwords.
        structlog.processors.format_exc_info,
        redact,
        *renderers(settings, output.stream),
    ]
    structlog.configure(
        processors=[*first, *last],
        logger_factory=partial(Logger, output),
        wrapper_class=structlog.make_filtering_bound_logger(settings.level),
    )
    handler = logging.StreamHandler(output)
    handler.terminator = ""
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*first, structlog.stdlib.ExtraAdder(), drop_duplicate_fields],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *last],
        )
    )
    root, uvicorn_access = logging.getLogger(), logging.getLogger("uvicorn.access")
    before = root.level, uvicorn_access.disabled
    root.addHandler(handler)
    root.setLevel(settings.level)
    uvicorn_access.disabled = True  # AccessLog replaces it
    try:
        yield
    finally:
        output.flush()
        root.removeHandler(handler)
        level, uvicorn_access.disabled = before
        root.setLevel(level)
        structlog.reset_defaults()


def component(settings: LoggingSettings) -> Component:
    """Configure logging while the application runs, and log every request."""
    output = Output(sys.stdout.buffer)
    access_log = AccessLog(settings, output)

    @asynccontextmanager
    async def start(_services: Services) -> AsyncIterator[None]:
        with configure_logging(settings, output):
            yield

    has_info = settings.level in {"DEBUG", "INFO"}
    write = access_log.write if has_info else None
    return Component(name="logging", start=start, on_response=write)
