"""Types that callers see; mypy checks them, and reports an ignore that nothing needs."""

from collections.abc import Iterator, Sequence
from typing import assert_type

import pytest

from {{ package_name }}.readings import (
    ArgumentError,
    ParseOptions,
    Reading,
    Stats,
    StatsByKey,
    batched,
    parse_readings,
    to_base_unit,
    write_readings,
)


class ListSink:
    """Keeps every batch."""

    def __init__(self) -> None:
        self.batches: list[Sequence[Reading]] = []

    def write(self, readings: Sequence[Reading]) -> None:
        self.batches.append(readings)


class TextSink:
    """Is not a sink: `write` takes another type."""

    def write(self, batch: str) -> None: ...


def test_generics() -> None:
    """A batch has the type of the items, and statistics have the type of the keys."""
    assert_type(batched("ab", 1), Iterator[tuple[str, ...]])
    assert_type(batched([1], 1), Iterator[tuple[int, ...]])
    assert_type(StatsByKey[int]().get(1), Stats | None)
    assert_type(list(StatsByKey[int]()), list[int])

    StatsByKey[list[int]]()  # type: ignore[type-var]  # a list has no hash
    with pytest.raises(KeyError):
        StatsByKey[int]()["roof"]  # type: ignore[index]  # the keys are int


def test_pipeline() -> None:
    """Any class with the method `write` is a sink, whatever its parameter is called."""
    readings = parse_readings(["roof,m,1"], ParseOptions(delimiter=","))

    assert_type(readings, Iterator[Reading])
    assert_type(write_readings(readings, ListSink()), StatsByKey[tuple[str, str]])
    assert_type(to_base_unit(1, "m"), tuple[float, str])
    write_readings([], TextSink())  # type: ignore[arg-type]  # it takes another type
    write_readings([], object())  # type: ignore[arg-type]  # it has no method `write`


def test_arguments() -> None:
    """Options and values are passed by keyword, and values can't be changed."""
    reading = Reading(sensor="roof", unit="m", value=1)

    with pytest.raises(AttributeError):
        reading.value = 2  # type: ignore[misc]  # it is frozen
    with pytest.raises(TypeError):
        ParseOptions(",")  # type: ignore[call-arg]  # keywords only
    with pytest.raises(ArgumentError):
        write_readings([], ListSink(), batch_size=0)
    with pytest.raises(TypeError):
        write_readings([], ListSink(), 1)  # type: ignore[call-arg]  # keyword only
    with pytest.raises(TypeError):
        batched(1, 1)  # type: ignore[arg-type]  # not iterable
