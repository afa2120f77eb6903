"""What comes out, and what is wanted of it."""

from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.goals import Goal

STORES = {"memory": "memory", "redis": "Redis"}
"""What the report calls them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What came out for a row.

    Attributes:
        name: The row, and its store.
        clock: How many times the time of a cached read the other way takes.
        cpu: The same of the CPU of the process, which is not that of a server.
        loads: Loads for all callers together, at most.
        milliseconds: What 99 of 100 callers waited longer for, at most.
    """

    name: str
    clock: float | None = None
    cpu: float | None = None
    loads: float | None = None
    milliseconds: float | None = None


GOALS: Sequence[Goal[Result]] = (
    *(
        Goal(
            text=f"An uncached read, times the CPU of a cached one, {store}",
            row=f"cached read, against an uncached one, {store}",
            figure=lambda result: result.cpu,
            at_least=2,
        )
        for store in STORES.values()
    ),
    *(
        Goal(
            text=f"A ping, times the CPU of a cached read, {store}",
            row=f"cached read, against a ping, {store}",
            figure=lambda result: result.cpu,
            at_least=wanted,
        )
        for store, wanted in (("memory", 0.95), ("Redis", 0.55))
    ),
    *(
        Goal(
            text=f"Loads for 200 callers when a hot key ends, {store}",
            row=f"200 callers when a hot key ends, {store}",
            figure=lambda result: result.loads,
            at_most=1,
        )
        for store in STORES.values()
    ),
    Goal(
        text="Milliseconds that a frozen Redis adds to 99 of 100 calls",
        row="200 callers of a frozen server, Redis",
        figure=lambda result: result.milliseconds,
        at_most=100,
    ),
)
