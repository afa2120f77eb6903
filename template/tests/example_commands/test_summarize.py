"""The command `summarize`: its results, its errors and its memory."""

import tracemalloc
from pathlib import Path

import pytest

from {{ package_name }}.cli import create_program
from {{ package_name }}.core.names import NAME, PREFIX
from {{ package_name }}.example_commands.readings import (
    Format,
    summarize_readings,
)

from support.command import Run, finish, start
from support.reference import help_by_command

HELP = """\
  Summarize a file of readings.

  A CSV file has the header `sensor,value`; a file of JSON lines has an object
  with both keys on each line. Memory use does not grow with the number of
  readings.

Arguments:
  file <str>  The file; - is standard input.  [required]

Options:
  --format <csv|jsonl>  The format.  [default: csv]
  --help                Show this message and exit."""


def test_help() -> None:
    """The help, as a terminal of 80 columns shows it."""
    usage, _, text = help_by_command(create_program())[f"{NAME} summarize"].partition("\n\n")

    assert usage.split() == ["Usage:", NAME, "summarize", "[OPTIONS]", "{file}"]
    assert text == HELP


def write(text: str, name: str = "readings.csv") -> str:
    """Write a file, and return its path."""
    Path(name).write_text(text, encoding="utf-8")
    return name


CSV = "sensor,value\nroof,1\n\n[b],2.5\nroof,3\n"
JSON_LINES = """\
{"sensor": "roof", "value": 1}
{"sensor": "[b]", "value": "2.5", "x": 0}
{"sensor": "roof", "value": 3}
"""
ROWS = [
    {"sensor": "roof", "count": 2, "mean": 2.0, "minimum": 1.0, "maximum": 3.0},
    {"sensor": "[b]", "count": 1, "mean": 2.5, "minimum": 2.5, "maximum": 2.5},
]


@pytest.mark.parametrize(("form", "text"), [("csv", CSV), ("jsonl", JSON_LINES)])
def test_summary_is_json(run: Run, form: str, text: str) -> None:
    """Each sensor has a row, in the order of the file."""
    assert run("--json", "summarize", "--format", form, write(text)).data == ROWS


def test_summary_is_a_table(run: Run) -> None:
    """A person reads a table."""
    assert [line.split() for line in run("summarize", write(CSV)).out.splitlines()] == [
        ["SENSOR", "COUNT", "MEAN", "MIN", "MAX"],
        ["roof", "2", "2.0", "1.0", "3.0"],
        ["[b]", "1", "2.5", "2.5", "2.5"],
    ]


def test_standard_input_is_summarized() -> None:
    """`-` is standard input."""
    assert finish(start("--json", "summarize", "-"), CSV.encode()).data == ROWS


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "line 1: The header is not `sensor,value`."),
        ("roof,1\n", "line 1: The header is not `sensor,value`."),
        ("sensor,value\n\nroof\n", "line 3: A reading has 2 fields, not 1."),
        ("sensor,value\n,1\n", "line 2: The sensor is no text, or empty."),
        ("sensor,value\nroof,nan\n", "line 2: The value is not a finite number."),
        ("sensor,value\nroof,x\n", "line 2: The value is not a finite number."),
        ('sensor,value\n"roof"x,1\n', "line 2: ',' expected after '\"'"),
    ],
    ids=str,
)
def test_bad_line_is_named(run: Run, text: str, message: str) -> None:
    """A line that is no reading is an error that names it."""
    result = run("summarize", write(text))

    assert (result.status, result.out) == (1, "")
    assert result.err == f"Error: readings.csv, {message}\n"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "It is not JSON: Expecting property name enclosed in double quotes."),
        ("[" * 100_000, "The JSON is nested too deeply."),
        ("[]", "A reading is a JSON object."),
        ('{"sensor": 1, "value": 1}', "The sensor is no text, or empty."),
        ('{"sensor": "a"}', "The value is not a finite number."),
        ('{"sensor": "a", "value": true}', "The value is not a finite number."),
        ('{"sensor": "a", "value": 1' + "0" * 400 + "}", "The value is not a finite number."),
    ],
    ids=range(7),
)
def test_bad_json_is_named(run: Run, text: str, message: str) -> None:
    """So is a line of JSON."""
    result = run("summarize", "--format", "jsonl", write(text))

    assert (result.status, result.err) == (1, f"Error: readings.csv, line 1: {message}\n")


def test_sensors_are_limited(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Memory grows with the sensors, so their number has a limit."""
    monkeypatch.setenv(f"{PREFIX}READINGS__MAX_SENSORS", "1")

    result = run("summarize", write(CSV))
    assert result.status == 1
    assert result.err == "Error: There are more than 1 sensors; raise readings.max_sensors.\n"


def peak_bytes(lines: int) -> int:
    """Return the peak memory of summarizing a number of readings."""
    with Path("large.csv").open("w", encoding="utf-8") as file:
        file.write("sensor,value\n")
        file.writelines(f"sensor {number % 10},{number}\n" for number in range(lines))
    tracemalloc.start()
    found = summarize_readings("large.csv", Format.CSV, max_sensors=10)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert sum(summary.count for summary in found.values()) == lines
    return peak


@pytest.mark.no_cover  # measured, it takes twice as long and covers no line of its own
def test_memory_does_not_grow_with_the_file() -> None:
    """The file grows by a megabyte, and the memory by less than a tenth of that."""
    assert peak_bytes(100_000) - peak_bytes(10_000) < 100_000
