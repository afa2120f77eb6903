"""Old values instead of none, where the caller says how old they may be."""

import logging
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from {{ package_name }}.core.errors import UnavailableError

logger = logging.getLogger(__name__)

Value = TypeVar("Value")


class LastGood:
    """Keeps the last good value of each key, all of one type, and the newest ones only.

    Args:
        name: What the log calls it; keys are not logged.
        most: How many values are kept.
        clock: Tells the time in seconds, and never goes back.
    """

    def __init__(
        self, name: str, *, most: int = 1000, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.name = name
        self.most = most
        self.clock = clock
        self.kept: OrderedDict[str, tuple[float, Any]] = OrderedDict()

    async def get(
        self, key: str, load: Callable[[], Awaitable[Value]], *, most_seconds: float
    ) -> Value:
        """Load a value; if it is not to be had, return the last one unless it is too old.

        Raises:
            UnavailableError: There is neither.
        """
        value: Value
        try:
            value = await load()
        except UnavailableError:
            if key not in self.kept:
                raise
            since, value = self.kept[key]
            age = self.clock() - since
            if age > most_seconds:
                raise
            extra = {"values": self.name, "age_seconds": round(age, 3)}
            logger.warning("stale.served", extra=extra)
            return value
        self.kept[key] = (self.clock(), value)
        self.kept.move_to_end(key)
        if len(self.kept) > self.most:
            self.kept.popitem(last=False)
        return value
