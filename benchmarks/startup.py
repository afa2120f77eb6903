"""What a service costs before its first answer."""

import os
import subprocess
from collections.abc import Callable

from benchmarks.errors import BenchmarkError
from benchmarks.model import Row, Setting
from benchmarks.pairs import times
from benchmarks.servers import Serving, clean, started

IMPORT = "import time; start = time.perf_counter(); import {}; print(time.perf_counter() - start)"


def start_time(serving: Serving, setting: Setting) -> float:
    """Return the seconds from start to first answer."""
    with started(serving, setting.folder, setting.core) as server:
        return server.first_answer


def import_time(serving: Serving, setting: Setting) -> float:
    """Return the seconds that importing a serving's module takes in a new process."""
    with subprocess.Popen(
        [serving.python, "-c", IMPORT.format(serving.module)],
        env=clean(serving.environment),
        stdout=subprocess.PIPE,
    ) as process:
        os.sched_setaffinity(process.pid, {setting.core})
        printed, _ = process.communicate()
    if process.returncode != 0:
        raise BenchmarkError(f"{serving.name}: importing {serving.module} failed")
    return float(printed)


def compared(measured: Callable[[Serving, Setting], float], row: Row, setting: Setting) -> float:
    """Return how many times the baseline's figure the subject's is, measured in turns."""
    return times(
        [
            (measured(row.baseline, setting), measured(row.subject, setting))
            for _ in range(setting.pairs)
        ]
    )
