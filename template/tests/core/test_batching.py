"""Batches: they have all items, and only one is in memory."""

import tracemalloc

import pytest

from {{ package_name }}.core.batching import batched


@pytest.mark.parametrize(
    ("items", "expected"),
    [
        ([], []),
        ([1], [[1]]),
        ([1, 2], [[1, 2]]),
        ([1, 2, 3], [[1, 2], [3]]),
    ],
    ids=len,
)
def test_batches_have_all_items(items: list[int], expected: list[list[int]]) -> None:
    """The items stay in order, and every batch but the last is full."""
    assert list(batched(items, 2)) == expected


def peak_bytes(lines: int) -> int:
    """Return the peak memory of batching a number of lines."""
    tracemalloc.start()
    for batch in batched((f"line {number}" for number in range(lines)), 100):
        assert batch
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return peak


def test_memory_does_not_grow_with_the_input() -> None:
    """Ten times the input takes less than 1.5 times the memory."""
    assert peak_bytes(10_000) < peak_bytes(1_000) * 1.5
