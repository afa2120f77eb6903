"""What a request costs without sockets, in the project's own environment."""

import json
import os
import statistics
import subprocess
from pathlib import Path

from benchmarks import evidence
from benchmarks.errors import BenchmarkError
from benchmarks.model import Row, Setting
from benchmarks.servers import clean, filled, free_ports

REQUESTS = 3000
EXTRA_ROUNDS = 2
"""Rounds beyond the pairs of loads; they cost little."""


def in_process(row: Row, setting: Setting) -> float:
    """Return how many times the CPU of bare FastAPI a request of the row's subject takes.

    Raises:
        BenchmarkError: A request failed, or was not logged.
    """
    subject = row.subject
    rounds = setting.pairs + EXTRA_ROUNDS
    port, admin = free_ports(2)
    environment = {name: filled(text, port, admin) for name, text in subject.environment.items()}
    log, result = setting.folder / "in-process.log", setting.folder / "in-process.json"
    arguments = [str(row.in_process), subject.path, str(rounds), str(REQUESTS), str(result)]
    with (
        log.open("wb") as output,
        subprocess.Popen(
            [subject.python, str(Path(__file__).with_name("drive.py")), *arguments],
            cwd=subject.folder,
            env=clean(environment),
            stdout=output,
            stderr=subprocess.PIPE,
        ) as process,
    ):
        os.sched_setaffinity(process.pid, {setting.core})
        _, faults = process.communicate()
    if process.returncode != 0:
        raise BenchmarkError(f"in-process:\n{faults.decode(errors='replace')[-2000:]}")
    if subject.logged is not None:
        logged = evidence.count_lines(log, subject.logged)
        evidence.verify(subject.name, rounds * REQUESTS, 0, logged=logged, in_counter=None)
    log.unlink()
    pairs: list[tuple[float, float]] = json.loads(result.read_text("utf-8"))
    return statistics.median(ours for _, ours in pairs) / statistics.median(
        bare for bare, _ in pairs
    )
