"""What a request costs without sockets, in the project's own environment."""

import json
import os
import statistics
import subprocess
from pathlib import Path
from typing import TypedDict, cast

from benchmarks import evidence
from benchmarks.errors import BenchmarkError
from benchmarks.model import Row, Setting
from benchmarks.projects import ROOT
from benchmarks.servers import Serving, clean, filled, free_ports

REQUESTS = 3000
EXTRA_ROUNDS = 2
"""Rounds beyond the pairs of loads; they cost little."""


def driven(serving: Serving, module: str, arguments: list[str], folder: Path, core: int) -> object:
    """Run a module of this package in a project's environment; return what it writes as JSON.

    What the project logs meanwhile is left in the folder, in a file called "log".

    Raises:
        BenchmarkError: It failed.
    """
    port, admin = free_ports(2)
    environment = {name: filled(text, port, admin) for name, text in serving.environment.items()}
    environment["PYTHONPATH"] = os.pathsep.join([str(ROOT), str(serving.folder / "tests")])
    result = folder / "result.json"
    with (
        (folder / "log").open("wb") as output,
        subprocess.Popen(
            [serving.python, "-m", module, *arguments, str(result)],
            cwd=serving.folder,
            env=clean(environment),
            stdout=output,
            stderr=subprocess.PIPE,
        ) as process,
    ):
        os.sched_setaffinity(process.pid, {core})
        _, faults = process.communicate()
    if process.returncode != 0:
        raise BenchmarkError(f"in-process:\n{faults.decode(errors='replace')[-2000:]}")
    found: object = json.loads(result.read_text("utf-8"))
    return found


def verify_log(serving: Serving, folder: Path, number: int) -> None:
    """See that a project that was driven has logged a number of requests, if it logs them.

    Raises:
        BenchmarkError: It has not.
    """
    if serving.logged is not None:
        logged = evidence.count_lines(folder / "log", serving.logged)
        evidence.verify(serving.name, number, 0, logged=logged, in_counter=None)


class Found(TypedDict):
    """What a driver writes: figures by what was done, and how many requests were served."""

    figures: dict[str, dict[str, float]]
    served: int


def figures(
    serving: Serving, module: str, arguments: list[str], folder: Path, core: int
) -> dict[str, dict[str, float]]:
    """Run a module that measures what is done, as `driven` does; return the figures by row.

    Raises:
        BenchmarkError: A request failed or was not logged, or something was not done.
    """
    found = cast("Found", driven(serving, module, arguments, folder, core))
    verify_log(serving, folder, found["served"])
    return {f"{name}, {serving.name}": each for name, each in found["figures"].items()}


def in_process(row: Row, setting: Setting) -> float:
    """Return how many times the CPU of bare FastAPI a request of the row's subject takes.

    Raises:
        BenchmarkError: A request failed, or was not logged.
    """
    subject = row.subject
    rounds = setting.pairs + EXTRA_ROUNDS
    arguments = [str(row.in_process), subject.path, str(rounds), str(REQUESTS)]
    found = driven(subject, "benchmarks.drive", arguments, setting.folder, setting.core)
    verify_log(subject, setting.folder, rounds * REQUESTS)
    pairs = cast("list[tuple[float, float]]", found)
    return statistics.median(ours for _, ours in pairs) / statistics.median(
        bare for bare, _ in pairs
    )
