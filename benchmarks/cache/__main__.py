"""The command: measures what a cached read costs, prints it and writes it to docs/benchmarks."""

import argparse
import json
import os
import tempfile
from collections.abc import Sequence
from pathlib import Path

from benchmarks.__main__ import TARGET
from benchmarks.arguments import add_common, add_rounds
from benchmarks.cache import report
from benchmarks.cache.model import GOALS, STORES, Result
from benchmarks.cache.works import WORKS
from benchmarks.collector import collecting
from benchmarks.errors import BenchmarkError
from benchmarks.goals import verdicts
from benchmarks.in_process import figures
from benchmarks.projects import PRACTICES, projects
from benchmarks.report import goals
from benchmarks.servers import free_ports
from benchmarks.servings import Servings
from benchmarks.versions import STORING, versions


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command's arguments."""
    found = argparse.ArgumentParser(
        prog="poe bench-cache",
        description="Measure what a cached read costs, in rendered services. Needs redis-server.",
        epilog="Quickest: --rounds 1 --store memory. The status is 1 if something failed.",
    )
    add_rounds(found)
    found.add_argument("--store", choices=STORES, help="measure this one; write nothing")
    add_common(found, WORKS)
    return found


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; return its exit status."""
    arguments = parser().parse_args(argv)
    names = arguments.only or list(WORKS)
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
            used |= versions(Path(serving.python), [*STORING, *redis])
            try:
                port = free_ports(1)[0] if redis else 0
                given = ["my_service", str(arguments.rounds), json.dumps(names), str(port)]
                found = figures(serving, "benchmarks.cache.drive", given, folder, core)
                results += [Result(name=name, **each) for name, each in found.items() if each]
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
