"""What a benchmark declares, and the run that measures it."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks import BenchmarkError
from benchmarks.collector import Collector
from benchmarks.projects import Projects

Figures = Mapping[str, float]
"""The figures of a row, by column."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Goal:
    """A limit for one figure of a row.

    Attributes:
        text: What the figure says.
        row: The row.
        column: The figure of that row.
        relative_to: A row whose figure divides it, if any.
        at_least: The lower limit, if the goal has one.
        at_most: The upper limit, if the goal has one.
    """

    text: str
    row: str
    column: str
    relative_to: str | None = None
    at_least: float | None = None
    at_most: float | None = None

    @property
    def limit(self) -> str:
        """The limit, as the report shows it."""
        if self.at_least is not None:
            return f"at least {self.at_least:.2f}"
        return f"at most {self.at_most:.2f}"

    def figure(self, results: Mapping[str, Figures]) -> float | None:
        """Return the measured figure, or None if a row that it needs was not measured."""
        rows = [self.row] if self.relative_to is None else [self.row, self.relative_to]
        found = [results.get(row, {}).get(self.column) for row in rows]
        measured = [figure for figure in found if figure is not None]
        if len(measured) < len(rows):
            return None
        return measured[0] / (measured[1] if self.relative_to else 1.0)

    def verdict(self, results: Mapping[str, Figures]) -> str:
        """Return "met", "missed" or "not measured"."""
        figure = self.figure(results)
        if figure is None:
            return "not measured"
        is_met = (self.at_least is None or figure >= self.at_least) and (
            self.at_most is None or figure <= self.at_most
        )
        return "met" if is_met else "missed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One run of a benchmark.

    Attributes:
        rows: The rows to measure, in the order of the report.
        sample: The sizes of the sample, by argument.
        projects: Renders and installs projects.
        collector: Receives the traces of a service that exports them.
        folder: Where logs go.
        core: The CPU core of whatever is measured; the load comes from another one.
        versions: Versions of the measured packages, which the benchmark fills in.
    """

    rows: Sequence[str]
    sample: Mapping[str, float]
    projects: Projects
    collector: Collector
    folder: Path
    core: int
    versions: dict[str, str] = field(default_factory=dict)

    def size(self, argument: str) -> int:
        """Return a size of the sample that is a whole number."""
        return int(self.sample[argument])


@dataclass(frozen=True, slots=True, kw_only=True)
class Benchmark:
    """A command.

    Attributes:
        description: What it measures.
        rows: All rows, in the order of the report.
        columns: The columns of the report.
        goals: What the figures should be.
        sample: The sizes of the published sample, by argument.
        smallest: The smallest sizes that still run every row.
        measure: Measures the rows of a run, and yields the figures or the error of each.
        charted: The column that the report draws, if any.
        method: Returns what the report adds to the sample.
    """

    description: str
    rows: Sequence[str]
    columns: Sequence[str]
    goals: Sequence[Goal]
    sample: Mapping[str, float]
    smallest: Mapping[str, float]
    measure: Callable[[Run], Iterator[tuple[str, Figures | BenchmarkError]]]
    charted: str | None = None
    method: Callable[[Run], str] = lambda _run: ""
