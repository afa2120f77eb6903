"""The command: measures what a cached read costs, prints it and writes it to docs/benchmarks."""

import argparse
import json
import os
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import cast

from benchmarks.__main__ import TARGET
from benchmarks.arguments import add_common, positive
from benchmarks.cache import report
from benchmarks.cache.model import GOALS, STORES, Result
from benchmarks.cache.works import WORKS
from benchmarks.collector import collecting
from benchmarks.data.__main__ import Found
from benchmarks.errors import BenchmarkError
from benchmarks.goals import verdicts
from benchmarks.in_process import driven, verify_log
from benchmarks.projects import PRACTICES, projects
from benchmarks.report import goals
from benchmarks.servers import Serving, free_ports
from benchmarks.servings import Servings
from benchmarks.versions import versions

PACKAGES = ("fastapi", "pydantic", "sqlalchemy", "uvloop")


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command's arguments."""
    found = argparse.ArgumentParser(
        prog="poe bench-cache",
        description="Measure what a cached read costs, in rendered services. Needs redis-server.",
        epilog="Quickest: --rounds 1 --store memory. The status is 1 if something failed.",
    )
    found.add_argument(
        "--rounds", type=positive, default=7, help="rounds that are measured (default: 7)"
    )
    found.add_argument("--store", choices=STORES, help="measure this one; write nothing")
    add_common(found, WORKS)
    return found


def measured(
    serving: Serving, rounds: int, names: Iterable[str], folder: Path, core: int
) -> list[Result]:
    """Measure rows with the cache of a rendered service.

    Raises:
        BenchmarkError: A request failed or was not logged, or something was not done.
    """
    port = free_ports(1)[0] if serving.name == STORES["redis"] else 0
    arguments = ["my_service", str(rounds), json.dumps(list(names)), str(port)]
    found = cast("Found", driven(serving, "benchmarks.cache.drive", arguments, folder, core))
    verify_log(serving, folder, found["served"])
    return [
        Result(name=f"{name}, {serving.name}", **figures)
        for name, figures in found["figures"].items()
        if figures
    ]


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; return its exit status."""
    arguments = parser().parse_args(argv)
    stores = [arguments.store] if arguments.store else list(STORES)
    core = max(os.sched_getaffinity(0))
    results: list[Result] = []
    used: dict[str, str] = {}
    with (
        tempfile.TemporaryDirectory(prefix="tenon-benchmarks-") as name,
        collecting() as collector,
    ):
        folder = Path(name)
        servings = Servings(projects(folder), collector)
        for store in stores:
            serving = servings.rendered(STORES[store], PRACTICES, database="sqlite", cache=store)
            redis = ["redis"] if store == "redis" else []
            used |= versions(Path(serving.python), [*PACKAGES, *redis])
            try:
                names = arguments.only or list(WORKS)
                results += measured(serving, arguments.rounds, names, folder, core)
            except BenchmarkError as error:
                print(f"{serving.name}: FAILED: {error}")
                return 1
    reached = verdicts(GOALS, results)
    print(f"{goals(reached)}\n\n{report.figures(results)}")
    if not (arguments.only or arguments.store or arguments.no_write):
        text = report.document(results, reached, arguments.rounds, used)
        (TARGET / "cache.md").write_text(text, encoding="utf-8")
        print(f"\nWritten to {TARGET}.")
    return int(arguments.strict and any(verdict.missed for verdict in reached))


if __name__ == "__main__":
    raise SystemExit(main())
