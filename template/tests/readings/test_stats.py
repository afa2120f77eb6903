"""Statistics by key."""

import sys

import pytest

from {{ package_name }}.readings import ArgumentError, Stats, StatsByKey


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        pytest.param([2.0], Stats(count=1, minimum=2.0, maximum=2.0, mean=2.0), id="one"),
        pytest.param([3, 1, 2], Stats(count=3, minimum=1.0, maximum=3.0, mean=2.0), id="three"),
        pytest.param([0.1] * 9, Stats(count=9, minimum=0.1, maximum=0.1, mean=0.1), id="equal"),
        pytest.param(
            [sys.float_info.max, -sys.float_info.max],
            Stats(
                count=2,
                minimum=-sys.float_info.max,
                maximum=sys.float_info.max,
                mean=0.0,
            ),
            id="largest",
        ),
    ],
)
def test_stats(values: list[float], expected: Stats) -> None:
    """The mean of equal values is exact, and no finite value overflows."""
    stats = StatsByKey[str]()

    for value in values:
        stats.add("roof", value)

    assert dict(stats) == {"roof": expected}


def test_keys() -> None:
    """Keys are kept in the order of their first value."""
    stats = StatsByKey[str]()

    assert not stats
    for key in ["b", "a", "b"]:
        stats.add(key, 1.0)

    assert list(stats) == ["b", "a"]
    assert len(stats) == 2
    assert "c" not in stats


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")], ids=str)
def test_value_that_is_not_finite(value: float) -> None:
    """A rejected value changes nothing."""
    stats = StatsByKey[str]()

    with pytest.raises(ArgumentError, match=r"^value must be finite$"):
        stats.add("roof", value)

    assert not stats
