"""HTTP load from the core of this process. One failed request fails the load."""

import asyncio
import http.client
import re
import shutil
import subprocess
import time
from contextlib import closing
from dataclasses import dataclass

from benchmarks import BenchmarkError

CONNECTIONS = 32
CONTENT_LENGTH = re.compile(rb"^content-length: *(\d+)", re.IGNORECASE | re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """The result of a load.

    Attributes:
        requests: Responses.
        seconds: The duration.
        cut: Requests that the server may have served besides, when the load ended.
    """

    requests: int
    seconds: float
    cut: int


def request(port: int, path: str, count: int = 1) -> None:
    """Send requests one after the other on one connection.

    Raises:
        BenchmarkError: A status is not 2xx.
        OSError: The server refuses or resets the connection, or takes over 30 seconds.
        HTTPException: The response is not complete.
    """
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=30)) as connection:
        for _ in range(count):
            connection.request("GET", path)
            response = connection.getresponse()
            response.read()
            if response.status // 100 != 2:  # noqa: PLR2004  (success)
                raise BenchmarkError(f"GET {path}: {response.status} {response.reason}")


async def _load_connection(port: int, path: str, end: float) -> int:
    message = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n".encode()
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    responses = 0
    with closing(writer):
        while time.perf_counter() < end:
            writer.write(message)
            head = await reader.readuntil(b"\r\n\r\n")
            length = CONTENT_LENGTH.search(head)
            if not head.startswith(b"HTTP/1.1 2") or length is None:
                raise BenchmarkError(f"GET {path}: {head.splitlines()[0].decode()}")
            await reader.readexactly(int(length[1]))
            responses += 1
    return responses


async def asyncio_load(port: int, path: str, seconds: float) -> Load:
    start = time.perf_counter()
    connections = [_load_connection(port, path, start + seconds) for _ in range(CONNECTIONS)]
    requests = sum(await asyncio.gather(*connections))
    return Load(requests=requests, seconds=time.perf_counter() - start, cut=0)


def parse_wrk(output: str) -> Load:
    done = re.search(r"^\s*(\d+) requests in ([\d.]+)(ms|s|m),", output, re.MULTILINE)
    failed = re.search(r"^\s*(Non-2xx|Socket errors).*$", output, re.MULTILINE)
    if done is None or failed is not None or done[1] == "0":
        raise BenchmarkError(failed[0].strip() if failed else f"No requests:\n{output}")
    unit = {"ms": 0.001, "s": 1.0, "m": 60.0}[done[3]]
    return Load(requests=int(done[1]), seconds=float(done[2]) * unit, cut=CONNECTIONS)


def generator(seconds: float) -> str:
    """Name the load generator; wrk counts in whole seconds."""
    return "wrk" if seconds == int(seconds) and shutil.which("wrk") else "asyncio"


def load(port: int, path: str, seconds: float) -> Load:
    if generator(seconds) == "asyncio":
        return asyncio.run(asyncio_load(port, path, seconds))
    url = f"http://127.0.0.1:{port}{path}"
    command = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{int(seconds)}s", url]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    if run.returncode != 0:
        raise BenchmarkError(f"wrk failed:\n{run.stdout}{run.stderr}")
    return parse_wrk(run.stdout)
