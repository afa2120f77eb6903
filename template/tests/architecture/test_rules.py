"""Rules of the house that no linter knows, read from the source."""

import ast
import importlib.util
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

spec = importlib.util.find_spec("{{ package_name }}")
assert spec is not None
assert spec.origin is not None
PACKAGE = Path(spec.origin).parent
MODULES = sorted(PACKAGE.rglob("*.py"))

# What a layer must not import: the inner ones know nothing of the outer ones.
FORBIDDEN = {
    "domain": ("api", "infrastructure", "observability", "services", "fastapi", "starlette"),
    "services": ("api", "fastapi", "starlette"),
    "infrastructure": ("api", "fastapi.routing"),
}


def name_of(path: Path) -> str:
    """Return how a failure names a module."""
    return path.relative_to(PACKAGE).as_posix()


def imports(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Yield what a module imports, our own package's names without its prefix."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        else:
            continue
        for name in names:
            yield node.lineno, name.removeprefix("{{ package_name }}.")


def calls(tree: ast.AST) -> Iterator[ast.Call]:
    """Yield every call in a module."""
    return (node for node in ast.walk(tree) if isinstance(node, ast.Call))


@pytest.fixture(params=MODULES, ids=name_of)
def module(request: pytest.FixtureRequest) -> tuple[Path, ast.Module]:
    """Return a module of the package and its syntax tree."""
    path: Path = request.param
    return path, ast.parse(path.read_text(encoding="utf-8"))


def test_inner_layers_know_no_outer_ones(module: tuple[Path, ast.Module]) -> None:
    """Rules of the domain don't depend on the web, the database or the use cases."""
    path, tree = module
    layer = path.relative_to(PACKAGE).parts[0]
    faults = [
        f"{name_of(path)}:{line} imports {name}"
        for line, name in imports(tree)
        for forbidden in FORBIDDEN.get(layer, ())
        if name == forbidden or name.startswith(f"{forbidden}.")
    ]

    assert not faults, "\n".join(faults)


@pytest.mark.parametrize(
    ("call", "owners", "why"),
    [
        ("Settings", "settings.py", "read the settings by Settings.load, in __main__ or a test"),
        ("Settings.load", "__main__.py worker/__main__.py", "pass the settings on instead"),
        ("asyncio.run", "__main__.py worker/__main__.py", "only commands start an event loop"),
        ("app.add_exception_handler", "api/errors.py", "errors are mapped to HTTP in one place"),
        ("app.exception_handler", "api/errors.py", "errors are mapped to HTTP in one place"),
        ("logging.basicConfig", "", "the log is configured by its component"),
        ("os.getenv", "settings.py", "the environment is read by the settings"),
        ("FastAPI", "app.py", "the application is built by create_app"),
        ("app.include_router", "", "name routers in a component; they are registered flat"),
    ],
)
def test_one_place_does_it(
    module: tuple[Path, ast.Module], call: str, owners: str, why: str
) -> None:
    """Settings, error mapping, the log and the application each have one owner."""
    path, tree = module
    lines = [node.lineno for node in calls(tree) if ast.unparse(node.func) == call]

    assert not lines or name_of(path) in owners.split(), f"{name_of(path)}:{lines[0]} {call}: {why}"


def test_middleware_is_pure_asgi(module: tuple[Path, ast.Module]) -> None:
    """BaseHTTPMiddleware halves the throughput and never sees an unhandled error."""
    path, tree = module
    faults = [
        f"{name_of(path)}:{line} {name}"
        for line, name in imports(tree)
        if name.endswith(".BaseHTTPMiddleware")
    ]
    faults += [
        f"{name_of(path)}:{node.lineno} {ast.unparse(node.func)}"
        for node in calls(tree)
        if isinstance(node.func, ast.Attribute) and node.func.attr == "middleware"
    ]

    assert not faults, "\n".join(faults)


def test_router_carries_its_full_prefix(module: tuple[Path, ast.Module]) -> None:
    """A prefix given to include_router is missing from the route that logs and metrics name."""
    path, tree = module
    faults = [
        f"{name_of(path)}:{node.lineno}"
        for node in calls(tree)
        if isinstance(node.func, ast.Attribute)
        and node.func.attr == "include_router"
        and any(keyword.arg == "prefix" for keyword in node.keywords)
    ]

    assert not faults, "\n".join(faults)


def test_secret_fields_are_secret(module: tuple[Path, ast.Module]) -> None:
    """A password, token or key is SecretStr, so that no repr and no log shows it."""
    path, tree = module
    faults = [
        f"{name_of(path)}:{node.lineno} {node.target.id}"
        for owner in ast.walk(tree)
        if isinstance(owner, ast.ClassDef)
        for node in owner.body
        if isinstance(node, ast.AnnAssign)
        and isinstance(node.target, ast.Name)
        and any(word in node.target.id for word in ("password", "secret", "token", "api_key"))
        and "str" in ast.unparse(node.annotation).replace("SecretStr", "")
    ]

    assert not faults, "\n".join(faults)


def test_nothing_happens_at_import(tmp_path: Path) -> None:
    """Every module can be imported in an empty environment, from an empty folder."""
    script = (
        "import importlib, os, pkgutil, sys; os.environ.clear();"
        "import {{ package_name }} as package;"
        "found = list(pkgutil.walk_packages(package.__path__, package.__name__ + '.'));"
        "[importlib.import_module(module.name) for module in found];"
        "sys.exit(not found)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stderr
