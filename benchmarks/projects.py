"""Rendered projects, each installed into an environment of its own."""

import functools
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Protocol

import copier

from benchmarks.resources import add_resource
from benchmarks.servers import clean

ROOT = Path(__file__).parents[1]
INPUTS = ("copier.yml", "extensions", "template")

PRACTICES = ("structured_logging", "metrics", "tracing", "health_checks")
"""The questions whose practices cost something at each request."""


class Projects(Protocol):
    """Returns the folder of a project, and makes it if needed."""

    def __call__(
        self,
        practices: tuple[str, ...],
        resource: str,
        database: str = "none",
        cache: str = "none",
    ) -> Path:
        """Return it by its practices, its resource, its database and its cache.

        With a database it has the worked example, and its tests can be run.
        """


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

    @functools.cache
    def project(
        practices: tuple[str, ...],
        resource: str,
        database: str = "none",
        cache: str = "none",
    ) -> Path:
        made = folder / "-".join([resource, database, cache, *practices])
        answers = {name: name in practices for name in PRACTICES}
        stored = database != "none"
        copier.run_copy(
            str(template),
            made,
            data={
                "project_name": "My Service",
                "preset": "minimal",
                "database": database,
                "cache": cache,
                "example": stored,
                **answers,
            },
            defaults=True,
            quiet=True,
        )
        add_resource(made, resource)
        uv(made, "sync", *([] if stored else ["--no-dev"]), "--python", sys.executable)
        return made

    return project
