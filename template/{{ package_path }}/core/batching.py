"""Batches of a long input."""

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TypeVar

Item = TypeVar("Item")


def batched(items: Iterable[Item], size: int) -> Iterator[list[Item]]:
    """Yield lists of `size` items; the last one may be shorter. Only one list is in memory."""
    iterator = iter(items)
    while batch := list(islice(iterator, size)):
        yield batch
