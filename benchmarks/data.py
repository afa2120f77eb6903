"""What data costs in a rendered service, against the guide's own form."""

from collections.abc import Iterator

from benchmarks import BenchmarkError
from benchmarks.in_process import measure_variant
from benchmarks.model import Benchmark, Figures, Goal, Run
from benchmarks.projects import PRACTICES, Variant

DATABASES = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}
DRIVERS = {"sqlite": "aiosqlite", "postgresql": "asyncpg"}
ROWS = (
    "list of 100",
    "single read",
    "create",
    "bulk insert of 10,000",
    "export of 100,000",
    "last page of 1,000,000",
)
LIMITS = (
    (
        "A list of 100 with all observability, times cheaper in CPU",
        "list of 100",
        "CPU",
        {"SQLite": 1.3, "PostgreSQL": 1.3},
    ),
    (
        "10,000 stored at once, times faster than one by one",
        "bulk insert of 10,000",
        "time",
        {"SQLite": 30, "PostgreSQL": 30},
    ),
    (
        "The last page of 1,000,000, times faster than by OFFSET",
        "last page of 1,000,000",
        "time",
        {"SQLite": 10, "PostgreSQL": 40},
    ),
)


def measure(run: Run) -> Iterator[tuple[str, Figures | BenchmarkError]]:
    """Measure the rows of one database after the other."""
    for database, label in DATABASES.items():
        variant = Variant(practices=PRACTICES, database=database)
        yield from measure_variant(run, "data", label, variant, (DRIVERS[database],))


BENCHMARK = Benchmark(
    description="Measure what data costs in rendered services against the guide's own form.",
    rows=tuple(f"{row}, {label}" for label in DATABASES.values() for row in ROWS),
    columns=("time", "CPU", "memory", "service grows", "guide grows"),
    goals=(
        *(
            Goal(
                text=f"{text}, {label}",
                row=f"{row}, {label}",
                column=column,
                at_least=limit,
            )
            for text, row, column, limits in LIMITS
            for label, limit in limits.items()
        ),
        *(
            Goal(
                text=f"Memory to export 100,000, times that for 10,000, {label}",
                row=f"export of 100,000, {label}",
                column="service grows",
                at_most=1.1,
            )
            for label in DATABASES.values()
        ),
    ),
    sample={"rounds": 7, "users": 1_000_000},
    smallest={"rounds": 1, "users": 10_000},
    measure=measure,
)
