"""The declaration of a benchmark, and the run that measures it."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks import BenchmarkError
from benchmarks.collector import Collector
from benchmarks.projects import Projects

Figures = Mapping[str, float]
"""The figures of a row, by column."""

Measured = Iterator[tuple[str, Figures | BenchmarkError]]
"""Rows, each with its figures or with the error that it ended in."""


@dataclass(frozen=True, slots=True)
class Goal:
    """A lower or upper limit for a figure, or for its ratio to that of another row."""

    text: str
    row: str
    column: str
    at_least: float | None = field(default=None, kw_only=True)
    at_most: float | None = field(default=None, kw_only=True)
    relative_to: str | None = field(default=None, kw_only=True)

    @property
    def limit(self) -> str:
        if self.at_least is not None:
            return f"at least {self.at_least:.2f}"
        return f"at most {self.at_most:.2f}"

    def figure(self, results: Mapping[str, Figures]) -> float | None:
        """Return the figure, or None if a row that it needs was not measured."""
        figure = results.get(self.row, {}).get(self.column)
        if self.relative_to is None or figure is None:
            return figure
        base = results.get(self.relative_to, {}).get(self.column)
        return None if base is None else figure / base

    def verdict(self, results: Mapping[str, Figures]) -> str:
        figure = self.figure(results)
        if figure is None:
            return "not measured"
        is_missed = (self.at_least is not None and figure < self.at_least) or (
            self.at_most is not None and figure > self.at_most
        )
        return "missed" if is_missed else "met"


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One run of a benchmark.

    Attributes:
        rows: The rows to measure, in the order of the report.
        sample: The sizes of the sample, by argument.
        projects: Renders and installs projects.
        collector: Receives the traces of a service that exports them.
        folder: Where logs go.
        core: The CPU core of what is measured; the load comes from another one.
        versions: Versions of the measured packages, which the benchmark fills in.
    """

    rows: Sequence[str]
    sample: Mapping[str, float]
    projects: Projects
    collector: Collector
    folder: Path
    core: int
    versions: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Benchmark:
    """A command.

    Attributes:
        description: What it measures, for the command's help.
        rows: All rows, in the order of the report.
        columns: The columns of the report.
        goals: The limits that figures should keep.
        sample: The sizes of the published sample, by argument.
        smallest: The smallest sizes that still run every row.
        measure: Measures the rows of a run.
        charted: The column that the report draws, if any.
    """

    description: str
    rows: Sequence[str]
    columns: Sequence[str]
    goals: Sequence[Goal]
    sample: Mapping[str, float]
    smallest: Mapping[str, float]
    measure: Callable[[Run], Measured]
    charted: str | None = None
