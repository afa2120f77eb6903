"""The command: measures what data costs, prints it and writes it to docs/benchmarks."""

import argparse
import json
import os
import tempfile
from collections.abc import Sequence
from pathlib import Path

from benchmarks.__main__ import TARGET
from benchmarks.arguments import add_common, add_rounds
from benchmarks.collector import collecting
from benchmarks.data import report
from benchmarks.data.model import DATABASES, GOALS, Result
from benchmarks.data.works import WORKS
from benchmarks.errors import BenchmarkError
from benchmarks.goals import verdicts
from benchmarks.in_process import figures
from benchmarks.projects import PRACTICES, projects
from benchmarks.report import goals
from benchmarks.servings import Servings
from benchmarks.versions import STORING, versions

DRIVERS = {"sqlite": "aiosqlite", "postgresql": "asyncpg"}


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command's arguments."""
    found = argparse.ArgumentParser(
        prog="poe bench-data",
        description="Measure what data costs in rendered services against the guide's own form.",
        epilog="Quickest: --rounds 1 --database sqlite. The status is 1 if something failed.",
    )
    add_rounds(found)
    found.add_argument("--database", choices=DATABASES, help="measure on it; write nothing")
    add_common(found, WORKS)
    return found


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; return its exit status."""
    arguments = parser().parse_args(argv)
    databases = [arguments.database] if arguments.database else list(DATABASES)
    names = arguments.only or list(WORKS)
    core = max(os.sched_getaffinity(0))
    results: list[Result] = []
    used: dict[str, str] = {}
    with (
        tempfile.TemporaryDirectory(prefix="tenon-benchmarks-") as name,
        collecting() as collector,
    ):
        folder = Path(name)
        servings = Servings(projects(folder), collector)
        for database in databases:
            serving = servings.rendered(DATABASES[database], PRACTICES, database=database)
            used |= versions(Path(serving.python), [*STORING, DRIVERS[database]])
            try:
                given = ["my_service", str(arguments.rounds), json.dumps(names)]
                found = figures(serving, "benchmarks.data.drive", given, folder, core)
                results += [Result(name=name, **each) for name, each in found.items()]
            except BenchmarkError as error:
                print(f"{serving.name}: FAILED: {error}")
                return 1
    reached = verdicts(GOALS, results)
    print(f"{goals(reached)}\n\n{report.figures(results)}")
    if not (arguments.only or arguments.database or arguments.no_write):
        text = report.document(results, reached, arguments.rounds, used)
        (TARGET / "data.md").write_text(text, encoding="utf-8")
        print(f"\nWritten to {TARGET}.")
    return int(arguments.strict and any(verdict.missed for verdict in reached))


if __name__ == "__main__":
    raise SystemExit(main())
