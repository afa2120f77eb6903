"""Load: as many requests as a server can answer in a while, none of which may fail."""

import asyncio
import re
import shutil
import subprocess
from dataclasses import dataclass

from benchmarks.client import requests_until
from benchmarks.errors import BenchmarkError

CONNECTIONS = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """What a server answered.

    Attributes:
        requests: Answers that came.
        seconds: How long that took.
        cut: Requests that may have been served without the load seeing the answer, at most.
    """

    requests: int
    seconds: float
    cut: int


def parsed(output: str) -> Load:
    """Read what wrk prints.

    Raises:
        BenchmarkError: A request failed, or there was none.
    """
    done = re.search(r"^\s*(\d+) requests in ([\d.]+)(ms|s|m),", output, re.MULTILINE)
    failed = re.search(r"^\s*(Non-2xx|Socket errors).*$", output, re.MULTILINE)
    if done is None or failed is not None or done[1] == "0":
        raise BenchmarkError(failed[0].strip() if failed else f"No requests:\n{output}")
    unit = {"ms": 0.001, "s": 1.0, "m": 60.0}[done[3]]
    return Load(requests=int(done[1]), seconds=float(done[2]) * unit, cut=CONNECTIONS)


def generator() -> str:
    """Name what makes the load."""
    return "wrk" if shutil.which("wrk") else "an asyncio client"


def loaded(port: int, path: str, seconds: int) -> Load:
    """Load a server of this machine, from the core that this process runs on.

    Raises:
        BenchmarkError: A request failed.
    """
    if generator() != "wrk":
        done, took = asyncio.run(requests_until(port, path, CONNECTIONS, seconds))
        return Load(requests=done, seconds=took, cut=0)
    url = f"http://127.0.0.1:{port}{path}"
    command = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", url]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    if run.returncode != 0:
        raise BenchmarkError(f"wrk failed:\n{run.stdout}{run.stderr}")
    return parsed(run.stdout)
