"""The log of a command, on standard error."""

import sys
from contextlib import AbstractContextManager

from {{ package_name }}.core.logging import configure_logging
from {{ package_name }}.core.logging.rendering import LoggingSettings, Output


class StandardError:
    """Standard error at the time of each write: a progress bar replaces it while it is shown."""

    def write(self, data: bytes) -> int:
        return sys.stderr.write(data.decode())

    def flush(self) -> None:
        sys.stderr.flush()

    def isatty(self) -> bool:
        return sys.stderr.isatty()


def log_to_stderr(settings: LoggingSettings, level: str | None) -> AbstractContextManager[None]:
    """Configure logging.

    Args:
        settings: The settings of the log.
        level: A level that wins over that of the settings.
    """
    update = {} if level is None else {"level": level}
    return configure_logging(settings.model_copy(update=update), Output(StandardError()))
