"""Parse sensor readings, convert them to base units and write them in batches.

Memory does not grow with the number of lines.

Examples:
    >>> class ListSink:
    ...     def __init__(self):
    ...         self.batches = []
    ...     def write(self, batch):
    ...         self.batches.append(batch)
    >>> sink = ListSink()
    >>> readings = parse_readings(["roof,hPa,1000", "roof,hPa,1020", "lab,degC,20"])
    >>> stats = write_readings(readings, sink, batch_size=2)
    >>> [len(batch) for batch in sink.batches]
    [2, 1]
    >>> stats["roof", "Pa"].mean
    101000.0
"""

from {{ package_name }}.readings._batches import batched
from {{ package_name }}.readings._errors import (
    ArgumentError,
    ReadingError,
    UnitError,
)
from {{ package_name }}.readings._readings import (
    ParseOptions,
    Reading,
    parse_readings,
)
from {{ package_name }}.readings._stats import Stats, StatsByKey
from {{ package_name }}.readings._units import to_base_unit
from {{ package_name }}.readings._writing import Sink, write_readings

__all__ = [
    "ArgumentError",
    "ParseOptions",
    "Reading",
    "ReadingError",
    "Sink",
    "Stats",
    "StatsByKey",
    "UnitError",
    "batched",
    "parse_readings",
    "to_base_unit",
    "write_readings",
]
