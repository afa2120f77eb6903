"""Say which conditionals of a template were rendered both ways: its branch coverage.

Tests of `if`, `elif`, inline `if` and filtered loops are found in the syntax tree. Before a source
is compiled, each test is wrapped in a filter that notes its value and hands it on.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from jinja2 import nodes

FILTER = "note_condition"


@dataclass(frozen=True, slots=True, order=True)
class Condition:
    """One test: the source it stands in, the line, and which it is of those in that line."""

    source: str
    line: int
    number: int

    def __str__(self) -> str:
        """Return it as an editor opens it."""
        return f"{self.source}:{self.line} ({self.number})"


def _holders(tree: nodes.Node) -> Iterator[nodes.If | nodes.CondExpr | nodes.For]:
    for node in tree.find_all(nodes.Node):
        if isinstance(node, nodes.If | nodes.CondExpr | nodes.For) and node.test is not None:
            yield node


def conditions(tree: nodes.Node, source: str) -> list[Condition]:
    """Return the conditions of a syntax tree, in the order in which `instrument` numbers them."""
    counts: dict[int, int] = {}
    found = []
    for holder in _holders(tree):
        counts[holder.lineno] = number = counts.get(holder.lineno, 0) + 1
        found.append(Condition(source, holder.lineno, number))
    return found


def instrument(tree: nodes.Template, source: str) -> nodes.Template:
    """Wrap the test of each condition, in place, in the filter that notes its value."""
    holders = list(_holders(tree))
    for holder, condition in zip(holders, conditions(tree, source), strict=True):
        where: list[nodes.Expr] = [
            nodes.Const(condition.source),
            nodes.Const(condition.line),
            nodes.Const(condition.number),
        ]
        holder.test = nodes.Filter(holder.test, FILTER, where, [], None, None, lineno=holder.lineno)
    return tree


@dataclass(slots=True)
class Record:
    """The values that the conditions had."""

    values: dict[Condition, set[bool]] = field(default_factory=dict)

    def note(self, value: Any, source: str, line: int, number: int) -> Any:  # noqa: ANN401
        """Note a value and return it; this is the filter."""
        self.values.setdefault(Condition(source, line, number), set()).add(bool(value))
        return value

    def missing(self, wanted: Iterable[Condition]) -> Mapping[Condition, set[bool]]:
        """Return the values that each of the wanted conditions never had, where there are any."""
        gaps = {
            condition: {True, False} - self.values.get(condition, set()) for condition in wanted
        }
        return {condition: gap for condition, gap in gaps.items() if gap}
