"""The log of a command, on standard error, by the standard library."""

import logging
import sys
from collections.abc import Generator
from contextlib import contextmanager
from typing import Literal

from {{ package_name }}.core.escaping import escape_controls
from {{ package_name }}.core.settings import SettingsGroup


class LoggingSettings(SettingsGroup):
    """The log."""

    level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"


class StandardError:
    """Standard error at the time of each write: a progress bar replaces it while it is shown."""

    def write(self, text: str) -> int:
        return sys.stderr.write(text)

    def flush(self) -> None:
        sys.stderr.flush()


class LineFormatter(logging.Formatter):
    """Formats a record without control characters; a traceback keeps its lines."""

    def format(self, record: logging.LogRecord) -> str:
        return "\n".join(map(escape_controls, super().format(record).split("\n")))


@contextmanager
def log_to_stderr(settings: LoggingSettings, level: str | None) -> Generator[None]:
    """Configure logging, and restore the set-up at the end.

    Args:
        settings: The settings of the log.
        level: A level that wins over that of the settings.
    """
    # It shows a wrong log call, and ignores that standard error is closed or full.
    handler = logging.StreamHandler(StandardError())
    handler.setFormatter(LineFormatter("%(levelname)s %(name)s: %(message)s"))
    root = logging.getLogger()
    before = root.level
    root.addHandler(handler)
    root.setLevel(level or settings.level)
    try:
        yield
    finally:
        root.removeHandler(handler)
        root.setLevel(before)
