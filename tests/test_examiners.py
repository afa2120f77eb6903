"""What outsiders check of a package and its repository: nothing, or a waiver with its reason."""

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from conftest import Variant
from environment import Environment, Run, check
from harness import KINDS, ROOT, commit_all

AUTHOR = {
    "user_name": "Jane Doe",
    "user_email": "jane@example.org",
    "repository_url": "https://github.com/acme/my-service",
}
"""Facts that only the owner knows, and every examiner asks for."""

NO_REMOTE_HOOKS = "hooks run the locked tools of the project, offline, not a second copy of each"
NO_SITE = {"PY004": "README.md is the documentation; `docs_site` adds a site"}
WITH_HOOKS = {
    "GH200": "Renovate brings newer actions with the updates of the template",
    "PC100": NO_REMOTE_HOOKS,
    "PC110": NO_REMOTE_HOOKS,
    "PC140": NO_REMOTE_HOOKS,
    "PC160": NO_REMOTE_HOOKS,
    "PC170": NO_REMOTE_HOOKS,
    "PC180": "ruff formats the Python in Markdown; no tool wraps prose",
    "PC190": NO_REMOTE_HOOKS,
    "PC901": "it is for pre-commit.ci, a service that can't run local hooks",
    "PC902": "it is for pre-commit.ci, a service that can't run local hooks",
    "PC903": "it is for pre-commit.ci, a service that can't run local hooks",
    "SEC001": NO_REMOTE_HOOKS,
}
WAIVED: Mapping[str, Mapping[str, str]] = {
    "minimal": {
        **NO_SITE,
        "GH100": "the preset has no CI; `ci` adds it",
        "PY006": "the preset has no hooks; `pre_commit` adds them",
    },
    "standard": {**NO_SITE, **WITH_HOOKS},
    "full": WITH_HOOKS,
}
"""What sp-repo-review would have otherwise, and why projects differ, by preset."""

UNKNOWN_FACTS = (
    "Your package does not have keywords data.",
    "Specifying a development status in the classifiers gives users a hint of how stable",
)
"""What pyroma misses and only the owner can say."""

corners = pytest.mark.parametrize(
    ("kind", "preset"),
    [(kind, preset) for kind in KINDS for preset in ("minimal", "standard", "full")],
)


def tool(environment: Environment, folder: Path, name: str, *arguments: str) -> Run:
    """Run a tool of this repository in a project."""
    return environment.run(folder, str(ROOT / ".venv/bin" / name), *arguments)


@pytest.mark.full
@corners
def test_package_is_complete(
    kind: str, preset: str, project: Variant, environment: Environment
) -> None:
    """Both distributions pass twine, check-wheel-contents and pyroma."""
    folder = project(kind=kind, preset=preset, **AUTHOR)
    check(environment.run(folder, "uv", "build", "--quiet"))
    dist = [str(path) for path in sorted((folder / "dist").glob("*[lz]"))]
    by_path = ["--ignore=W004"] if kind == "service" else []  # Alembic imports migrations by path
    runs = [
        tool(environment, folder, "twine", "check", "--strict", *dist),
        tool(environment, folder, "check-wheel-contents", *by_path, "dist"),
    ]

    check(*runs)
    pyroma = tool(environment, folder, "pyroma", "--min=1", ".")
    said = pyroma.stdout.split("-" * 30)[2].splitlines()
    assert [line for line in said if line and not line.startswith(UNKNOWN_FACTS)] == [], pyroma


@pytest.mark.full
@corners
def test_repository_is_complete(
    kind: str, preset: str, project: Variant, environment: Environment
) -> None:
    """The review of scientific-python finds what is waived, no more and no less."""
    folder = project(kind=kind, preset=preset, **AUTHOR)
    commit_all(folder)

    done = tool(environment, folder, "repo-review", "--format=json", ".")

    found = json.loads(done.stdout)["checks"]
    failed = {name for name, row in found.items() if row["result"] is False}
    assert failed == WAIVED[preset].keys()


@corners
def test_toml_is_formatted(
    kind: str, preset: str, project: Variant, environment: Environment
) -> None:
    """Tombi changes no TOML file, without its schemas: these would sort what belongs together."""
    folder = project(kind=kind, preset=preset, **AUTHOR)
    (folder / "tombi.toml").write_text("[schema]\nenabled = false\n", encoding="utf-8")

    check(tool(environment, folder, "tombi", "format", "--check", "--offline"))
