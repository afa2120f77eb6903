"""Measurements without sockets, in the environment of a rendered project."""

import json
import os
import subprocess
from collections.abc import Mapping
from typing import TypedDict, cast

from benchmarks import BenchmarkError, evidence
from benchmarks.model import Measured, Run
from benchmarks.projects import ROOT, Variant, versions
from benchmarks.servers import ServerSpec, free_ports
from benchmarks.specs import rendered

PACKAGES = ("fastapi", "pydantic", "sqlalchemy", "uvloop")
"""The packages of every variant with a database."""


class Output(TypedDict):
    """The figures by row, and the number of requests that the service received."""

    figures: dict[str, dict[str, float]]
    requests: int


def drive(spec: ServerSpec, module: str, options: Mapping[str, object], run: Run) -> Output:
    """Run `measure` of a module in `benchmarks.inside`; every request has to be in the log."""
    result, log = run.folder / "result.json", run.folder / "log"
    path = os.pathsep.join([str(ROOT), str(spec.folder / "tests")])
    words = [f"benchmarks.inside.{module}", json.dumps(options), str(result)]
    with (
        log.open("wb") as output,
        subprocess.Popen(
            [spec.python, "-m", "benchmarks.inside.driver", *words],
            cwd=spec.folder,
            env=spec.variables(*free_ports(), PYTHONPATH=path),
            stdout=output,
            stderr=subprocess.PIPE,
        ) as process,
    ):
        os.sched_setaffinity(process.pid, {run.core})
        _, errors = process.communicate()
    if process.returncode != 0:
        raise BenchmarkError(f"in-process:\n{errors.decode(errors='replace')[-2000:]}")
    found = cast("Output", json.loads(result.read_text("utf-8")))
    logged = evidence.count_lines(log, spec.is_request) if spec.is_request else None
    evidence.verify(found["requests"], 0, logged=logged, counted=None)
    return found


def measure_variant(
    run: Run, module: str, label: str, variant: Variant, *packages: str
) -> Measured:
    """Measure the rows of a run whose names end with a label, in one process."""
    suffix = f", {label}"
    rows = [row.removesuffix(suffix) for row in run.rows if row.endswith(suffix)]
    if not rows:
        return
    options = {**run.sample, "cache": variant.cache, "rows": rows}
    try:
        spec = rendered(run, variant)
        run.versions.update(versions(spec.python, [*PACKAGES, *packages]))
        figures = drive(spec, module, options, run)["figures"]
    except BenchmarkError as error:
        yield label, error
    else:
        yield from ((f"{row}{suffix}", figures[row]) for row in rows)
