"""Say which conditionals of a template were rendered both ways: its branch coverage.

The syntax tree has the tests of `if`, `elif`, inline `if` and filtered loops, and the conditions of
rows: `[("a", x), ("b", y)]` with `selectattr(1)`, or in a loop over `name, is_on` with `if is_on`.
Before a source is compiled, each test is wrapped in a filter that records its value and returns it.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
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


Wrap = Callable[[Any], nodes.Expr]


def _rows(table: nodes.Node, column: int) -> Iterator[tuple[nodes.Node, Callable[[Wrap], None]]]:
    """Yield the conditions in a column of a literal table, unless they are constant."""
    for row in table.items if isinstance(table, nodes.List) else ():
        if isinstance(row, nodes.Tuple) and not isinstance(row.items[column], nodes.Const):

            def put(wrap: Wrap, row: nodes.Tuple = row) -> None:
                row.items[column] = wrap(row.items[column])

            yield row.items[column], put


def _column(loop: nodes.For) -> int | None:
    """Return the column of a loop's table that its test names, None if the test is another."""
    if isinstance(loop.target, nodes.Tuple) and isinstance(loop.test, nodes.Name):
        names = [getattr(item, "name", None) for item in loop.target.items]
        return names.index(loop.test.name) if loop.test.name in names else None
    return None


def _tests(tree: nodes.Node) -> Iterator[tuple[nodes.Node, Callable[[Wrap], None]]]:
    """Yield each test of a syntax tree, and the function that replaces it."""
    for node in tree.find_all(nodes.Node):
        if isinstance(node, nodes.If | nodes.CondExpr | nodes.For) and node.test is not None:

            def put(wrap: Wrap, holder: nodes.If | nodes.CondExpr | nodes.For = node) -> None:
                if holder.test is not None:
                    holder.test = wrap(holder.test)

            yield node.test, put
        if isinstance(node, nodes.For) and (column := _column(node)) is not None:
            yield from _rows(node.iter, column)
        elif isinstance(node, nodes.Filter) and node.name == "selectattr" and node.node is not None:
            (column,) = (item.as_const() for item in node.args)
            yield from _rows(node.node, column)


def conditions(tree: nodes.Node, source: str) -> list[Condition]:
    """Return the conditions of a syntax tree, in the order in which `instrument` numbers them."""
    counts: dict[int, int] = {}
    found = []
    for test, _ in _tests(tree):
        counts[test.lineno] = number = counts.get(test.lineno, 0) + 1
        found.append(Condition(source, test.lineno, number))
    return found


def instrument(tree: nodes.Template, source: str) -> nodes.Template:
    """Wrap the test of each condition, in place, in the filter that records its value."""
    for (_, put), condition in zip(list(_tests(tree)), conditions(tree, source), strict=True):

        def wrap(test: nodes.Expr, condition: Condition = condition) -> nodes.Expr:
            where: list[nodes.Expr] = [
                nodes.Const(condition.source),
                nodes.Const(condition.line),
                nodes.Const(condition.number),
            ]
            return nodes.Filter(test, FILTER, where, [], None, None, lineno=test.lineno)

        put(wrap)
    return tree


@dataclass(slots=True)
class Record:
    """The values that the conditions had."""

    values: dict[Condition, set[bool]] = field(default_factory=dict)

    def note(self, value: Any, source: str, line: int, number: int) -> Any:  # noqa: ANN401
        """Record a value and return it; this is the filter."""
        self.values.setdefault(Condition(source, line, number), set()).add(bool(value))
        return value

    def missing(self, wanted: Iterable[Condition]) -> Mapping[Condition, set[bool]]:
        """Return the values that each of the wanted conditions never had, where there are any."""
        gaps = {
            condition: {True, False} - self.values.get(condition, set()) for condition in wanted
        }
        return {condition: gap for condition, gap in gaps.items() if gap}
