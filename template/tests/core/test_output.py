"""Output: data on standard output, progress elsewhere, and nothing that a terminal obeys."""

import json
from datetime import UTC, date, datetime, time
from decimal import Decimal
from enum import Enum
from pathlib import PurePosixPath
from uuid import UUID

import pytest

from {{ package_name }}.core.output import CommandOutput

from support.command import COLOUR, Run, finish, in_terminal, start
from support.commands import PROGRAM

COMMANDS = "support.commands"
ODD = "a[b] \x1b[31m é \udcff"


def test_table_is_text(run: Run) -> None:
    """Brackets are no markup, and control characters are escaped."""
    result = run("table", "a[b]", "[/x]\x1b[31m", program=PROGRAM)

    lines = [line.rstrip() for line in result.out.splitlines()]
    assert lines == ["[NAME]", "a[b]", r"[/x]\x1b[31m"]


def test_table_is_one_json_document(run: Run) -> None:
    """`--json` writes the values as they are, in ASCII."""
    result = run("--json", "table", ODD, program=PROGRAM)

    assert result.data == [{"name": ODD}]
    assert result.out.isascii()


def test_json_has_no_nan() -> None:
    """NaN is not JSON, so it is refused instead of written."""
    output = CommandOutput(is_json=True, is_quiet=True)

    with pytest.raises(ValueError, match="not JSON compliant"):
        output.write_line({"value": float("nan")}, "")


class Colour(Enum):
    """An enumeration."""

    RED = "red"


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC), "2026-01-02T03:04:05+00:00"),
        (date(2026, 1, 2), "2026-01-02"),
        (time(3, 4), "03:04:00"),
        (Decimal("1.50"), "1.50"),
        (PurePosixPath("a/b"), "a/b"),
        (UUID(int=1), "00000000-0000-0000-0000-000000000001"),
        pytest.param({"b", "a"}, ["a", "b"], id="set"),  # its text is another in each process
        (frozenset({2, 1}), [1, 2]),
        (Colour.RED, "red"),
    ],
    ids=str,
)
def test_common_types_have_a_form_in_json(
    capsys: pytest.CaptureFixture[str], value: object, shown: object
) -> None:
    """What text can show, JSON can show."""
    output = CommandOutput(is_json=True, is_quiet=True)
    output.write_line({"value": value}, "")
    output.write_table([{"value": value}], {})

    line, table = capsys.readouterr().out.splitlines()
    assert [json.loads(line)] == json.loads(table) == [{"value": shown}]


def test_other_types_are_refused() -> None:
    """The error names the type."""
    output = CommandOutput(is_json=True, is_quiet=True)

    with pytest.raises(TypeError, match=r"^JSON has no bytes; write a string or a number\.$"):
        output.write_line({"value": b""}, "")


def test_pipe_is_not_wrapped(run: Run) -> None:
    """A long value stays on its line."""
    assert len(run("table", "x" * 500, program=PROGRAM).out.splitlines()) == 2


def test_lines_are_json_lines(run: Run) -> None:
    """`--json` writes an object a line."""
    result = run("--json", "lines", "2", program=PROGRAM)

    assert [json.loads(line) for line in result.out.splitlines()] == [{"number": 0}, {"number": 1}]
    assert result.err == ""


def test_lines_are_text(run: Run) -> None:
    """Lines of text have no control characters."""
    assert run("lines", "1", program=PROGRAM).out == "line\\t0\n"


@pytest.mark.parametrize("variables", [{"LC_ALL": "C"}, {"PYTHONIOENCODING": "ascii"}], ids=str)
@pytest.mark.parametrize("options", [(), ("--json",)], ids=["text", "json"])
def test_every_name_can_be_written(variables: dict[str, str], options: tuple[str, ...]) -> None:
    """Neither the encoding of the terminal nor an odd file name ends the command."""
    result = finish(start(*options, "table", ODD, module=COMMANDS, **variables))

    assert (result.status, result.err) == (0, "")


def test_terminal_gets_progress_and_lines() -> None:
    """A terminal shows progress, and every line."""
    received = in_terminal("lines", "2")

    assert "Writing" in received
    assert r"line\t1" in received


@pytest.mark.parametrize(
    ("options", "variables"),
    [(("--quiet",), {}), ((), {"TERM": "dumb"})],
    ids=["quiet", "dumb terminal"],
)
def test_quiet_hides_progress(options: tuple[str, ...], variables: dict[str, str]) -> None:
    """`--quiet` hides the bar; a terminal without cursor movement gets no control codes."""
    received = in_terminal(*options, "lines", "2", **variables)

    assert "\x1b[" not in received
    assert r"line\t1" in received


def test_no_color_is_obeyed() -> None:
    """NO_COLOR leaves colours out of the progress bar."""
    assert COLOUR.search(in_terminal("lines", "2"))
    assert not COLOUR.search(in_terminal("lines", "2", NO_COLOR="1"))


@pytest.mark.parametrize(("options", "is_styled"), [((), True), (("--json",), False)], ids=str)
def test_force_color_is_obeyed(
    run: Run, monkeypatch: pytest.MonkeyPatch, options: tuple[str, ...], *, is_styled: bool
) -> None:
    """FORCE_COLOR styles a table also in a pipe, and JSON never."""
    monkeypatch.setenv("FORCE_COLOR", "1")

    assert ("\x1b[" in run(*options, "table", "x", program=PROGRAM).out) is is_styled


def test_log_does_not_break_the_progress_bar() -> None:
    """Records are written above the bar."""
    received = in_terminal("log-in-progress")

    assert "order.paid" in received
    assert "Logging" in received
