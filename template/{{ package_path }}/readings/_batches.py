from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TypeVar

from {{ package_name }}.readings._errors import ArgumentError

T = TypeVar("T")


def batched(items: Iterable[T], size: int) -> Iterator[tuple[T, ...]]:
    """Split items into batches, one at a time.

    Args:
        items: Any number of items; read only as far as batches are taken.
        size: Items in a batch, at least 1; the last batch may be shorter.

    Returns:
        The batches in order, none of them empty.

    Raises:
        ArgumentError: `size` is less than 1; raised by the call, not by the first batch.

    Examples:
        >>> list(batched("abc", 2))
        [('a', 'b'), ('c',)]
    """
    if size < 1:
        raise ArgumentError("size must be at least 1")
    iterator = iter(items)
    return iter(lambda: tuple(islice(iterator, size)), ())
