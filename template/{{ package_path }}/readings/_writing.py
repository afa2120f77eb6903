import logging
from collections.abc import Iterable, Sequence
from typing import Protocol

from {{ package_name }}.readings._batches import batched
from {{ package_name }}.readings._readings import Reading
from {{ package_name }}.readings._stats import StatsByKey

logger = logging.getLogger(__name__)


class Sink(Protocol):
    """Where readings go, such as a table or a file; callers implement it."""

    def write(self, batch: Sequence[Reading], /) -> None:
        """Write all readings of a batch, or raise an error."""


def write_readings(
    readings: Iterable[Reading], sink: Sink, *, batch_size: int = 1000
) -> StatsByKey[tuple[str, str]]:
    """Write readings to a sink in batches.

    Args:
        readings: Any number of readings; at most one batch of them is in memory.
        sink: An error of the sink ends the call; earlier batches stay written.
        batch_size: Readings in a batch, at least 1; the last batch may be shorter.

    Returns:
        The statistics by sensor and base unit.

    Raises:
        ArgumentError: `batch_size` is less than 1.

    Examples:
        >>> class PrintSink:
        ...     def write(self, batch):
        ...         print(len(batch))
        >>> reading = Reading(sensor="roof", unit="m", value=2.0)
        >>> stats = write_readings([reading] * 3, PrintSink(), batch_size=2)
        2
        1
        >>> stats["roof", "m"].count
        3
    """
    stats = StatsByKey[tuple[str, str]]()
    for batch in batched(readings, batch_size):
        sink.write(batch)
        logger.debug("Wrote a batch of %d readings", len(batch))
        for reading in batch:
            stats.add((reading.sensor, reading.unit), reading.value)
    return stats
