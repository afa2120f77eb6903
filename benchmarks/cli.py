"""Measures the start of a rendered command-line tool, against bare argparse and bare Typer."""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from benchmarks.projects import ROOT

ARGPARSE = """
import argparse

parser = argparse.ArgumentParser(prog="tool")
commands = parser.add_subparsers(dest="command")
commands.add_parser("summarize").add_argument("file")
commands.add_parser("fetch").add_argument("file")
parser.parse_args()
"""
TYPER = """
import typer

app = typer.Typer(rich_markup_mode=None)


@app.command()
def summarize(file: str) -> None: ...


@app.command()
def fetch(file: str) -> None: ...


app()
"""
BASELINE = "argparse: --help"
BARE_TYPER = "Typer: --help"
ROWS = (
    BASELINE,
    BARE_TYPER,
    *("tool: --help", "tool: --version", "tool: summarize --help", "tool: fetch --help"),
    "tool: summarize FILE",
)


def make(folder: Path) -> Mapping[str, Sequence[str]]:
    """Render and install a full tool; return the command of each row."""
    project = folder / "my-tool"
    answers = ("-d", "project_name=My Tool", "-d", "kind=cli", "-d", "preset=full")
    for command in (
        (ROOT / ".venv/bin/copier", "copy", "--defaults", "--quiet", *answers, ROOT, project),
        ("uv", "sync", "--quiet", f"--project={project}"),
    ):
        subprocess.run(command, check=True, env=environment())
    readings = folder / "readings.csv"
    readings.write_text("sensor,value\nroof,1.5\n", encoding="utf-8")
    python = str(project / ".venv/bin/python")
    tool = [python, "-m", "my_tool"]
    commands: Mapping[str, Sequence[str]] = {
        BASELINE: [python, "-c", ARGPARSE, "--help"],
        BARE_TYPER: [python, "-c", TYPER, "--help"],
        "tool: summarize FILE": [*tool, "summarize", str(readings)],
    }
    words = {row: row.removeprefix("tool: ").split() for row in ROWS}
    return {row: commands.get(row, [*tool, *words[row]]) for row in ROWS}


def environment() -> Mapping[str, str]:
    """Return the environment without what changes the start of Python, or uv's project."""
    names = ("PYTHON", "VIRTUAL_ENV", "UV_PROJECT")
    return {name: value for name, value in os.environ.items() if not name.startswith(names)}


def measure(commands: Mapping[str, Sequence[str]], runs: int) -> Mapping[str, float]:
    """Return the median of each command in seconds; the commands take turns."""
    seconds: dict[str, list[float]] = {row: [] for row in commands}
    for number in range(runs + 1):
        for row, command in commands.items():
            start = time.perf_counter()
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env=environment())
            if number:  # the first run compiles
                seconds[row].append(time.perf_counter() - start)
    return {row: statistics.median(found) for row, found in seconds.items()}


def main(argv: Sequence[str] | None = None) -> int:
    """Print a table of the medians, and their ratios to bare argparse."""
    parser = argparse.ArgumentParser(prog="poe bench-cli", description=__doc__)
    parser.add_argument("--runs", type=int, default=20, help="default: %(default)s")
    runs = parser.parse_args(argv).runs
    with tempfile.TemporaryDirectory(prefix="tenon-") as name:
        medians = measure(make(Path(name)), runs)
    print("| row | ms | ratio |\n| --- | --: | --: |")
    for row, median in medians.items():
        print(f"| {row} | {median * 1000:.1f} | {median / medians[BASELINE]:.2f} |")
    return 0


if __name__ == "__main__":
    sys.exit(main())
