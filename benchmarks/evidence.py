"""Evidence that a server did its work: a log line and a count for each request."""

import json
import re
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path

from benchmarks import BenchmarkError
from benchmarks.servers import Server


def has_event(event: str) -> Callable[[str], bool]:
    """Return a test for a line that is a JSON record of an event."""

    def is_request(line: str) -> bool:
        # The server logs lines of its own, which are not JSON.
        return line.startswith("{") and json.loads(line).get("event") == event

    return is_request


def is_uvicorn_request(line: str) -> bool:
    """Tell whether uvicorn's access log shows a successful ping."""
    return '"GET /ping HTTP/1.1" 200' in line


def count_lines(log: Path, is_request: Callable[[str], bool]) -> int:
    """Return how many lines of a log stand for a request."""
    with log.open(encoding="utf-8") as lines:
        return sum(is_request(line) for line in lines)


def count_in_exposition(exposition: str, path: str) -> int:
    """Return the successful requests for a path in Prometheus' text format."""
    return sum(
        int(float(count))
        for labels, count in re.findall(
            r"^http_requests_total\{([^}]*)\} (\S+)$", exposition, re.MULTILINE
        )
        if f'="{path}"' in labels and 'status="200"' in labels
    )


def requests_counted(server: Server) -> int | None:
    """Return the counter of a running server, if it has one."""
    if server.metrics_url is None:
        return None
    time.sleep(0.1)  # the server still serves requests that the end of the load cut off
    with urllib.request.urlopen(server.metrics_url, timeout=10) as response:
        return count_in_exposition(response.read().decode(), server.spec.path)


def verify(name: str, requests: int, cut: int, *, logged: int | None, counted: int | None) -> None:
    """Compare the log and the counter of a server with the load.

    Args:
        name: Names the server.
        requests: Responses that the load received.
        cut: Requests that the server may have served besides.
        logged: Lines in the log, if it logs requests.
        counted: Value of the counter, if it has one.

    Raises:
        BenchmarkError: Lines or counts are missing, or there are too many.
    """
    for what, found in (("logged", logged), ("counted", counted)):
        if found is not None and not requests <= found <= requests + cut:
            raise BenchmarkError(
                f"{name}: {found} requests {what}, but {requests} to {requests + cut} served"
            )
    if logged is not None and counted is not None and logged != counted:
        raise BenchmarkError(f"{name}: {logged} requests logged, but {counted} counted")


def verify_stopped(server: Server, requests: int, cut: int, counted: int | None) -> None:
    """Compare a stopped server's log, counter and exported traces with the load.

    Raises:
        BenchmarkError: Something is missing.
    """
    spec = server.spec
    logged = count_lines(server.log, spec.is_request) if spec.is_request else None
    verify(spec.name, requests, cut, logged=logged, counted=counted)
    if spec.collector is not None and not spec.collector.batches:
        raise BenchmarkError(f"{spec.name}: no trace was exported")
