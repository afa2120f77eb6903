"""Servers, each a process of its own on a core of its own, and what the kernel says of them."""

import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.client import ask
from benchmarks.collector import Collector
from benchmarks.errors import BenchmarkError

TICKS = os.sysconf("SC_CLK_TCK")
FOREIGN = ("GRANIAN_", "MY_SERVICE_", "PYTHON", "UVICORN_", "WEB_CONCURRENCY", "VIRTUAL_ENV")


@dataclass(frozen=True, slots=True, kw_only=True)
class Serving:
    """A way to serve. `{port}` and `{admin}` in its words stand for two free ports.

    Attributes:
        name: What the report calls it.
        command: The words of the command.
        folder: Where it runs.
        path: What is asked of it.
        environment: Variables that it gets beyond those of this process.
        logged: Tells which lines of its log stand for a request; none of it is looked at otherwise.
        metrics: The address of its counters, if it shows them.
        collector: Where it sends its traces, if it does.
        module: What it imports before it can serve, for the import time.
    """

    name: str
    command: tuple[str, ...]
    folder: Path
    path: str = "/ping"
    environment: Mapping[str, str] = field(default_factory=dict)
    logged: Callable[[str], bool] | None = None
    metrics: str | None = None
    collector: Collector | None = None
    module: str

    @property
    def python(self) -> str:
        """The Python that it runs on."""
        return str(Path(self.command[0]).with_name("python"))


def clean(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the variables of this process that concern no server, and these."""
    kept = {name: text for name, text in os.environ.items() if not name.startswith(FOREIGN)}
    return {**kept, **environment}


def filled(text: str, port: int, admin: int) -> str:
    """Return a word of a serving with its ports."""
    return text.replace("{port}", str(port)).replace("{admin}", str(admin))


def free_ports(number: int) -> list[int]:
    """Return ports of the loopback interface that nobody listens on, all different."""
    with ExitStack() as stack:
        probes = [stack.enter_context(socket.socket()) for _ in range(number)]
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [probe.getsockname()[1] for probe in probes]


def family(pid: int) -> list[int]:
    """Return a process and all that it started."""
    found = [pid]
    for task in Path(f"/proc/{pid}/task").iterdir():
        for child in (task / "children").read_text("ascii").split():
            found += family(int(child))
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """A server that answers.

    Attributes:
        serving: How it was started.
        process: The process.
        port: Where it answers.
        metrics: The address of its counters, if it has any.
        log: What it writes to standard output.
        first_answer: Seconds from its start to its first answer.
    """

    serving: Serving
    process: subprocess.Popen[bytes]
    port: int
    metrics: str | None
    log: Path
    first_answer: float

    def cpu(self) -> float:
        """Return the seconds of CPU that it has used."""
        ticks = 0
        for pid in family(self.process.pid):
            stat = Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()
            ticks += int(stat[11]) + int(stat[12])
        return ticks / TICKS

    def memory(self) -> float:
        """Return the megabytes that it keeps in memory."""
        kilobytes = 0
        for pid in family(self.process.pid):
            for line in Path(f"/proc/{pid}/status").read_text("utf-8").splitlines():
                if line.startswith("VmRSS:"):
                    kilobytes += int(line.split()[1])
        return kilobytes / 1024


def first_answer(process: subprocess.Popen[bytes], port: int, path: str, since: float) -> float:
    """Wait for the first answer; return how long after `since` it came.

    Raises:
        BenchmarkError: The server ended, answered with an error, or not within half a minute.
    """
    while process.poll() is None and time.perf_counter() - since < 30:  # noqa: PLR2004  (as said)
        try:
            ask(port, path)
        except (OSError, EOFError):
            time.sleep(0.002)  # asking without a pause would fill the core of the load
        else:
            return time.perf_counter() - since
    raise BenchmarkError("It does not answer.")


def stop(process: subprocess.Popen[bytes]) -> None:
    """End a server, by force if it does not end by itself."""
    process.terminate()
    try:
        process.wait(timeout=15)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)


@contextmanager
def started(serving: Serving, folder: Path, core: int) -> Iterator[Server]:
    """Run a server on a core; its log goes to a file in the folder.

    Raises:
        BenchmarkError: It did not start.
    """
    port, admin = free_ports(2)
    log, faults = folder / f"{port}.log", folder / f"{port}.err"
    since = time.perf_counter()
    with log.open("wb") as stdout, faults.open("wb") as stderr:
        process = subprocess.Popen(
            [filled(word, port, admin) for word in serving.command],
            cwd=serving.folder,
            env=clean(
                {name: filled(text, port, admin) for name, text in serving.environment.items()}
            ),
            stdin=subprocess.DEVNULL,
            stdout=stdout,
            stderr=stderr,
            process_group=0,
        )
    with process:
        try:
            os.sched_setaffinity(process.pid, {core})  # before it has started any thread
            try:
                took = first_answer(process, port, serving.path, since)
            except BenchmarkError as error:
                said = faults.read_text("utf-8", "replace")[-2000:]
                raise BenchmarkError(f"{serving.name}: {error}\n{said}") from error
            yield Server(
                serving=serving,
                process=process,
                metrics=serving.metrics and filled(serving.metrics, port, admin),
                port=port,
                log=log,
                first_answer=took,
            )
        finally:
            stop(process)
