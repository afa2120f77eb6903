"""The report in Markdown: the goals, the figures, and how they came about."""

import os
import platform
from collections.abc import Iterable, Mapping, Sequence

from benchmarks.goals import ResultT, Verdict
from benchmarks.load import CONNECTIONS, generator
from benchmarks.model import Result, Setting

COLUMNS = ("served", "against", "CPU kept", "requests/s", "in-process", "memory", "import", "start")


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table, its columns aligned, so that it can be read as it is."""
    lines = [list(head), *(list(row) for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(head))]
    lines.insert(1, ["-" * width for width in widths])
    return "\n".join(
        f"| {' | '.join(cell.ljust(width) for cell, width in zip(line, widths, strict=True))} |"
        for line in lines
    )


def shown(figure: float | None) -> str:
    """Return a figure as the report writes it."""
    return "" if figure is None else f"{figure:.2f}"


def goals(verdicts: Iterable[Verdict[ResultT]]) -> str:
    """Return the table of the goals."""
    return table(
        ("goal", "wanted", "measured", "verdict"),
        [
            (verdict.goal.text, verdict.goal.wanted, shown(verdict.figure), verdict.word)
            for verdict in verdicts
        ],
    )


def figures(results: Iterable[Result]) -> str:
    """Return the table of the rows."""
    return table(
        COLUMNS,
        [
            (
                result.name,
                result.against,
                shown(result.kept),
                shown(result.rate),
                shown(result.in_process),
                f"{result.memory:.2f} ({result.megabytes:.0f} MB)",
                shown(result.imports),
                shown(result.first_answer),
            )
            for result in results
        ],
    )


def measured_on(versions: Mapping[str, str]) -> str:
    """Return the line about the machine and the versions."""
    machine = f"{os.cpu_count()} cores, {platform.system()} on {platform.machine()}"
    found = "; ".join(f"{name} {version}" for name, version in versions.items())
    return f"{machine}; {found}."


def document(
    results: Sequence[Result],
    verdicts: Sequence[Verdict[Result]],
    setting: Setting,
    versions: Mapping[str, str],
) -> str:
    """Return the whole report."""
    times = f"{setting.pairs} times for {setting.seconds} s each"
    return f"""# What a service costs

Written by `uv run poe bench-service`; do not edit it. Every figure is a ratio to what the column
"against" names, measured in the same run: absolute figures would tell about the machine.

{goals(verdicts)}

![CPU kept, by what is served](service.svg)

{figures(results)}

- **CPU kept**: CPU of a request of the baseline, divided by that of the row. At 0.80, a core serves
  80 requests where it served 100.
- **requests/s**: of the row, divided by that of the baseline. It is less steady than CPU.
- **in-process**: CPU of a request without server and sockets, times that of bare FastAPI.
- **memory** after the load, **import** of the application, and **start**, from that of the process
  to its first answer: times the baseline's.

A server runs on one core and the load on another ({generator()}, {CONNECTIONS} connections). The
two servers of a row are loaded in turns, {times}, and a figure is the median of the
ratios of those pairs. One failed request fails the run, and so does a request that was not
logged or not counted by a service that logs or counts. All but granian's rows are served by
uvicorn, on uvloop and httptools.

"Nothing on" still answers errors as problems and bounds what a request may take, as every service
does. "Everything on" has structured logging, metrics on a port of their own, tracing without an
endpoint, and health checks. All that a row does not name is off.

{measured_on(versions)}
"""
