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
    return '"GET /ping HTTP/1.1" 200' in line


def count_lines(log: Path, is_request: Callable[[str], bool]) -> int:
    with log.open(encoding="utf-8") as lines:
        return sum(is_request(line) for line in lines)


def count_in_exposition(exposition: str, path: str) -> int:
    """Return the successful requests for a path in Prometheus' text format."""
    series = re.findall(r"^http_requests_total\{([^}]*)\} (\S+)$", exposition, re.MULTILINE)
    return sum(
        int(float(count))
        for labels, count in series
        if f'="{path}"' in labels and 'status="200"' in labels
    )


def requests_counted(server: Server) -> int | None:
    """Return the counter of a running server, if it has one."""
    if server.metrics_url is None:
        return None
    time.sleep(0.1)  # the server still serves requests that the end of the load cut off
    with urllib.request.urlopen(server.metrics_url, timeout=10) as response:
        return count_in_exposition(response.read().decode(), server.spec.path)


def verify(requests: int, cut: int, *, logged: int | None, counted: int | None) -> None:
    """Compare the log and the counter of a server, where it has them, with the load.

    Args:
        requests: Responses that the load received.
        cut: Requests that the server may have served besides.
        logged: Lines in the log.
        counted: Value of the counter.
    """
    for what, found in (("logged", logged), ("counted", counted)):
        if found is not None and not requests <= found <= requests + cut:
            raise BenchmarkError(
                f"{found} requests {what}, but {requests} to {requests + cut} served"
            )
    if logged is not None and counted is not None and logged != counted:
        raise BenchmarkError(f"{logged} requests logged, but {counted} counted")


def verify_stopped(server: Server, counted: int | None) -> None:
    spec = server.spec
    logged = count_lines(server.log, spec.is_request) if spec.is_request else None
    verify(server.requests, server.cut, logged=logged, counted=counted)
    if spec.collector is not None and not spec.collector.batches:
        raise BenchmarkError("no trace was exported")
