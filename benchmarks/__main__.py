"""Measures a benchmark, prints it, and writes a full run to docs/benchmarks."""

import argparse
import os
import signal
import sys
import tempfile
from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from pathlib import Path

from benchmarks import BenchmarkError, cache, data, report, service
from benchmarks.collector import run_collector
from benchmarks.model import Benchmark, Run
from benchmarks.projects import ROOT, Projects

BENCHMARKS: Mapping[str, Benchmark] = {
    "service": service.BENCHMARK,
    "data": data.BENCHMARK,
    "cache": cache.BENCHMARK,
}
DOCUMENTS = ROOT / "docs" / "benchmarks"


def positive(text: str) -> float:
    """Return a number above 0.

    Raises:
        ValueError: It is not.
    """
    number = float(text)
    if not number > 0:
        raise ValueError(text)
    return number


def parser() -> argparse.ArgumentParser:
    """Return the parser of the arguments."""
    found = argparse.ArgumentParser(prog="poe bench-...")
    commands = found.add_subparsers(dest="name", required=True)
    for name, benchmark in BENCHMARKS.items():
        smallest = " ".join(f"--{key} {size:g}" for key, size in benchmark.smallest.items())
        command = commands.add_parser(
            name,
            prog=f"poe bench-{name}",
            description=f"{benchmark.description} Smallest sample: {smallest}. A sample that is"
            " smaller than the default, or without all rows, is only printed.",
            epilog="The status is 1 if a row failed.",
        )
        for key, size in benchmark.sample.items():
            command.add_argument(
                f"--{key}", type=positive, default=size, help="default: %(default)s"
            )
        command.add_argument(
            "--only", action="append", metavar="ROW", help='a row, or a pattern such as "*, Redis"'
        )
        command.add_argument("--no-write", action="store_true", help="print only")
        command.add_argument("--strict", action="store_true", help="fail on a missed goal, too")
    return found


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; return its exit status."""
    arguments = parser().parse_args(argv)
    benchmark = BENCHMARKS[arguments.name]
    sample = {key: getattr(arguments, key) for key in benchmark.sample}
    patterns = arguments.only or ["*"]
    rows = [row for row in benchmark.rows if any(fnmatchcase(row, each) for each in patterns)]
    if not rows:
        parser().error(f"no row matches; the rows are: {'; '.join(benchmark.rows)}")
    cores = sorted(os.sched_getaffinity(0))
    results = {}
    with tempfile.TemporaryDirectory(prefix="tenon-") as name, run_collector() as collector:
        folder = Path(name)
        run = Run(
            rows=rows,
            sample=sample,
            projects=Projects(folder),
            collector=collector,
            folder=folder,
            core=cores[0],
        )
        os.sched_setaffinity(0, {cores[-1]})
        for row, figures in benchmark.measure(run):
            if isinstance(figures, BenchmarkError):
                print(f"{row}: FAILED: {figures}", flush=True)
            else:
                print(f"{row}: measured", flush=True)
                results[row] = figures
    sections = report.sections(benchmark, run, results)
    print("\n" + "\n\n".join(sections[part] for part in ("goals", "figures", "method")))
    if list(results) != rows:
        return 1
    is_small = any(sample[key] < size for key, size in benchmark.sample.items())
    if not (arguments.only or arguments.no_write or is_small):
        report.update(DOCUMENTS / f"{arguments.name}.md", sections)
        print(f"\nWritten to {DOCUMENTS}.")
    verdicts = [goal.verdict(results) for goal in benchmark.goals]
    return int(arguments.strict and "missed" in verdicts)


if __name__ == "__main__":
    # A signal must not leave servers behind.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    sys.exit(main())
