"""That the work was done: a line in the log for each request, and each request counted."""

import json
import re
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path

from benchmarks.errors import BenchmarkError
from benchmarks.servers import Server


def by_event(event: str) -> Callable[[str], bool]:
    """Return what tells whether a line is a JSON record of an event."""

    def logged(line: str) -> bool:
        # A server may have something of its own to say.
        return line.startswith("{") and json.loads(line).get("event") == event

    return logged


def by_uvicorn(line: str) -> bool:
    """Tell whether a line is from uvicorn's access log, of a ping that succeeded."""
    return '"GET /ping HTTP/1.1" 200' in line


def count_lines(log: Path, logged: Callable[[str], bool]) -> int:
    """Return how many lines of a log tell of a request."""
    with log.open(encoding="utf-8") as lines:
        return sum(logged(line) for line in lines)


def counted(exposition: str, path: str) -> int:
    """Return how many successful requests for a path the counters of a service show."""
    return sum(
        int(float(count))
        for labels, count in re.findall(
            r"^http_requests_total\{([^}]*)\} (\S+)$", exposition, re.MULTILINE
        )
        if f'="{path}"' in labels and 'status="200"' in labels
    )


def requests_counted(server: Server) -> int | None:
    """Return how many requests a running server has counted, if it counts."""
    if server.metrics is None:
        return None
    time.sleep(0.1)  # requests that the end of the load cut off are still being served
    with urllib.request.urlopen(server.metrics, timeout=10) as response:
        return counted(response.read().decode(), server.serving.path)


def requests_logged(server: Server) -> int | None:
    """Return how many requests a stopped server has logged, if it logs them."""
    logged = server.serving.logged
    return None if logged is None else count_lines(server.log, logged)


def verify(
    name: str, answered: int, cut: int, *, logged: int | None, in_counter: int | None
) -> None:
    """Compare what a server says that it served with what the load saw.

    Args:
        name: What the server is called.
        answered: Answers that the load has seen.
        cut: Requests that may have been served besides.
        logged: Lines in the log, if there is one.
        in_counter: Value of the counter, if there is one.

    Raises:
        BenchmarkError: A line or a count is missing, or there are too many.
    """
    for what, found in (("logged", logged), ("counted", in_counter)):
        if found is not None and not answered <= found <= answered + cut:
            raise BenchmarkError(
                f"{name}: {found} requests {what}, but {answered} to {answered + cut} served"
            )
    if logged is not None and in_counter is not None and logged != in_counter:
        raise BenchmarkError(f"{name}: {logged} requests logged, but {in_counter} counted")


def verify_traces(server: Server) -> None:
    """See that a stopped server has sent its traces, if it does that.

    Raises:
        BenchmarkError: Nothing came.
    """
    collector = server.serving.collector
    if collector is not None and not collector.batches:
        raise BenchmarkError(f"{server.serving.name}: no trace was sent")
