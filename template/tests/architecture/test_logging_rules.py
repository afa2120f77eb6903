"""Rules of the log, read from the source."""

import ast
import importlib.util
from pathlib import Path

spec = importlib.util.find_spec("{{ package_name }}")
assert spec is not None
assert spec.origin is not None
PACKAGE = Path(spec.origin).parent


def test_one_module_configures_the_log() -> None:
    """The log is set up, and handlers are added, in observability/logging.py alone."""
    owners = {
        path.relative_to(PACKAGE).as_posix()
        for path in PACKAGE.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and (ast.unparse(node.func) == "structlog.configure" or node.func.attr == "addHandler")
    }

    assert owners == {"observability/logging.py"}
