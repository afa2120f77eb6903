"""The goals, and whether a run met them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from benchmarks.model import Result


class Named(Protocol):
    """What came out for a row."""

    @property
    def name(self) -> str:
        """The row."""


ResultT = TypeVar("ResultT", bound=Named)


@dataclass(frozen=True, slots=True, kw_only=True)
class Goal(Generic[ResultT]):
    """One goal.

    Attributes:
        text: What is wanted.
        row: The row that shows it.
        figure: The figure of that row.
        relative_to: The row whose figure it is divided by, if any.
        at_least: The lowest that will do, if high is good.
        at_most: The highest that will do, if low is good.
    """

    text: str
    row: str
    figure: Callable[[ResultT], float | None]
    relative_to: str | None = None
    at_least: float | None = None
    at_most: float | None = None

    @property
    def wanted(self) -> str:
        """The limit, in words."""
        if self.at_least is not None:
            return f"at least {self.at_least:.2f}"
        return f"at most {self.at_most:.2f}"

    def met(self, figure: float) -> bool:
        """Tell whether a figure will do."""
        return (self.at_least is None or figure >= self.at_least) and (
            self.at_most is None or figure <= self.at_most
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict(Generic[ResultT]):
    """A goal and the figure that was measured for it, if any was."""

    goal: Goal[ResultT]
    figure: float | None

    @property
    def missed(self) -> bool:
        """Was it measured and missed?"""
        return self.figure is not None and not self.goal.met(self.figure)

    @property
    def word(self) -> str:
        """The verdict."""
        if self.figure is None:
            return "not measured"
        return "missed" if self.missed else "met"


GOALS: Sequence[Goal[Result]] = (
    Goal(
        text="All observability on keeps the CPU of a small JSON endpoint",
        row="everything on",
        figure=lambda result: result.kept,
        at_least=0.80,
    ),
    Goal(
        text="All observability on, without sockets, times the CPU",
        row="everything on",
        figure=lambda result: result.in_process,
        at_most=1.35,
    ),
    Goal(
        text="Probes, against the endpoint of bare FastAPI",
        row="probes, everything on",
        figure=lambda result: result.kept,
        at_least=1.1,
    ),
    Goal(
        text="The last of 50 routes, times the CPU of a lone one",
        row="last of 50 routes, everything on",
        figure=lambda result: 1 / result.kept,
        at_most=1.75,
    ),
    Goal(
        text="Start to first answer, times bare FastAPI's",
        row="everything on",
        figure=lambda result: result.first_answer,
        at_most=1.8,
    ),
    Goal(
        text="A practice that is off: tracing without endpoint, in-process, times nothing on",
        row="tracing alone, no endpoint",
        figure=lambda result: result.in_process,
        relative_to="nothing on",
        at_most=1.05,
    ),
)


def verdicts(goals: Sequence[Goal[ResultT]], results: Sequence[ResultT]) -> list[Verdict[ResultT]]:
    """Return the verdict on each goal."""
    by_name = {result.name: result for result in results}

    def figure(goal: Goal[ResultT], row: str) -> float | None:
        return goal.figure(by_name[row]) if row in by_name else None

    found = []
    for goal in goals:
        measured = figure(goal, goal.row)
        base = figure(goal, goal.relative_to) if goal.relative_to else 1.0
        ratio = None if measured is None or base is None else measured / base
        found.append(Verdict(goal=goal, figure=ratio))
    return found
