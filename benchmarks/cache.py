"""What a cached read costs in a rendered service, and how the cache behaves under faults."""

from collections.abc import Iterator

from benchmarks import BenchmarkError
from benchmarks.in_process import measure_variant
from benchmarks.model import Benchmark, Figures, Goal, Run
from benchmarks.projects import PRACTICES, Variant

STORES = {"memory": "memory", "redis": "Redis"}
UNCACHED = "cached read, against an uncached one"
DECORATED = "cached read, against the guide's decorator"
PING = "cached read, against a ping"
HOT_KEY = "200 callers when a hot key expires"
FROZEN = "200 callers of a frozen server"
ROWS = {
    "memory": (UNCACHED, DECORATED, PING, HOT_KEY),
    "redis": (UNCACHED, DECORATED, PING, HOT_KEY, FROZEN),
}


def measure(run: Run) -> Iterator[tuple[str, Figures | BenchmarkError]]:
    """Measure the rows of one store after the other."""
    for store, label in STORES.items():
        variant = Variant(practices=PRACTICES, database="sqlite", cache=store)
        packages = ("redis",) if store == "redis" else ()
        yield from measure_variant(run, "cache", label, variant, packages)


BENCHMARK = Benchmark(
    description="Measure what a cached read costs in rendered services. Needs redis-server.",
    rows=tuple(f"{row}, {label}" for store, label in STORES.items() for row in ROWS[store]),
    columns=("time", "CPU", "loads", "milliseconds"),
    goals=(
        *(
            Goal(
                text=f"An uncached read, times the CPU of a cached one, {label}",
                row=f"{UNCACHED}, {label}",
                column="CPU",
                at_least=2,
            )
            for label in STORES.values()
        ),
        *(
            Goal(
                text=f"A ping, times the CPU of a cached read, {label}",
                row=f"{PING}, {label}",
                column="CPU",
                at_least=limit,
            )
            for label, limit in (("memory", 0.95), ("Redis", 0.55))
        ),
        *(
            Goal(
                text=f"Loads for 200 callers when a hot key expires, {label}",
                row=f"{HOT_KEY}, {label}",
                column="loads",
                at_most=1,
            )
            for label in STORES.values()
        ),
        Goal(
            text="Milliseconds that a frozen Redis adds to 99 of 100 calls",
            row=f"{FROZEN}, Redis",
            column="milliseconds",
            at_most=100,
        ),
    ),
    sample={"rounds": 7},
    smallest={"rounds": 1},
    measure=measure,
)
