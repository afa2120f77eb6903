"""Readings of sensors, and their summary in bounded memory."""

import csv
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from math import inf, isfinite

from {{ package_name }}.core.errors import InvalidInputError
from {{ package_name }}.core.input import line_error, read_lines

HEADER = ["sensor", "value"]
NOT_A_NUMBER = (OverflowError, ValueError)


class Format(StrEnum):
    """The format of a file of readings."""

    CSV = "csv"
    JSONL = "jsonl"


@dataclass(slots=True)
class Summary:
    """The readings of one sensor, in one pass."""

    count: int = 0
    mean: float = 0
    minimum: float = inf
    maximum: float = -inf

    def add(self, value: float) -> None:
        """Count a reading."""
        self.count += 1
        self.mean += value / self.count - self.mean / self.count
        self.minimum = min(self.minimum, value)
        self.maximum = max(self.maximum, value)


def parse_reading(fields: Sequence[object]) -> tuple[str, float]:
    """Return the sensor and the value.

    Raises:
        ValueError: The fields are no reading.
    """
    if len(fields) != len(HEADER):
        raise ValueError(f"A reading has {len(HEADER)} fields, not {len(fields)}.")
    sensor, text = fields
    if not isinstance(sensor, str) or not sensor:
        raise ValueError("The sensor is no text, or empty.")
    try:
        value = float(text) if isinstance(text, str | int | float) else inf
    except NOT_A_NUMBER:
        value = inf
    if not isfinite(value) or isinstance(text, bool):  # JSON has true, which is 1 in Python
        raise ValueError("The value is not a finite number.")
    return sensor, value


def parse_object(line: str) -> tuple[str, float]:
    """Return the sensor and the value of a line of JSON.

    Raises:
        ValueError: The line is no reading.
    """
    try:
        found = json.loads(line)
    except json.JSONDecodeError as error:
        raise ValueError(f"It is not JSON: {error.msg}.") from None
    except RecursionError:
        raise ValueError("The JSON is nested too deeply.") from None
    if isinstance(found, dict):
        return parse_reading([found.get(name) for name in HEADER])
    raise ValueError("A reading is a JSON object.")


def check_header(row: Sequence[str] | None) -> None:
    """Raise for a header that is missing or wrong.

    Raises:
        ValueError: It is.
    """
    if row != HEADER:
        raise ValueError("The header is not `sensor,value`.")


def read_csv(path: str) -> Iterator[tuple[str, float]]:
    """Yield the readings of a CSV file with the header `sensor,value`."""
    rows = csv.reader(read_lines(path), strict=True)
    try:
        check_header(next(rows, None))
        for row in rows:
            if row:
                yield parse_reading(row)
    except (csv.Error, ValueError) as error:
        raise line_error(path, max(rows.line_num, 1), str(error)) from None


def read_json_lines(path: str) -> Iterator[tuple[str, float]]:
    """Yield the readings of a file with a JSON object on each line."""
    for number, line in enumerate(read_lines(path), start=1):
        try:
            yield parse_object(line)
        except ValueError as error:
            raise line_error(path, number, str(error)) from None


def summarize_readings(path: str, form: Format, max_sensors: int) -> dict[str, Summary]:
    """Return the summary of each sensor, in the order of their first readings.

    Raises:
        AppError: The file can't be read, a line is no reading, or there are too many sensors.
    """
    found: dict[str, Summary] = {}
    for sensor, value in (read_csv if form is Format.CSV else read_json_lines)(path):
        if sensor not in found and len(found) == max_sensors:
            raise InvalidInputError(
                f"There are more than {max_sensors} sensors; raise readings.max_sensors."
            )
        found.setdefault(sensor, Summary()).add(value)
    return found
