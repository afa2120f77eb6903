"""Rendered projects, each installed into an environment of its own."""

import json
import platform
import shutil
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import copier

from benchmarks import BenchmarkError
from benchmarks.servers import clean

ROOT = Path(__file__).parents[1]
INPUTS = ("copier.yml", "extensions", "template")

PRACTICES = ("structured_logging", "metrics", "tracing", "health_checks")
"""The questions whose practices cost something in each request."""

ROUTES = 50
LAST_ROUTE = f"/fifty/{ROUTES - 1:02}"

COMPONENTS = """
from my_service.api.routes import {name}
from my_service.core.component import Component

def components(_settings):
    return (Component(name="{name}", routers=({name}.router,)),)
"""
ROUTER = """
from fastapi import APIRouter

router = APIRouter(prefix="/{name}", tags=["{name}"])
"""
ROUTE = """
@router.get("{path}")
async def {function}() -> dict[str, str]:
    return {{"message": "pong"}}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    """The answers that a project is rendered from.

    Attributes:
        practices: Those of `PRACTICES` that are on.
        resource: "ping", which has one route, or "fifty".
        database: With one, the project has the worked example and the dependencies of its tests.
        cache: The store of the cache.
    """

    practices: tuple[str, ...] = ()
    resource: str = "ping"
    database: str = "none"
    cache: str = "none"


EVERYTHING = Variant(practices=PRACTICES)
"""Its environment holds the group `bench` too, so all that is compared has the same versions."""


def uv(folder: Path, *arguments: str) -> str:
    environment = clean({"UV_PROJECT_ENVIRONMENT": ".venv"})
    done = subprocess.run(
        ["uv", *arguments], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        raise BenchmarkError(f"uv {arguments[0]} failed:\n{done.stderr}")
    return done.stdout


def add_resource(project: Path, name: str) -> None:
    """Add the resource "ping" or "fifty", as the README of the project says."""
    routes = {"ping": ""}
    if name == "fifty":
        routes = {f"route_{index:02}": f"/{index:02}" for index in range(ROUTES)}
    package = project / "src" / "my_service"
    text = ROUTER.format(name=name) + "".join(
        ROUTE.format(function=function, path=path) for function, path in routes.items()
    )
    routes_folder = package / "api" / "routes"
    routes_folder.mkdir(parents=True, exist_ok=True)
    (routes_folder / f"{name}.py").write_text(text, encoding="utf-8")
    (package / "components.py").write_text(COMPONENTS.format(name=name), encoding="utf-8")


class Projects:
    """Renders and installs each variant once, from the working tree's template."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.template = folder / "template"
        self.template.mkdir()
        self._made: dict[Variant, Path] = {}
        for name in INPUTS:
            source = ROOT / name
            copy = shutil.copytree if source.is_dir() else shutil.copy
            copy(source, self.template / name)

    def get(self, variant: Variant) -> Path:
        """Return the folder of a variant.

        Its environment is complete from the start, as a second `uv sync` would remove what the
        project does not declare.
        """
        if variant not in self._made:
            self._made[variant] = self._make(variant)
        return self._made[variant]

    def _make(self, variant: Variant) -> Path:
        project = self.folder / f"project-{len(self._made)}"
        has_database = variant.database != "none"
        answers = {
            "project_name": "My Service",
            "preset": "minimal",
            "database": variant.database,
            "cache": variant.cache,
            "example": has_database,
            **{name: name in variant.practices for name in PRACTICES},
        }
        copier.run_copy(str(self.template), project, data=answers, defaults=True, quiet=True)
        add_resource(project, variant.resource)
        groups = [] if has_database else ["--no-dev"]
        uv(project, "sync", *groups, "--python", sys.executable)
        if variant == EVERYTHING:
            group = f"{ROOT / 'pyproject.toml'}:bench"
            uv(project, "pip", "install", "--python", ".venv", "--group", group)
        return project


def versions(python: str, packages: Iterable[str]) -> dict[str, str]:
    """Return the versions of Python and of packages in an environment."""
    listing = uv(ROOT, "pip", "list", "--python", python, "--format", "json")
    found = {package["name"]: package["version"] for package in json.loads(listing)}
    return {"Python": platform.python_version(), **{name: found[name] for name in packages}}
