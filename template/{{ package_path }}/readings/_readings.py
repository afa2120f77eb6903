import logging
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from math import isfinite, nan
from reprlib import repr as short_repr

from {{ package_name }}.readings._errors import (
    ArgumentError,
    ReadingError,
    UnitError,
)
from {{ package_name }}.readings._units import to_base_unit

logger = logging.getLogger(__name__)

DELIMITERS = {",", ";", "\t"}
FIELDS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """A measured value.

    Attributes:
        sensor: Name of the sensor, not empty.
        unit: A base unit: `K`, `Pa` or `m`.
        value: A finite number of `unit`.
    """

    sensor: str
    unit: str
    value: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ParseOptions:
    """Options of `parse_readings`.

    Attributes:
        delimiter: A comma, a semicolon or a tab.
        max_invalid_lines: Number of invalid lines to skip before one raises an error.

    Raises:
        ArgumentError: An option is outside its range.
    """

    delimiter: str = ","
    max_invalid_lines: int = 0

    def __post_init__(self) -> None:
        if self.delimiter not in DELIMITERS:
            raise ArgumentError("delimiter must be a comma, a semicolon or a tab")
        if self.max_invalid_lines < 0:
            raise ArgumentError("max_invalid_lines must be at least 0")


def parse_value(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = nan
    if not isfinite(value) or "_" in text:  # float() reads 1_000
        raise ValueError(f"value {short_repr(text)} is not a finite number")
    return value


def parse_reading(line: str, delimiter: str) -> Reading:
    fields = [field.strip() for field in line.split(delimiter)]
    if len(fields) != FIELDS:
        raise ValueError(f"{FIELDS} fields expected, not {len(fields)}")
    sensor, unit, text = fields
    if not sensor:
        raise ValueError("the name of the sensor is empty")
    value, base_unit = to_base_unit(parse_value(text), unit)
    if not isfinite(value):
        raise ValueError(f"value {short_repr(text)} is too large in {base_unit}")
    return Reading(sensor=sensor, unit=base_unit, value=value)


def parse_readings(lines: Iterable[str], options: ParseOptions | None = None) -> Iterator[Reading]:
    """Parse lines of the form `sensor,unit,value`, one at a time.

    White space around a field and blank lines are ignored. Fields are not quoted.

    Args:
        lines: Lines with or without a line ending, such as an open text file.
        options: By default, fields end at commas and no line may be invalid.

    Yields:
        The readings in input order, in base units.

    Raises:
        ReadingError: A line is invalid and `max_invalid_lines` lines were skipped before.

    Examples:
        >>> next(parse_readings(["roof, degC, -273.15"]))
        Reading(sensor='roof', unit='K', value=0.0)
    """
    options = options or ParseOptions()
    invalid_lines = 0
    for line_number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            reading = parse_reading(line, options.delimiter)
        except (UnitError, ValueError) as error:
            invalid_lines += 1
            if invalid_lines > options.max_invalid_lines:
                raise ReadingError(line_number, str(error)) from error
            logger.warning("Skipped line %d: %s", line_number, error)
        else:
            yield reading
