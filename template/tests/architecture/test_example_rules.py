"""Rules of money and of types, read from the source."""

import ast
import importlib.util
from pathlib import Path

import pytest

spec = importlib.util.find_spec("{{ package_name }}")
assert spec is not None
assert spec.origin is not None
PACKAGE = Path(spec.origin).parent

MONEY = ("amount", "balance")


@pytest.mark.parametrize(
    "path", sorted(PACKAGE.rglob("*.py")), ids=lambda path: path.relative_to(PACKAGE).as_posix()
)
def test_money_is_no_float(path: Path) -> None:
    """Money is counted in whole minor units: a float loses cents."""
    faults = [
        node.lineno
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.AnnAssign | ast.arg)
        and node.annotation is not None
        and any(word in ast.unparse(node).partition(":")[0] for word in MONEY)
        and "float" in ast.unparse(node.annotation).lower()
    ]

    assert faults == []


def test_type_guards_can_be_trusted() -> None:
    """A TypeGuard says nothing of what it refuses, and may lie; a model or TypeIs does not."""
    users = [path for path in PACKAGE.rglob("*.py") if "TypeGuard" in path.read_text("utf-8")]

    assert users == []
