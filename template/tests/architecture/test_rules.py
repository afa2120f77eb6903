"""Rules of the package that neither ruff nor import-linter can express."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from support.source_code import PACKAGE, calls, modules, refuse

# What may be called by one module only: that module, and what others write instead.
OWNERS = {
    "{{ package_name }}.settings.Settings": (
        "settings.py",
        "Take the settings as an argument; a command or a test calls `Settings.load`.",
    ),
    "fastapi.FastAPI": ("app.py", "Call `create_app`, which builds the application."),
    ".add_exception_handler": ("api/errors.py", "Map the error to HTTP in api/errors.py."),
    ".exception_handler": ("api/errors.py", "Map the error to HTTP in api/errors.py."),
    "app.include_router": ("", "Name the router in a component."),
    ".middleware": ("", "Write pure ASGI middleware."),
}


@pytest.mark.parametrize("name", OWNERS)
def test_only_the_owner_calls(name: str) -> None:
    """The settings, the application and the mapping of errors each have one owner."""
    owner, instead = OWNERS[name]

    refuse(calls(name, owner), instead)


def test_router_carries_its_full_prefix() -> None:
    """A prefix given to include_router is missing from the route that logs and metrics name."""
    found = (
        (module, node)
        for module, node in calls(".include_router")
        if any(argument.arg == "prefix" for argument in node.keywords)
    )

    refuse(found, "Give the full prefix to `APIRouter`.")


def test_infrastructure_has_no_routes() -> None:
    """FastAPI may be imported there, since components are given the application."""
    found = [
        module.path
        for module in modules(PACKAGE)
        if module.path.startswith("infrastructure/")
        and any(
            f"{name}.".startswith(("fastapi.APIRouter.", "fastapi.routing."))
            for name in module.names.values()
        )
    ]

    assert found == [], "Declare routes in api/routes/."


def test_secret_fields_are_secret() -> None:
    """A password, token or key is SecretStr, so that no repr and no log shows it."""
    found = (
        (module, field)
        for module in modules(PACKAGE)
        for owner in module.nodes
        if isinstance(owner, ast.ClassDef)
        for field in owner.body
        if isinstance(field, ast.AnnAssign)
        and isinstance(field.target, ast.Name)
        and any(word in field.target.id for word in ("password", "secret", "token", "api_key"))
        and "str" in ast.unparse(field.annotation).replace("SecretStr", "")
        and not module.is_allowed(field)
    )

    refuse(found, "Declare the field as `SecretStr`.")


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
