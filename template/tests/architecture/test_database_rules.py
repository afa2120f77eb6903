"""Rules of the database, read from the source."""

import ast
import importlib.util
from pathlib import Path

spec = importlib.util.find_spec("{{ package_name }}")
assert spec is not None
assert spec.origin is not None
PACKAGE = Path(spec.origin).parent


def called(name: str) -> set[str]:
    """Return the modules that call a method of that name."""
    return {
        path.relative_to(PACKAGE).as_posix()
        for path in PACKAGE.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == name
    }


def test_one_module_owns_the_transactions() -> None:
    """A transaction is begun in infrastructure/database.py alone, and ends with its block."""
    assert called("begin") == {"infrastructure/database.py"}
    assert called("commit") | called("rollback") == set()


def test_pages_are_not_counted_off() -> None:
    """An offset reads all rows before it, and skips and repeats rows while others are written."""
    assert called("offset") == set()
