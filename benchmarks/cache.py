"""Costs of a cached read in a rendered service, and the cache under faults."""

from benchmarks.in_process import measure_variant
from benchmarks.inside.cache import REDIS_ROWS, ROWS
from benchmarks.model import Benchmark, Goal, Measured, Run
from benchmarks.projects import PRACTICES, Variant


def measure(run: Run) -> Measured:
    memory = Variant(practices=PRACTICES, database="sqlite", cache="memory")
    yield from measure_variant(run, "cache", "memory", memory)
    redis = Variant(practices=PRACTICES, database="sqlite", cache="redis")
    yield from measure_variant(run, "cache", "Redis", redis, "redis")


def goals(label: str, ping: float) -> tuple[Goal, ...]:
    return (
        Goal(
            f"An uncached read, times the CPU of a cached one, {label}",
            *(f"cached read, against an uncached one, {label}", "CPU"),
            at_least=2,
        ),
        Goal(
            f"A ping, times the CPU of a cached read, {label}",
            *(f"cached read, against a ping, {label}", "CPU"),
            at_least=ping,
        ),
        Goal(
            f"Loads for 200 callers when a hot key expires, {label}",
            *(f"200 callers when a hot key expires, {label}", "loads"),
            at_most=1,
        ),
    )


BENCHMARK = Benchmark(
    description="Measure what a cached read costs in rendered services. Needs redis-server.",
    rows=(*(f"{row}, memory" for row in ROWS), *(f"{row}, Redis" for row in (*ROWS, *REDIS_ROWS))),
    columns=("time", "CPU", "loads", "milliseconds"),
    goals=(
        *goals("memory", ping=0.95),
        *goals("Redis", ping=0.55),
        Goal(
            "Milliseconds that a frozen Redis adds to 99 of 100 calls",
            *("200 callers of a frozen server, Redis", "milliseconds"),
            at_most=100,
        ),
    ),
    sample={"rounds": 7},
    smallest={"rounds": 1},
    measure=measure,
)
