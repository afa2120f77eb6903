"""The command: measures what data costs, prints it and writes it to docs/benchmarks."""

import argparse
import json
import os
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TypedDict, cast

from benchmarks.__main__ import TARGET
from benchmarks.arguments import add_common, positive
from benchmarks.collector import collecting
from benchmarks.data import report
from benchmarks.data.model import DATABASES, GOALS, Result
from benchmarks.data.works import WORKS
from benchmarks.errors import BenchmarkError
from benchmarks.goals import verdicts
from benchmarks.in_process import driven, verify_log
from benchmarks.projects import PRACTICES, projects
from benchmarks.report import goals
from benchmarks.servers import Serving
from benchmarks.servings import Servings
from benchmarks.versions import versions

PACKAGES = ("fastapi", "pydantic", "sqlalchemy", "uvloop")
DRIVERS = {"sqlite": "aiosqlite", "postgresql": "asyncpg"}


class Found(TypedDict):
    """What the driver writes: figures by what was done, and how many requests were served."""

    figures: dict[str, dict[str, float]]
    served: int


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command's arguments."""
    found = argparse.ArgumentParser(
        prog="poe bench-data",
        description="Measure what data costs in rendered services against the guide's own form.",
        epilog="Quickest: --rounds 1 --database sqlite. The status is 1 if something failed.",
    )
    found.add_argument(
        "--rounds", type=positive, default=7, help="rounds that are measured (default: 7)"
    )
    found.add_argument("--database", choices=DATABASES, help="measure on it; write nothing")
    add_common(found, WORKS)
    return found


def measured(
    serving: Serving, rounds: int, names: Iterable[str], folder: Path, core: int
) -> list[Result]:
    """Measure rows on the database of a rendered service.

    Raises:
        BenchmarkError: A request failed or was not logged, or something was not done.
    """
    arguments = ["my_service", str(rounds), json.dumps(list(names))]
    found = cast("Found", driven(serving, "benchmarks.data.drive", arguments, folder, core))
    verify_log(serving, folder, found["served"])
    return [
        Result(name=f"{name}, {serving.name}", **figures)
        for name, figures in found["figures"].items()
    ]


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
            used |= versions(Path(serving.python), [*PACKAGES, DRIVERS[database]])
            try:
                results += measured(serving, arguments.rounds, names, folder, core)
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
