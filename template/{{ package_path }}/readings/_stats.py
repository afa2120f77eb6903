from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass
from math import isfinite
from typing import TypeVar

from {{ package_name }}.readings._errors import ArgumentError

KeyT = TypeVar("KeyT", bound=Hashable)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stats:
    """Statistics of one or more finite values, in the unit of the values."""

    count: int
    minimum: float
    maximum: float
    mean: float


class StatsByKey(Mapping[KeyT, Stats]):
    """Running statistics by key; memory grows with the keys, not with the values.

    Examples:
        >>> stats = StatsByKey[str]()
        >>> stats.add("roof", 1)
        >>> stats.add("roof", 4)
        >>> stats["roof"]
        Stats(count=2, minimum=1.0, maximum=4.0, mean=2.5)
    """

    def __init__(self) -> None:
        self._stats: dict[KeyT, Stats] = {}

    def __getitem__(self, key: KeyT) -> Stats:
        return self._stats[key]

    def __iter__(self) -> Iterator[KeyT]:
        return iter(self._stats)

    def __len__(self) -> int:
        return len(self._stats)

    def add(self, key: KeyT, value: float) -> None:
        """Include a value in the statistics of a key.

        Raises:
            ArgumentError: The value is NaN or infinite.
        """
        if not isfinite(value):
            raise ArgumentError("value must be finite")
        value = float(value)
        old = self._stats.get(key)
        if old is None:
            self._stats[key] = Stats(count=1, minimum=value, maximum=value, mean=value)
            return
        count = old.count + 1
        self._stats[key] = Stats(
            count=count,
            minimum=min(old.minimum, value),
            maximum=max(old.maximum, value),
            mean=old.mean + (value / count - old.mean / count),  # (value - mean) can overflow
        )
