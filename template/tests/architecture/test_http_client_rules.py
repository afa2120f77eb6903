"""Rules for calling other services, read from the source."""

import ast
import importlib.util
from collections.abc import Iterator
from pathlib import Path

spec = importlib.util.find_spec("{{ package_name }}")
assert spec is not None
assert spec.origin is not None
PACKAGE = Path(spec.origin).parent
TESTS = Path(__file__).parents[1]

OWNER = "infrastructure/http_client.py"
VERBS = ("delete", "get", "head", "options", "patch", "post", "put", "request", "stream")
CALLERS = {f"httpx.{name}" for name in ("AsyncClient", "Client", *VERBS)}
OTHER_CLIENTS = {"aiohttp", "http.client.HTTPSConnection", "requests", "urllib.request", "urllib3"}


def nodes(folder: Path) -> Iterator[tuple[str, ast.AST]]:
    """Yield every node of every module in a folder, with the path of the module."""
    for path in sorted(folder.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            yield path.relative_to(folder).as_posix(), node


def imported(node: ast.AST) -> set[str]:
    """Return the names that a node imports, and the modules that they are in."""
    if isinstance(node, ast.Import):
        return {alias.name for alias in node.names}
    if isinstance(node, ast.ImportFrom):
        return {str(node.module), *(f"{node.module}.{alias.name}" for alias in node.names)}
    return set()


def test_one_module_calls_other_services() -> None:
    """A client beside the one in infrastructure/http_client.py would know none of its rules."""
    makers = {
        path
        for path, node in nodes(PACKAGE)
        if (isinstance(node, ast.Call) and ast.unparse(node.func) in CALLERS)
        or imported(node) & (CALLERS | OTHER_CLIENTS)
    }

    assert makers == {OWNER}


def test_no_redirect_is_followed() -> None:
    """An answer could send the service to an address that only it can reach."""
    faults = [
        f"{path}:{node.value.lineno}"
        for path, node in nodes(PACKAGE)
        if isinstance(node, ast.keyword)
        and node.arg == "follow_redirects"
        and ast.unparse(node.value) != "False"
    ]

    assert not faults


def test_outside_world_is_a_transport() -> None:
    """Tests give the client an httpx.MockTransport: what is patched over can't go wrong."""
    faults = [
        f"{path}:{node.lineno}"
        for path, node in nodes(TESTS)
        if isinstance(node, ast.Call)
        and ast.unparse(node.func).rpartition(".")[2] in {"object", "patch", "setattr"}
        and node.args
        and ast.unparse(node.args[0]).strip("'\"").partition(".")[0] == "httpx"
    ]

    assert not faults
