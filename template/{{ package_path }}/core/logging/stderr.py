"""The log of a command, on standard error."""

import logging
import sys
import threading
from collections.abc import Generator
from contextlib import contextmanager

from {{ package_name }}.core.logging import configure_logging
from {{ package_name }}.core.logging.rendering import LoggingSettings, Output

logger = logging.getLogger(__name__)


class StandardError:
    """Standard error at the time of each write: a progress bar replaces it while it is shown."""

    def write(self, data: bytes) -> int:
        return sys.stderr.write(data.decode())

    def flush(self) -> None:
        sys.stderr.flush()

    def isatty(self) -> bool:
        return sys.stderr.isatty()


def log_thread_error(error: threading.ExceptHookArgs) -> None:
    """Log what ended a thread; Python ignores SystemExit there."""
    if error.exc_type is not SystemExit:
        logger.error("thread.failed", exc_info=error.exc_value)


@contextmanager
def log_to_stderr(settings: LoggingSettings, level: str | None) -> Generator[None]:
    """Configure logging, also for warnings and threads, and restore the set-up at the end.

    Args:
        settings: The settings of the log.
        level: A level that wins over that of the settings.
    """
    update = {} if level is None else {"level": level}
    before = threading.excepthook
    with configure_logging(settings.model_copy(update=update), Output(StandardError())):
        threading.excepthook = log_thread_error
        logging.captureWarnings(capture=True)
        try:
            yield
        finally:
            logging.captureWarnings(capture=False)
            threading.excepthook = before
