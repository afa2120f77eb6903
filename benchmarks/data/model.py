"""What comes out, and what is wanted of it."""

from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.goals import Goal

DATABASES = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}
"""What the report calls them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """How many times the service's figure the guide's form's is.

    Attributes:
        name: The row, and its database.
        clock: Time on the clock.
        cpu: CPU of the process, which is not that of a database's server.
        memory: Most memory that is held at once.
        their_growth: How many times the memory for a tenth of the work the guide's form needs.
        our_growth: The same of the service.
    """

    name: str
    clock: float | None = None
    cpu: float | None = None
    memory: float | None = None
    their_growth: float | None = None
    our_growth: float | None = None


GOALS: Sequence[Goal[Result]] = (
    *(
        Goal(
            text=f"A list of 100 with all observability, times cheaper in CPU, {database}",
            row=f"list of 100, {database}",
            figure=lambda result: result.cpu,
            at_least=1.3,
        )
        for database in DATABASES.values()
    ),
    *(
        Goal(
            text=f"10,000 stored at once, times faster than one by one, {database}",
            row=f"bulk insert of 10,000, {database}",
            figure=lambda result: result.clock,
            at_least=30,
        )
        for database in DATABASES.values()
    ),
    *(
        Goal(
            text=f"The last page of 1,000,000, times faster than by OFFSET, {database}",
            row=f"last page of 1,000,000, {database}",
            figure=lambda result: result.clock,
            at_least=wanted,
        )
        for database, wanted in (("SQLite", 10), ("PostgreSQL", 40))
    ),
    *(
        Goal(
            text=f"Memory to export 100,000, times that for 10,000, {database}",
            row=f"export of 100,000, {database}",
            figure=lambda result: result.our_growth,
            at_most=1.1,
        )
        for database in DATABASES.values()
    ),
)
