"""Long input, piece by piece."""

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TypeVar

Item = TypeVar("Item")


def batched(items: Iterable[Item], size: int) -> Iterator[list[Item]]:
    """Yield the items in lists of a size, the last of which may be shorter.

    No more than one list is held at a time, however long the input is.
    """
    left = iter(items)
    while batch := list(islice(left, size)):
        yield batch
