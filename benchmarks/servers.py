"""Server processes, each on a CPU core of its own."""

import http.client
import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from benchmarks import BenchmarkError
from benchmarks.collector import Collector
from benchmarks.load import load, request

FOREIGN = ("GRANIAN_", "MY_SERVICE_", "PYTHON", "UVICORN_", "WEB_CONCURRENCY", "VIRTUAL_ENV")
"""Prefixes of variables that would change how a server runs."""

START_TIMEOUT_SECONDS = 30
MAX_LOADS = 10
STOP_TIMEOUT_SECONDS = 15


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerSpec:
    """How to serve an application. `{port}` and `{admin}` stand for two free ports.

    Attributes:
        command: The words of the command.
        folder: The working directory.
        module: The module that it imports before it can serve, for the import time.
        path: The path that is requested.
        environment: Variables beyond those of this process.
        is_request: Tells whether a line of its log stands for a request, if it logs requests.
        metrics_url: Its Prometheus endpoint, if it has one.
        collector: The collector that it exports traces to, if any.
    """

    command: tuple[str, ...]
    folder: Path
    module: str
    path: str = "/ping"
    environment: Mapping[str, str] = field(default_factory=dict)
    is_request: Callable[[str], bool] | None = None
    metrics_url: str | None = None
    collector: Collector | None = None

    @property
    def python(self) -> str:
        return str(Path(self.command[0]).with_name("python"))

    def variables(self, port: int, admin: int, **added: str) -> dict[str, str]:
        own = {name: with_ports(text, port, admin) for name, text in self.environment.items()}
        return clean({**own, **added})


def clean(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the variables of this process without `FOREIGN`, and the given ones."""
    kept = {name: text for name, text in os.environ.items() if not name.startswith(FOREIGN)}
    return {**kept, **environment}


def with_ports(text: str, port: int, admin: int) -> str:
    return text.replace("{port}", str(port)).replace("{admin}", str(admin))


def free_ports() -> tuple[int, int]:
    with socket.socket() as first, socket.socket() as second:
        first.bind(("127.0.0.1", 0))
        second.bind(("127.0.0.1", 0))
        return first.getsockname()[1], second.getsockname()[1]


@dataclass(slots=True, kw_only=True)
class Server:
    """A running server.

    Attributes:
        log: The file of its standard output.
        start_seconds: Seconds from its start to its first response.
        requests: Requests that it responded to; the first has shown that it is up.
        cut: Requests that it may have served besides, when a load ended.
    """

    spec: ServerSpec
    process: subprocess.Popen[bytes]
    port: int
    metrics_url: str | None
    log: Path
    start_seconds: float
    requests: int = 1
    cut: int = 0

    def processes(self) -> list[psutil.Process]:
        process = psutil.Process(self.process.pid)
        return [process, *process.children(recursive=True)]

    def cpu_seconds(self) -> float:
        """Return the CPU time used so far, of user and system."""
        return sum(sum(process.cpu_times()[:2]) for process in self.processes())

    def megabytes(self) -> float:
        """Return the resident memory."""
        return float(sum(process.memory_info().rss for process in self.processes())) / 2**20

    def warm_up(self, requests: int) -> None:
        request(self.port, self.spec.path, requests)
        self.requests += requests

    def load(self, seconds: float) -> tuple[float, float]:
        """Load it; return CPU seconds a request, and requests a second.

        The system counts CPU time in steps: on a busy machine, a short load is repeated.
        """
        before = self.cpu_seconds()
        requests, elapsed = 0, 0.0
        for _ in range(MAX_LOADS):
            done = load(self.port, self.spec.path, seconds)
            requests += done.requests
            elapsed += done.seconds
            self.cut += done.cut
            if used := self.cpu_seconds() - before:
                break
        else:
            raise BenchmarkError("the load is too short: it used no CPU")
        self.requests += requests
        return used / requests, requests / elapsed


def wait_for_response(
    process: subprocess.Popen[bytes], port: int, path: str, start: float
) -> float:
    """Wait for the first response; return the seconds since `start`."""
    while process.poll() is None and time.perf_counter() - start < START_TIMEOUT_SECONDS:
        try:
            request(port, path)
        except (OSError, http.client.HTTPException):
            time.sleep(0.002)  # polling without a pause would fill the core of the load
        else:
            return time.perf_counter() - start
    raise BenchmarkError("the server does not respond")


def stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(timeout=STOP_TIMEOUT_SECONDS)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)


@contextmanager
def run_server(spec: ServerSpec, folder: Path, core: int) -> Iterator[Server]:
    port, admin = free_ports()
    log, errors = folder / f"{port}.log", folder / f"{port}.err"
    start = time.perf_counter()
    with ExitStack() as stack:
        try:
            process = subprocess.Popen(
                [with_ports(word, port, admin) for word in spec.command],
                cwd=spec.folder,
                env=spec.variables(port, admin),
                stdin=subprocess.DEVNULL,
                stdout=stack.enter_context(log.open("wb")),
                stderr=stack.enter_context(errors.open("wb")),
                process_group=0,
            )
        except OSError as error:
            raise BenchmarkError(f"{spec.command[0]} does not start: {error}") from error
        stack.enter_context(process)
        stack.callback(stop, process)
        os.sched_setaffinity(process.pid, {core})  # before it has started any thread
        try:
            start_seconds = wait_for_response(process, port, spec.path, start)
        except BenchmarkError as error:
            output = errors.read_text("utf-8", "replace")[-2000:]
            raise BenchmarkError(f"{' '.join(spec.command)}: {error}\n{output}") from error
        yield Server(
            spec=spec,
            process=process,
            port=port,
            metrics_url=spec.metrics_url and with_ports(spec.metrics_url, port, admin),
            log=log,
            start_seconds=start_seconds,
        )
