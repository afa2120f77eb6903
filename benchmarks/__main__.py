"""The command: measures what services cost, prints it and writes it to docs/benchmarks."""

import argparse
import os
import signal
import sys
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path

from benchmarks import report
from benchmarks.arguments import add_common, positive
from benchmarks.chart import chart
from benchmarks.collector import collecting
from benchmarks.errors import BenchmarkError
from benchmarks.goals import GOALS, verdicts
from benchmarks.measure import measured
from benchmarks.model import Result, Setting
from benchmarks.projects import ROOT, projects
from benchmarks.rows import ROWS
from benchmarks.servings import Servings
from benchmarks.versions import PACKAGES, versions

TARGET = ROOT / "docs" / "benchmarks"


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command's arguments."""
    found = argparse.ArgumentParser(
        prog="poe bench-service",
        description="Measure what rendered services cost beyond bare FastAPI.",
        epilog="Quickest: --pairs 1 --seconds 1. The status is 1 if a request failed, or was not"
        " logged or counted.",
    )
    found.add_argument(
        "--pairs", type=positive, default=5, help="loads of each server (default: 5)"
    )
    found.add_argument(
        "--seconds", type=positive, default=2, help="seconds that a load lasts (default: 2)"
    )
    add_common(found, ROWS)
    return found


def measured_rows(names: Iterable[str], servings: Servings, setting: Setting) -> list[Result]:
    """Measure rows; one that fails is named and left out."""
    results = []
    for name in names:
        try:
            result = measured(name, ROWS[name](name, servings), setting)
        except BenchmarkError as error:
            print(f"{name}: FAILED: {error}", flush=True)
        else:
            print(f"{name}: {result.kept:.2f} of {result.against}", flush=True)
            results.append(result)
    return results


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; return its exit status."""
    arguments = parser().parse_args(argv)
    cores = sorted(os.sched_getaffinity(0))
    names = arguments.only or list(ROWS)
    with (
        tempfile.TemporaryDirectory(prefix="tenon-benchmarks-") as name,
        collecting() as collector,
    ):
        folder = Path(name)
        servings = Servings(projects(folder), collector)
        setting = Setting(
            pairs=arguments.pairs, seconds=arguments.seconds, folder=folder, core=cores[0]
        )
        os.sched_setaffinity(0, {cores[-1]})
        results = measured_rows(names, servings, setting)
        reached = verdicts(GOALS, results)
        print(f"\n{report.goals(reached)}\n\n{report.figures(results)}")
        if len(results) < len(names):
            return 1
        if not (arguments.only or arguments.no_write):
            TARGET.mkdir(parents=True, exist_ok=True)
            text = report.document(
                results, reached, setting, versions(servings.tools / "python", PACKAGES)
            )
            (TARGET / "service.md").write_text(text, encoding="utf-8")
            drawing = chart(results, servings.bare.name)
            (TARGET / "service.svg").write_text(drawing, encoding="utf-8")
            print(f"\nWritten to {TARGET}.")
    return int(arguments.strict and any(verdict.missed for verdict in reached))


if __name__ == "__main__":
    # A signal must not leave servers behind.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    sys.exit(main())
