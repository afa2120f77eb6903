"""Rendered projects, each installed into an environment of its own."""

import shutil
import subprocess
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path

import copier

from benchmarks.resources import add_resource
from benchmarks.servers import clean

ROOT = Path(__file__).parents[1]
INPUTS = ("copier.yml", "extensions", "template")

PRACTICES = ("structured_logging", "metrics", "tracing", "health_checks")
"""The questions whose practices cost something at each request."""

Projects = Callable[[tuple[str, ...], str], Path]
"""Returns the folder of a project by its practices and its resource, and makes it if needed."""


def uv(folder: Path, *arguments: str) -> None:
    """Run uv in a project's folder."""
    environment = clean({"UV_PROJECT_ENVIRONMENT": ".venv"})
    subprocess.run(["uv", *arguments, "--quiet"], cwd=folder, env=environment, check=True)


def projects(folder: Path) -> Projects:
    """Return a maker of projects, all from the working tree's template as it is now."""
    template = folder / "template"
    template.mkdir()
    for name in INPUTS:
        source = ROOT / name
        copy = shutil.copytree if source.is_dir() else shutil.copy
        copy(source, template / name)

    @cache
    def project(practices: tuple[str, ...], resource: str) -> Path:
        made = folder / "-".join([resource, *practices])
        answers = {name: name in practices for name in PRACTICES}
        copier.run_copy(
            str(template),
            made,
            data={"project_name": "My Service", "preset": "minimal", **answers},
            defaults=True,
            quiet=True,
        )
        add_resource(made, resource)
        uv(made, "sync", "--no-dev", "--python", sys.executable)
        return made

    return project
