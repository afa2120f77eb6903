"""The log: one structlog pipeline for the records of every library."""

import logging
from collections.abc import Generator
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

FORMAT_ERRORS = (KeyError, TypeError, ValueError)


class Logger:
    """Receives rendered records from structlog, which makes one for each name."""

    def __init__(self, output: Output, name: str = "") -> None:
        self.name = name
        self.debug = self.info = self.warning = self.error = self.critical = output.write


class RecordFormatter(structlog.stdlib.ProcessorFormatter):
    """Formats records of the standard library."""

    def format(self, record: logging.LogRecord) -> str:
        """Return a line; for a record with wrong arguments, that of the error."""
        try:
            return super().format(record)
        except FORMAT_ERRORS as error:
            failed = logging.LogRecord(
                *(record.name, logging.ERROR, record.pathname, record.lineno),
                *("logging.failed", (), (type(error), error, error.__traceback__)),
            )
            vars(failed).update(file=record.pathname, line=record.lineno)
            return super().format(failed)


@contextmanager
def configure_logging(settings: LoggingSettings, output: Output) -> Generator[None]:
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
        RecordFormatter(
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
