"""The tables of a run, and the sections of a document in docs/benchmarks that hold them."""

import os
import platform
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from benchmarks import BenchmarkError
from benchmarks.model import Benchmark, Figures, Run

Results = Mapping[str, Figures]
"""The figures of each row."""


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a Markdown table with aligned columns."""
    lines = [list(head), *(list(row) for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(head))]
    lines.insert(1, ["-" * width for width in widths])
    return "\n".join(
        f"| {' | '.join(cell.ljust(width) for cell, width in zip(line, widths, strict=True))} |"
        for line in lines
    )


def cell(figure: float | None) -> str:
    """Return a figure with two digits after the point."""
    return "" if figure is None else f"{figure:.2f}"


def goals_table(benchmark: Benchmark, results: Results) -> str:
    """Return the table of the goals."""
    return table(
        ("goal", "wanted", "measured", "verdict"),
        [
            (goal.text, goal.limit, cell(goal.figure(results)), goal.verdict(results))
            for goal in benchmark.goals
        ],
    )


def figures_table(benchmark: Benchmark, results: Results) -> str:
    """Return the table of the rows."""
    return table(
        ("row", *benchmark.columns),
        [
            (row, *(cell(figures.get(column)) for column in benchmark.columns))
            for row, figures in results.items()
        ],
    )


def chart(column: str, results: Results) -> str:
    """Return a column as a Mermaid chart."""
    rows = ", ".join(f'"{row}"' for row in results)
    bars = ", ".join(cell(figures[column]) for figures in results.values())
    return f"""```mermaid
xychart-beta horizontal
  title "{column}"
  x-axis [{rows}]
  bar [{bars}]
```"""


def method(run: Run) -> str:
    """Return the sample, the machine and the versions."""
    sample = ", ".join(f"{size:g} {argument}" for argument, size in run.sample.items())
    machine = f"{os.cpu_count()} cores, {platform.system()} on {platform.machine()}"
    found = "; ".join(f"{name} {version}" for name, version in run.versions.items())
    return f"Sample: {sample}. {machine}; {found}."


def sections(benchmark: Benchmark, run: Run, results: Results) -> dict[str, str]:
    """Return the sections of the document, by name."""
    found = {
        "goals": goals_table(benchmark, results),
        "figures": figures_table(benchmark, results),
        "method": method(run),
    }
    if benchmark.charted is not None:
        found["chart"] = chart(benchmark.charted, results)
    return found


def update(document: Path, contents: Mapping[str, str]) -> None:
    """Replace the sections of a document.

    Raises:
        BenchmarkError: The document does not have a section exactly once.
    """
    text = document.read_text("utf-8")
    for name, content in contents.items():
        start, end = f"<!-- {name} -->\n\n", "\n\n<!-- end -->"
        parts = re.split(f"{re.escape(start)}.*?{re.escape(end)}", text, flags=re.DOTALL)
        if len(parts) != 2:  # noqa: PLR2004  (before and after)
            raise BenchmarkError(f"{document} needs one section {name!r}")
        text = f"{parts[0]}{start}{content}{end}{parts[1]}"
    document.write_text(text, encoding="utf-8")
