"""Units and lines of input."""

import copy
import logging
import math

import pytest

from {{ package_name }} import Error
from {{ package_name }}.readings import (
    ArgumentError,
    ParseOptions,
    Reading,
    ReadingError,
    UnitError,
    parse_readings,
    to_base_unit,
)


@pytest.mark.parametrize(
    ("value", "unit", "expected"),
    [
        pytest.param(300, "K", (300.0, "K"), id="base unit"),
        pytest.param(-273.15, "degC", (0.0, "K"), id="absolute zero"),
        pytest.param(5, "mm", (0.005, "m"), id="prefix that is also a unit"),
        pytest.param(2, "MPa", (2e6, "Pa"), id="upper-case prefix"),
        pytest.param(1e308, "km", (math.inf, "m"), id="overflow"),
    ],
)
def test_conversion(value: float, unit: str, expected: tuple[float, str]) -> None:
    """A value is converted to the base unit of its quantity."""
    assert to_base_unit(value, unit) == expected


@pytest.mark.parametrize("unit", ["", "k", "kdegC", "kkm", "PA", "μm"])
def test_unknown_unit(unit: str) -> None:
    """Only one known prefix before a base unit is a unit."""
    with pytest.raises(UnitError, match=rf"^unit '{unit}' is unknown$"):
        to_base_unit(1, unit)


def test_negative_zero() -> None:
    """Negative zero becomes zero, so that equal readings print alike."""
    (reading,) = parse_readings(["roof,km,-0.0"])

    assert str(reading.value) == "0.0"


@pytest.mark.parametrize(
    ("lines", "options", "values"),
    [
        pytest.param([], ParseOptions(), [], id="empty"),
        pytest.param(["\n", " \t\n"], ParseOptions(), [], id="blank lines only"),
        pytest.param(["a, m ,1\r\n", "b,m,2e1"], ParseOptions(), [1.0, 20.0], id="white space"),
        pytest.param(["a;m;1"], ParseOptions(delimiter=";"), [1.0], id="semicolon"),
        pytest.param(["a\tm\t1"], ParseOptions(delimiter="\t"), [1.0], id="tab"),
    ],
)
def test_valid_lines(lines: list[str], options: ParseOptions, values: list[float]) -> None:
    """White space, blank lines and the three delimiters are read."""
    assert [reading.value for reading in parse_readings(lines, options)] == values


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        pytest.param("roof,m", "3 fields expected, not 2", id="missing field"),
        pytest.param("roof,m,1,2", "3 fields expected, not 4", id="decimal comma"),
        pytest.param(" ,m,1", "the name of the sensor is empty", id="no sensor"),
        pytest.param("roof,ft,1", "unit 'ft' is unknown", id="unit"),
        pytest.param("roof,m,", "value '' is not a finite number", id="no value"),
        pytest.param("roof,m,nan", "value 'nan' is not a finite number", id="NaN"),
        pytest.param("roof,m,-Infinity", "value '-Infinity' is not a finite number", id="infinity"),
        pytest.param("roof,m,1_0", "value '1_0' is not a finite number", id="underscore"),
        pytest.param("roof,km,1e308", "value '1e308' is too large in m", id="overflow"),
        pytest.param(
            "roof,m," + "x" * 99,
            "value 'xxxxxxxxxxxx...xxxxxxxxxxxxx' is not a finite number",
            id="long value",
        ),
    ],
)
def test_invalid_line(line: str, reason: str) -> None:
    """The error names the line and the reason, and survives a copy between processes."""
    readings = parse_readings(["", "roof,m,1", line])

    assert next(readings) == Reading(sensor="roof", unit="m", value=1.0)
    with pytest.raises(ReadingError) as caught:
        next(readings)
    assert isinstance(caught.value, Error)
    assert caught.value.line_number == 3
    assert str(copy.copy(caught.value)) == f"line 3: {reason}"


def test_skipped_lines(caplog: pytest.LogCaptureFixture) -> None:
    """Up to `max_invalid_lines` lines are logged and skipped; the next one raises an error."""
    readings = parse_readings(["?", "a,m,1", "??", "b,m,2"], ParseOptions(max_invalid_lines=1))

    assert next(readings).sensor == "a"
    with pytest.raises(ReadingError, match=r"^line 3: "):
        next(readings)
    assert caplog.record_tuples == [
        (
            parse_readings.__module__,
            logging.WARNING,
            "Skipped line 1: 3 fields expected, not 1",
        )
    ]


@pytest.mark.parametrize("delimiter", ["", ",,", ".", "\n"])
def test_invalid_delimiter(delimiter: str) -> None:
    """A delimiter is a comma, a semicolon or a tab."""
    with pytest.raises(ArgumentError, match=r"^delimiter must be "):
        ParseOptions(delimiter=delimiter)


def test_negative_max_invalid_lines() -> None:
    """`max_invalid_lines` is at least 0."""
    with pytest.raises(ArgumentError, match=r"^max_invalid_lines must be at least 0$"):
        ParseOptions(max_invalid_lines=-1)
