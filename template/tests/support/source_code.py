"""Syntax trees of the code, for rules that no tool can express."""

import ast
import importlib.util
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TypeVar

spec = importlib.util.find_spec("{{ package_name }}")
assert spec is not None
assert spec.origin is not None
PACKAGE = Path(spec.origin).parent
TESTS = Path(__file__).parents[1]

ALLOWED = "# allowed: "
"""Start of the comment that exempts its line; the reason follows."""

Line = ast.AnnAssign | ast.arg | ast.expr | ast.keyword
Node = TypeVar("Node", bound=Line)


@dataclass(frozen=True, slots=True)
class Module:
    """A module, parsed.

    Attributes:
        path: The path relative to the parsed folder.
        names: The full name of each imported name, such as `asyncio.run`.
    """

    path: str
    lines: Sequence[str]
    nodes: Sequence[ast.AST]
    names: Mapping[str, str]

    def is_allowed(self, node: Line) -> bool:
        """Return whether a comment on a line of the node exempts it."""
        return any(ALLOWED in line for line in self.lines[node.lineno - 1 : node.end_lineno])

    def full_name(self, expression: ast.expr) -> str:
        """Return the full name of a function or method."""
        first, dot, rest = ast.unparse(expression).partition(".")
        return f"{self.names.get(first, first)}{dot}{rest}"


def imported_names(path: Path, nodes: Sequence[ast.AST]) -> Iterator[tuple[str, str]]:
    """Yield each imported name with its full name."""
    packages = path.relative_to(PACKAGE.parent).parts[:-1] if PACKAGE in path.parents else ()
    for node in nodes:
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.asname or alias.name, alias.name
        elif isinstance(node, ast.ImportFrom):
            parents = packages[: len(packages) + 1 - node.level] if node.level else ()
            module = ".".join([*parents, *([node.module] if node.module else [])])
            for alias in node.names:
                yield alias.asname or alias.name, f"{module}.{alias.name}"


@cache
def modules(folder: Path) -> Sequence[Module]:
    """Return the modules of a folder, parsed once a session."""
    found: list[Module] = []
    for path in sorted(folder.rglob("*.py")):
        text = path.read_text(encoding="utf-8")
        nodes = tuple(ast.walk(ast.parse(text)))
        found.append(
            Module(
                path=path.relative_to(folder).as_posix(),
                lines=text.splitlines(),
                nodes=nodes,
                names=dict(imported_names(path, nodes)),
            )
        )
    return found


def find(kind: type[Node], folder: Path = PACKAGE) -> Iterator[tuple[Module, Node]]:
    """Yield the nodes of a kind, without those that a comment exempts."""
    for module in modules(folder):
        for node in module.nodes:
            if isinstance(node, kind) and not module.is_allowed(node):
                yield module, node


def calls(name: str, owner: str = "") -> Iterator[tuple[Module, ast.Call]]:
    """Yield the calls of a function in the package, outside its owner.

    Args:
        name: The full name of a function, or a dot and the name of a method of any object.
        owner: The path of the only module that may call it.
    """
    for module, node in find(ast.Call):
        full_name = module.full_name(node.func)
        is_call = full_name == name or (name.startswith(".") and full_name.endswith(name))
        if is_call and module.path != owner:
            yield module, node


def refuse(found: Iterable[tuple[Module, Line]], instead: str) -> None:
    """Fail if a rule is broken.

    Args:
        found: The nodes that break it.
        instead: A sentence with the alternative.
    """
    __tracebackhide__ = True
    places = [f"{module.path}:{node.lineno}" for module, node in found]
    hint = f"{instead} Exceptions: end the line with `{ALLOWED}<reason>`."
    assert not places, "\n".join([*places, hint])
