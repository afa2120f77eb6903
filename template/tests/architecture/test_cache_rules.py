"""Rules of the cache, read from the source."""

import ast
import importlib.util
from pathlib import Path

spec = importlib.util.find_spec("{{ package_name }}")
assert spec is not None
assert spec.origin is not None
PACKAGE = Path(spec.origin).parent

# Reading what they write can run whatever somebody else has put there.
UNSAFE = {"dill", "marshal", "pickle", "shelve"}


def importers(names: set[str]) -> set[str]:
    """Return the modules that import one of these packages."""
    found = set()
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                imported = {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                imported = {(node.module or "").partition(".")[0]}
            else:
                continue
            if imported & names:
                found.add(path.relative_to(PACKAGE).as_posix())
    return found


def test_nothing_is_unpickled() -> None:
    """What comes from a cache is data."""
    assert importers(UNSAFE) == set()


def test_one_module_knows_the_server() -> None:
    """A server is called by the store of the cache and a worker, which bound the waits for it."""
    assert importers({"redis"}) <= {"infrastructure/redis_cache.py", "worker/queue.py"}
