"""Costs of data in a rendered service, against the guide's own form."""

from benchmarks.in_process import measure_variant
from benchmarks.inside.data import ROWS
from benchmarks.model import Benchmark, Goal, Measured, Run
from benchmarks.projects import PRACTICES, Variant

DATABASES = {"sqlite": ("SQLite", "aiosqlite"), "postgresql": ("PostgreSQL", "asyncpg")}


def measure(run: Run) -> Measured:
    for database, (label, driver) in DATABASES.items():
        variant = Variant(practices=PRACTICES, database=database)
        yield from measure_variant(run, "data", label, variant, driver)


def goals(label: str, last_page: float) -> tuple[Goal, ...]:
    return (
        Goal(
            f"A list of 100 with all observability, times cheaper in CPU, {label}",
            *(f"list of 100, {label}", "CPU"),
            at_least=1.3,
        ),
        Goal(
            f"10,000 stored at once, times faster than one by one, {label}",
            *(f"bulk insert of 10,000, {label}", "time"),
            at_least=30,
        ),
        Goal(
            f"The last page of 1,000,000, times faster than by OFFSET, {label}",
            *(f"last page of 1,000,000, {label}", "time"),
            at_least=last_page,
        ),
        Goal(
            f"Memory to export 100,000, times that for 10,000, {label}",
            *(f"export of 100,000, {label}", "service grows"),
            at_most=1.1,
        ),
    )


BENCHMARK = Benchmark(
    description="Measure what data costs in rendered services against the guide's own form.",
    rows=tuple(f"{row}, {label}" for label, _ in DATABASES.values() for row in ROWS),
    columns=("time", "CPU", "memory", "service grows", "guide grows"),
    goals=(*goals("SQLite", last_page=10), *goals("PostgreSQL", last_page=40)),
    sample={"rounds": 7, "users": 1_000_000},
    smallest={"rounds": 1, "users": 10_000},
    measure=measure,
)
