"""Measurements without sockets, in the environment of a rendered project."""

import json
import os
import subprocess
from collections.abc import Iterator, Mapping
from typing import TypedDict, cast

from benchmarks import BenchmarkError, evidence
from benchmarks.model import Figures, Run
from benchmarks.projects import ROOT, Variant, versions
from benchmarks.servers import ServerSpec, free_ports
from benchmarks.specs import rendered

PACKAGES = ("fastapi", "pydantic", "sqlalchemy", "uvloop")
"""What every variant with a database has."""


class Output(TypedDict):
    """What `benchmarks.inside.driver` writes.

    Attributes:
        figures: The figures of each row.
        requests: Requests that the service received, and has to log.
    """

    figures: dict[str, dict[str, float]]
    requests: int


def drive(spec: ServerSpec, module: str, options: Mapping[str, object], run: Run) -> Output:
    """Run the `measure` of a module in `benchmarks.inside`.

    Raises:
        BenchmarkError: It failed, or a request was not logged.
    """
    result, log = run.folder / "result.json", run.folder / "log"
    path = os.pathsep.join([str(ROOT), str(spec.folder / "tests")])
    name = f"benchmarks.inside.{module}"
    command = [spec.python, "-m", "benchmarks.inside.driver", name, json.dumps(options), str(result)]
    with (
        log.open("wb") as output,
        subprocess.Popen(
            command,
            cwd=spec.folder,
            env=spec.variables(*free_ports(2), PYTHONPATH=path),
            stdout=output,
            stderr=subprocess.PIPE,
        ) as process,
    ):
        os.sched_setaffinity(process.pid, {run.core})
        _, errors = process.communicate()
    if process.returncode != 0:
        raise BenchmarkError(f"in-process:\n{errors.decode(errors='replace')[-2000:]}")
    found = cast("Output", json.loads(result.read_text("utf-8")))
    if spec.is_request is not None:
        logged = evidence.count_lines(log, spec.is_request)
        evidence.verify(spec.name, found["requests"], 0, logged=logged, counted=None)
    return found


def measure_variant(
    run: Run, module: str, label: str, variant: Variant, packages: tuple[str, ...]
) -> Iterator[tuple[str, Figures | BenchmarkError]]:
    """Measure the rows of a run whose names end with a label, in one process."""
    suffix = f", {label}"
    rows = [row.removesuffix(suffix) for row in run.rows if row.endswith(suffix)]
    if not rows:
        return
    spec = rendered(run, label, variant)
    run.versions.update(versions(spec.python, [*PACKAGES, *packages]))
    try:
        found = drive(spec, module, {**run.sample, "store": variant.cache, "rows": rows}, run)[
            "figures"
        ]
    except BenchmarkError as error:
        yield label, error
    else:
        yield from ((f"{row}{suffix}", found[row]) for row in rows)
