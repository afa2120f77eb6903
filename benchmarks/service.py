"""Costs of a request, a start and the memory of a rendered service, against bare FastAPI."""

import os
import statistics
import subprocess
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, replace

from benchmarks import BenchmarkError, evidence, in_process
from benchmarks.evidence import has_event, is_uvicorn_request
from benchmarks.load import CONNECTIONS, generator
from benchmarks.model import Benchmark, Figures, Goal, Measured, Run
from benchmarks.projects import EVERYTHING, LAST_ROUTE, Variant, versions
from benchmarks.servers import ServerSpec, clean, run_server
from benchmarks.specs import GRANIAN, plain, rendered, tool

PACKAGES = (
    *("fastapi", "starlette", "uvicorn", "uvloop", "httptools"),
    *("structlog", "prometheus-client", "granian"),
)
WARM_UP_REQUESTS = 500
EXTRA_ROUNDS = 2
"""Rounds without sockets beyond the pairs of loads; they take little time."""

IMPORT = "import time; start = time.perf_counter(); import {}; print(time.perf_counter() - start)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A server and its baseline.

    Attributes:
        subject: The server that the figures describe.
        baseline: The server that it is compared with; bare FastAPI if there is none.
        load_only: Whether import and start are left out, as another row has them.
        in_process: Whether the subject is a project, which is called without sockets too.
    """

    subject: ServerSpec
    baseline: ServerSpec | None = None
    load_only: bool = False
    in_process: bool = False


def practices(*names: str) -> Callable[[Run], Row]:
    return lambda run: Row(subject=rendered(run, Variant(practices=names)), in_process=True)


def application(app: str, *, on: str = "uvicorn") -> Callable[[Run], Row]:
    return lambda run: Row(subject=plain(run, app, server=on))


def sampled(run: Run) -> Row:
    row = practices("tracing")(run)
    environment = {
        **row.subject.environment,
        "MY_SERVICE_TRACING__ENDPOINT": f"http://127.0.0.1:{run.collector.server_port}",
        "MY_SERVICE_TRACING__SAMPLE_RATIO": "0.1",
    }
    subject = replace(row.subject, environment=environment, collector=run.collector)
    return replace(row, subject=subject)


def probes(run: Run) -> Row:
    """Return the row of a probe, which is neither logged nor counted."""
    subject = rendered(run, EVERYTHING)
    subject = replace(subject, path="/health", is_request=None, metrics_url=None)
    return Row(subject=subject, load_only=True)


def last_route(run: Run) -> Row:
    subject = replace(rendered(run, replace(EVERYTHING, resource="fifty")), path=LAST_ROUTE)
    return Row(subject=subject, baseline=rendered(run, EVERYTHING), load_only=True)


def last_route_bare(run: Run) -> Row:
    return Row(subject=replace(plain(run, "fifty"), path=LAST_ROUTE), load_only=True)


def guide(run: Run) -> Row:
    url = "http://127.0.0.1:{port}/metrics/"
    subject = replace(plain(run, "guide"), is_request=has_event("ping"), metrics_url=url)
    return Row(subject=subject)


def access_log(run: Run) -> Row:
    subject = plain(run, "bare", "--access-log", "--log-level", "info")
    return Row(subject=replace(subject, is_request=is_uvicorn_request), load_only=True)


def granian(run: Run) -> Row:
    factory = "my_service.app:create_app_from_environment"
    command = (tool(run, "granian"), *GRANIAN, "--factory", factory)
    return Row(subject=replace(rendered(run, EVERYTHING), command=command))


ROWS: Mapping[str, Callable[[Run], Row]] = {
    "nothing on": practices(),
    "structured logging alone": practices("structured_logging"),
    "metrics alone": practices("metrics"),
    "tracing alone, no endpoint": practices("tracing"),
    "tracing alone, a tenth sampled": sampled,
    "health checks alone": practices("health_checks"),
    "everything on": practices(*EVERYTHING.practices),
    "probes, everything on": probes,
    "last of 50 routes, everything on": last_route,
    "last of 50 routes, bare FastAPI": last_route_bare,
    "the guide's code as written": guide,
    "bare FastAPI, uvicorn's access log": access_log,
    "bare Starlette": application("starlette"),
    "granian, bare FastAPI": application("bare", on="granian"),
    "granian, everything on": granian,
}


def compare_load(baseline: ServerSpec, subject: ServerSpec, run: Run) -> dict[str, float]:
    """Load both servers in turns, and compare their logs and counters with the load."""
    with ExitStack() as stack:
        servers = []
        for spec in (baseline, subject):
            servers.append(stack.enter_context(run_server(spec, run.folder, run.core)))
            servers[-1].warm_up(WARM_UP_REQUESTS)
        loads = [
            [server.load(run.sample["seconds"]) for server in servers]
            for _ in range(int(run.sample["pairs"]))
        ]
        before, after = (server.megabytes() for server in servers)
        counted = [evidence.requests_counted(server) for server in servers]
    for server, count in zip(servers, counted, strict=True):
        evidence.verify_stopped(server, count)
        server.log.unlink()
    kept = statistics.median(bare[0] / own[0] for bare, own in loads)
    rate = statistics.median(own[1] / bare[1] for bare, own in loads)
    memory = {"memory": after / before, "MB": after}
    return {"CPU kept": kept, "CPU": 1 / kept, "requests/s": rate, **memory}


def start_seconds(spec: ServerSpec, run: Run) -> float:
    with run_server(spec, run.folder, run.core) as server:
        return server.start_seconds


def import_seconds(spec: ServerSpec, run: Run) -> float:
    with subprocess.Popen(
        [spec.python, "-c", IMPORT.format(spec.module)],
        cwd=spec.folder,
        env=clean(spec.environment),
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        os.sched_setaffinity(process.pid, {run.core})
        printed, _ = process.communicate()
    if process.returncode != 0:
        raise BenchmarkError(f"importing {spec.module} failed")
    return float(printed)


def measure_row(row: Row, run: Run) -> Figures:
    pairs = int(run.sample["pairs"])
    baseline, subject = row.baseline or plain(run, "bare"), row.subject
    figures = compare_load(baseline, subject, run)
    if not row.load_only:
        for column, seconds in (("import", import_seconds), ("start", start_seconds)):
            taken = [(seconds(baseline, run), seconds(subject, run)) for _ in range(pairs)]
            figures[column] = statistics.median(after / before for before, after in taken)
    if row.in_process:
        requests, rounds = int(run.sample["requests"]), pairs + EXTRA_ROUNDS
        options = {"path": subject.path, "rounds": rounds, "requests": requests}
        figures |= in_process.drive(subject, "service", options, run)["figures"]["request"]
    return figures


def measure(run: Run) -> Measured:
    for name in run.rows:
        try:
            yield name, measure_row(ROWS[name](run), run)
        except BenchmarkError as error:
            yield name, error
    run.versions["load"] = f"by {generator(run.sample['seconds'])}, {CONNECTIONS} connections"
    run.versions.update(versions(tool(run, "python"), PACKAGES))


BENCHMARK = Benchmark(
    description="Measure what rendered services cost beyond bare FastAPI.",
    rows=tuple(ROWS),
    columns=("CPU kept", "requests/s", "in-process", "memory", "MB", "import", "start"),
    goals=(
        Goal(
            "All observability on keeps the CPU of a small JSON endpoint",
            *("everything on", "CPU kept"),
            at_least=0.80,
        ),
        Goal(
            "All observability on, without sockets, times the CPU",
            *("everything on", "in-process"),
            at_most=1.35,
        ),
        Goal(
            "Probes, against the endpoint of bare FastAPI",
            *("probes, everything on", "CPU kept"),
            at_least=1.1,
        ),
        Goal(
            "The last of 50 routes, times the CPU of a lone one",
            *("last of 50 routes, everything on", "CPU"),
            at_most=1.75,
        ),
        Goal(
            "Start to first response, times bare FastAPI's",
            *("everything on", "start"),
            at_most=1.8,
        ),
        Goal(
            "A practice that is off: tracing without endpoint, in-process, times nothing on",
            *("tracing alone, no endpoint", "in-process"),
            relative_to="nothing on",
            at_most=1.05,
        ),
    ),
    sample={"pairs": 5, "seconds": 2, "requests": 3000},
    smallest={"pairs": 1, "seconds": 0.2, "requests": 100},
    measure=measure,
    charted="CPU kept",
)
