"""Batches: nothing is lost, and little is held."""

import tracemalloc

import pytest

from {{ package_name }}.utils.batching import batched


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
def test_batches_hold_all(items: list[int], expected: list[list[int]]) -> None:
    """The batches are full, but for the last, and hold the items in order."""
    assert list(batched(items, 2)) == expected


def peak(lines: int) -> int:
    """Return the bytes that going through so many lines takes."""
    tracemalloc.start()
    for batch in batched((f"line {number}" for number in range(lines)), 100):
        assert batch
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return most


def test_input_may_be_long() -> None:
    """Ten times the input takes no more memory."""
    assert peak(10_000) < peak(1_000) * 1.5
