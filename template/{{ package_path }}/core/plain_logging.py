"""The log of a command, on standard error, by the standard library."""

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

from {{ package_name }}.core.escaping import escape_controls
from {{ package_name }}.core.settings import SettingsGroup


class LoggingSettings(SettingsGroup):
    """The log."""

    level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"


class StandardErrorHandler(logging.Handler):
    """Writes to standard error at the time of each record: a progress bar replaces it."""

    def emit(self, record: logging.LogRecord) -> None:
        lines = self.format(record).split("\n")
        sys.stderr.write("\n".join([*map(escape_controls, lines), ""]))


@contextmanager
def log_to_stderr(settings: LoggingSettings, level: str | None) -> Iterator[None]:
    """Configure logging, and restore the set-up at the end.

    Args:
        settings: The settings of the log.
        level: A level that wins over that of the settings.
    """
    handler = StandardErrorHandler()
    handler.setFormatter(logging.Formatter("%(levelname)s %(name)s: %(message)s"))
    root = logging.getLogger()
    before = root.level
    root.addHandler(handler)
    root.setLevel(level or settings.level)
    try:
        yield
    finally:
        root.removeHandler(handler)
        root.setLevel(before)
