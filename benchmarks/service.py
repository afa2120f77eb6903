"""What a request, a start and the memory of a rendered service cost, against bare FastAPI."""

import os
import statistics
import subprocess
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, replace

from benchmarks import BenchmarkError, evidence, in_process
from benchmarks.evidence import has_event, is_uvicorn_request
from benchmarks.load import CONNECTIONS, generator, load, request
from benchmarks.model import Benchmark, Figures, Goal, Run
from benchmarks.projects import EVERYTHING, LAST_ROUTE, Variant, versions
from benchmarks.servers import Server, ServerSpec, clean, run_server
from benchmarks.specs import GRANIAN, bare, rendered, served, with_uvicorn

PACKAGES = (
    "fastapi",
    "starlette",
    "uvicorn",
    "uvloop",
    "httptools",
    "structlog",
    "prometheus-client",
    "granian",
)
WARM_UP_REQUESTS = 500
EXTRA_ROUNDS = 2
"""Rounds without sockets beyond the pairs of loads; they take little time."""

IMPORT = "import time; start = time.perf_counter(); import {}; print(time.perf_counter() - start)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """What is compared with what.

    Attributes:
        subject: The server that the figures describe.
        baseline: The server that it is compared with.
        load_only: Whether import and start are left out, as another row has them.
        is_rendered: Whether the subject is a project, which is called without sockets too.
    """

    subject: ServerSpec
    baseline: ServerSpec
    load_only: bool = False
    is_rendered: bool = False


def practices(*names: str) -> Callable[[Run, str], Row]:
    """Return the maker of a row for practices that are on, all others off."""

    def row(run: Run, name: str) -> Row:
        subject = rendered(run, name, Variant(practices=names))
        return Row(subject=subject, baseline=bare(run), is_rendered=True)

    return row


def sampled(run: Run, name: str) -> Row:
    """Return tracing with a collector that receives a tenth of the traces."""
    row = practices("tracing")(run, name)
    environment = {
        **row.subject.environment,
        "MY_SERVICE_TRACING__ENDPOINT": f"http://127.0.0.1:{run.collector.server_port}",
        "MY_SERVICE_TRACING__SAMPLE_RATIO": "0.1",
    }
    subject = replace(row.subject, environment=environment, collector=run.collector)
    return replace(row, subject=subject)


def probes(run: Run, name: str) -> Row:
    """Return a probe, which is neither logged nor counted."""
    subject = rendered(run, name, EVERYTHING)
    subject = replace(subject, path="/health", is_request=None, metrics_url=None)
    return Row(subject=subject, baseline=bare(run), load_only=True)


def last_route(run: Run, name: str) -> Row:
    """Return the last of many routes, against the same service with one route."""
    variant = replace(EVERYTHING, resource="fifty")
    subject = replace(rendered(run, name, variant), path=LAST_ROUTE)
    baseline = rendered(run, "the only route", EVERYTHING)
    return Row(subject=subject, baseline=baseline, load_only=True)


def last_route_bare(run: Run, name: str) -> Row:
    """Return the last of many routes in bare FastAPI."""
    subject = replace(with_uvicorn(run, name, "fifty"), path=LAST_ROUTE)
    return Row(subject=subject, baseline=bare(run), load_only=True)


def guide(run: Run, name: str) -> Row:
    """Return the guide's own code."""
    subject = replace(
        with_uvicorn(run, name, "guide"),
        is_request=has_event("ping"),
        metrics_url="http://127.0.0.1:{port}/metrics/",
    )
    return Row(subject=subject, baseline=bare(run))


def access_log(run: Run, name: str) -> Row:
    """Return bare FastAPI with the access log of uvicorn."""
    subject = with_uvicorn(run, name, "bare", ("--access-log", "--log-level", "info"))
    subject = replace(subject, is_request=is_uvicorn_request)
    return Row(subject=subject, baseline=bare(run), load_only=True)


def starlette(run: Run, name: str) -> Row:
    """Return the framework below FastAPI."""
    return Row(subject=with_uvicorn(run, name, "starlette"), baseline=bare(run))


def granian_bare(run: Run, name: str) -> Row:
    """Return bare FastAPI on granian."""
    subject = served(run, name, "bare", server="granian", options=GRANIAN)
    return Row(subject=subject, baseline=bare(run))


def granian_everything(run: Run, name: str) -> Row:
    """Return a project with everything on granian."""
    granian = str(run.projects.get(EVERYTHING) / ".venv" / "bin" / "granian")
    command = (granian, *GRANIAN, "--factory", "my_service.__main__:build")
    subject = replace(rendered(run, name, EVERYTHING), command=command)
    return Row(subject=subject, baseline=bare(run))


ROWS: Mapping[str, Callable[[Run, str], Row]] = {
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
    "bare Starlette": starlette,
    "granian, bare FastAPI": granian_bare,
    "granian, everything on": granian_everything,
}


