"""The log: one structlog pipeline for the records of every library."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

import structlog
from structlog.typing import Processor

from {{ package_name }}.core.logging.redaction import redact
from {{ package_name }}.core.logging.rendering import (
    LoggingSettings,
    Output,
    add_time,
    drop_duplicate_fields,
    renderers,
)

__all__ = ["LoggingSettings", "configure_logging"]


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
    root = logging.getLogger()
    before = root.level
    root.addHandler(handler)
    root.setLevel(settings.level)
    try:
        yield
    finally:
        output.flush()
        root.removeHandler(handler)
        root.setLevel(before)
        structlog.reset_defaults()
