"""Stale values while a source is unavailable (stale-if-error, RFC 5861)."""

import logging
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from {{ package_name }}.core.errors import UnavailableError

logger = logging.getLogger(__name__)

Value = TypeVar("Value")


class StaleIfError:
    """Keeps the last value of each key, and returns it while the source is unavailable.

    Args:
        name: Its name in the log; keys are not logged.
        maxsize: Maximum number of values.
        clock: A monotonic clock in seconds.
    """

    def __init__(
        self, name: str, *, maxsize: int = 1000, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.name = name
        self.maxsize = maxsize
        self.clock = clock
        self.kept: OrderedDict[str, tuple[float, Any]] = OrderedDict()

    async def get(self, key: str, load: Callable[[], Awaitable[Value]], *, max_age: float) -> Value:
        """Load a value; if the source is unavailable, return one up to `max_age` seconds old.

        Raises:
            UnavailableError: There is no such value either.
        """
        value: Value
        try:
            value = await load()
        except UnavailableError:
            if key not in self.kept:
                raise
            stored_at, value = self.kept[key]
            age = self.clock() - stored_at
            if age > max_age:
                raise
            extra = {"values": self.name, "age_seconds": round(age, 3)}
            logger.warning("stale.served", extra=extra)
            return value
        self.kept[key] = (self.clock(), value)
        self.kept.move_to_end(key)
        if len(self.kept) > self.maxsize:
            self.kept.popitem(last=False)
        return value