class LoadedServer:
    """A server, and the requests that it received."""

    def __init__(self, server: Server) -> None:
        request(server.port, server.spec.path, WARM_UP_REQUESTS)
        self.server = server
        self.requests = WARM_UP_REQUESTS + 1  # one has shown that the server is up
        self.cut = 0

    def load(self, seconds: float) -> tuple[float, float]:
        """Load the server; return CPU seconds a request, and requests a second."""
        before = self.server.cpu_seconds()
        done = load(self.server.port, self.server.spec.path, seconds)
        used = self.server.cpu_seconds() - before
        self.requests += done.requests
        self.cut += done.cut
        return used / done.requests, done.requests / done.seconds


def compare_load(row: Row, run: Run) -> dict[str, float]:
    """Load both servers in turns, and compare what they logged and counted with the load.

    Raises:
        BenchmarkError: A request failed, or was not logged or counted.
    """
    with ExitStack() as stack:
        servers = [
            LoadedServer(stack.enter_context(run_server(spec, run.folder, run.core)))
            for spec in (row.baseline, row.subject)
        ]
        loads = [
            [server.load(run.sample["seconds"]) for server in servers]
            for _ in range(run.size("pairs"))
        ]
        baseline, subject = (server.server.megabytes() for server in servers)
        counted = [evidence.requests_counted(server.server) for server in servers]
    for server, count in zip(servers, counted, strict=True):
        evidence.verify_stopped(server.server, server.requests, server.cut, count)
        server.server.log.unlink()
    kept = statistics.median(before[0] / after[0] for before, after in loads)
    return {
        "CPU kept": kept,
        "CPU": 1 / kept,
        "requests/s": statistics.median(after[1] / before[1] for before, after in loads),
        "memory": subject / baseline,
        "MB": subject,
    }


def start_seconds(spec: ServerSpec, run: Run) -> float:
    """Return the seconds from the start of a process to its first response."""
    with run_server(spec, run.folder, run.core) as server:
        return server.start_seconds


def import_seconds(spec: ServerSpec, run: Run) -> float:
    """Return the seconds that the import of a server's module takes in a new process.

    Raises:
        BenchmarkError: The import failed.
    """
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
        raise BenchmarkError(f"{spec.name}: importing {spec.module} failed")
    return float(printed)


def compare(measure: Callable[[ServerSpec, Run], float], row: Row, run: Run) -> float:
    """Return the median ratio of the subject's figure to the baseline's, measured in turns."""
    pairs = [
        (measure(row.baseline, run), measure(row.subject, run)) for _ in range(run.size("pairs"))
    ]
    return statistics.median(subject / baseline for baseline, subject in pairs)


def measure_row(row: Row, run: Run) -> Figures:
    """Return all figures of a row.

    Raises:
        BenchmarkError: A server did not start, a request failed, or was not logged or counted.
    """
    figures = compare_load(row, run)
    if not row.load_only:
        figures["import"] = compare(import_seconds, row, run)
        figures["start"] = compare(start_seconds, row, run)
    if row.is_rendered:
        options = {
            "path": row.subject.path,
            "rounds": run.size("pairs") + EXTRA_ROUNDS,
            "requests": run.size("requests"),
        }
        figures |= in_process.drive(row.subject, "service", options, run)["figures"]["request"]
    return figures


def measure(run: Run) -> Iterator[tuple[str, Figures | BenchmarkError]]:
    """Measure the rows one after the other."""
    for name in run.rows:
        try:
            yield name, measure_row(ROWS[name](run, name), run)
        except BenchmarkError as error:
            yield name, error
    python = run.projects.get(EVERYTHING) / ".venv" / "bin" / "python"
    run.versions.update(versions(python, PACKAGES))


def method(run: Run) -> str:
    """Return how the load was generated."""
    return f"; load by {generator(run.sample['seconds'])} on {CONNECTIONS} connections"


BENCHMARK = Benchmark(
    description="Measure what rendered services cost beyond bare FastAPI.",
    rows=tuple(ROWS),
    columns=(
        "CPU kept",
        "requests/s",
        "in-process",
        "memory",
        "MB",
        "import",
        "start",
    ),
    goals=(
        Goal(
            text="All observability on keeps the CPU of a small JSON endpoint",
            row="everything on",
            column="CPU kept",
            at_least=0.80,
        ),
        Goal(
            text="All observability on, without sockets, times the CPU",
            row="everything on",
            column="in-process",
            at_most=1.35,
        ),
        Goal(
            text="Probes, against the endpoint of bare FastAPI",
            row="probes, everything on",
            column="CPU kept",
            at_least=1.1,
        ),
        Goal(
            text="The last of 50 routes, times the CPU of a lone one",
            row="last of 50 routes, everything on",
            column="CPU",
            at_most=1.75,
        ),
        Goal(
            text="Start to first response, times bare FastAPI's",
            row="everything on",
            column="start",
            at_most=1.8,
        ),
        Goal(
            text="A practice that is off: tracing without endpoint, in-process, times nothing on",
            row="tracing alone, no endpoint",
            column="in-process",
            relative_to="nothing on",
            at_most=1.05,
        ),
    ),
    sample={"pairs": 5, "seconds": 2, "requests": 3000},
    smallest={"pairs": 1, "seconds": 0.1, "requests": 100},
    measure=measure,
    charted="CPU kept",
    method=method,
)
