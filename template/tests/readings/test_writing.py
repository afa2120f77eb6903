"""Batches, sinks and memory."""

import itertools
import logging
import tracemalloc
from collections.abc import Sequence

import pytest

from {{ package_name }}.readings import (
    ArgumentError,
    Reading,
    batched,
    parse_readings,
    write_readings,
)


class ListSink:
    """Keeps up to `capacity` batches, then fails."""

    def __init__(self, capacity: int = 100) -> None:
        self.capacity = capacity
        self.batches: list[Sequence[Reading]] = []

    def write(self, batch: Sequence[Reading]) -> None:
        if len(self.batches) == self.capacity:
            raise OSError("full")
        self.batches.append(batch)


class NullSink:
    """Keeps nothing."""

    def write(self, batch: Sequence[Reading]) -> None: ...


@pytest.mark.parametrize(
    ("items", "size", "expected"),
    [
        pytest.param("", 2, [], id="empty"),
        pytest.param("ab", 2, [("a", "b")], id="one full batch"),
        pytest.param("abc", 2, [("a", "b"), ("c",)], id="short last batch"),
        pytest.param("ab", 9, [("a", "b")], id="size over length"),
    ],
)
def test_batches(items: str, size: int, expected: list[tuple[str, ...]]) -> None:
    """Each batch but the last is full, and none is empty."""
    assert list(batched(items, size)) == expected


def test_batches_are_lazy() -> None:
    """A batch reads only its own items, so that the input may be endless."""
    items = itertools.count()

    assert next(batched(items, 3)) == (0, 1, 2)
    assert next(items) == 3


@pytest.mark.parametrize("size", [0, -1])
def test_invalid_size(size: int) -> None:
    """The call raises the error before anything is read or written."""
    with pytest.raises(ArgumentError, match=r"^size must be at least 1$"):
        batched("ab", size)


def test_units_have_their_own_statistics() -> None:
    """Statistics are by sensor and unit: kelvins and metres have no mean."""
    readings = parse_readings(["roof,m,1", "roof,K,5", "roof,km,3"])

    stats = write_readings(readings, ListSink())

    assert stats["roof", "m"].mean == 1500.5
    assert stats["roof", "K"].count == 1


def test_no_readings() -> None:
    """The sink gets no empty batch."""
    sink = ListSink()

    assert not write_readings([], sink)
    assert sink.batches == []


def test_sink_error(caplog: pytest.LogCaptureFixture) -> None:
    """An error of the sink reaches the caller, and earlier batches stay written."""
    caplog.set_level(logging.DEBUG)
    sink = ListSink(capacity=1)
    readings = parse_readings(["a,m,1", "b,m,2", "c,m,3"])

    with pytest.raises(OSError, match=r"^full$"):
        write_readings(readings, sink, batch_size=2)

    assert [len(batch) for batch in sink.batches] == [2]
    assert [record.getMessage() for record in caplog.records] == ["Wrote a batch of 2 readings"]


def peak_bytes(count: int) -> int:
    """Return the peak of allocated memory while `count` lines are parsed and written."""
    lines = (f"roof,hPa,{number}" for number in range(count))
    tracemalloc.start()
    try:
        stats = write_readings(parse_readings(lines), NullSink(), batch_size=100)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()

    assert stats["roof", "Pa"].count == count
    return peak


def test_bounded_memory() -> None:
    """Ten times the lines need the same memory: one batch of readings."""
    peak_bytes(1000)  # fills the caches

    assert peak_bytes(50_000) < 1.2 * peak_bytes(5000)
