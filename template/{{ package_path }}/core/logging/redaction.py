"""Redaction: secrets never reach the log."""

import re
from collections.abc import Mapping
from functools import lru_cache

from structlog.typing import EventDict, WrappedLogger

SECRET = re.compile(r"passw|secret|token|authorization|cookie|api_?key|credential", re.IGNORECASE)
CREDENTIALS = re.compile(r"(?<=://)[^\s/@]+@")
SCALARS = frozenset({bool, float, int, type(None)})


@lru_cache(maxsize=1024)
def is_secret(key: str) -> bool:
    """Return whether the value of a key must not be logged."""
    return SECRET.search(key) is not None


def redact_value(key: str, value: object) -> object:
    """Return a value without secrets: by its key, by nested keys, and passwords in URLs."""
    if is_secret(key):
        return "[redacted]"
    if isinstance(value, str):
        return CREDENTIALS.sub("[redacted]@", value) if "://" in value else value
    if isinstance(value, Mapping):
        return {str(name): redact_value(str(name), item) for name, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [redact_value(key, item) for item in value]
    return value


def redact(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Redact secrets, as a processor of structlog."""
    for key, value in event.items():
        kind = type(value)
        is_safe = kind in SCALARS or (kind is str and "://" not in value)
        if not is_safe or is_secret(key):
            event[key] = redact_value(key, value)
    return event
