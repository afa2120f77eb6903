"""Convert the metadata of Poetry and Pipenv, and report what can't be converted."""

import shutil
import subprocess
import sysconfig
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import tomlkit

from tenon.adopt.document import literal
from tenon.adopt.report import Item, Refusal, Report

REST = {
    "build": "hatchling builds the project",
    "build-constraints": "uv locks the project",
    "exclude": "hatchling builds the project",
    "include": "hatchling builds the project",
    "package-mode": "the project is a package",
    "packages": "hatchling builds the project",
    "requires-plugins": "uv locks the project",
    "requires-poetry": "uv locks the project",
}
"""What migrate-to-uv does not convert, and why it goes."""
INTO_THE_WHEEL = "[tool.hatch.build.targets.wheel]"


def migrated(folder: Path, text: str, report: Report) -> str:
    """Return the text of pyproject.toml with the metadata of Poetry or Pipenv in standard tables.

    Raises:
        Refusal: Something in it can't be converted.
    """
    command = Path(sysconfig.get_path("scripts")) / "migrate-to-uv"
    with tempfile.TemporaryDirectory() as scratch:
        if text:
            Path(scratch, "pyproject.toml").write_text(with_one_readme(text), "utf-8")
        if (folder / "Pipfile").is_file():
            shutil.copy(folder / "Pipfile", scratch)
        done = subprocess.run(
            [
                command,
                *("--skip-lock", "--skip-uv-checks"),
                *("--dependency-groups-strategy", "keep-existing", scratch),
            ],
            capture_output=True,
            text=True,
            check=False,
        )
        said = [line.removeprefix("warning: ") for line in done.stderr.splitlines() if line.strip()]
        if done.returncode:
            raise Refusal(
                f"migrate-to-uv can't convert the metadata of Poetry or Pipenv: {' '.join(said)}"
            )
        report.to_do += [
            line
            for line in said
            if not line.startswith("Successfully") and "build backend" not in line.lower()
        ]
        return Path(scratch, "pyproject.toml").read_text("utf-8")


def with_one_readme(text: str) -> str:
    """Return pyproject.toml with the first of several readmes, as migrate-to-uv refuses several."""
    document: Any = tomlkit.parse(text)
    poetry = document.get("tool", {}).get("poetry", {})
    if not isinstance(poetry.get("readme"), list):
        return text
    for name in poetry.pop("readme")[:1]:
        poetry["readme"] = name
    return tomlkit.dumps(document)


def restore(poetry: Mapping[str, Any], table: dict[str, Any]) -> None:
    """Bring back what migrate-to-uv changes in [project]: it adds classifiers, for example."""
    if "classifiers" in table:
        table["classifiers"] = poetry.get("classifiers", [])
    if poetry.get("readme") and isinstance(poetry["readme"], list):
        table["readme"] = ", ".join(poetry["readme"])


def report_rest(poetry: Mapping[str, Any], folder: Path, report: Report) -> None:
    """Report what migrate-to-uv leaves out of [tool.poetry], and what to write in its place."""
    report.items += [
        Item("removed", f"tool.poetry.{name} {literal(poetry[name])}", why)
        for name, why in REST.items()
        if name in poetry
    ]
    packages = [path for path in paths(poetry.get("packages", ())) if not is_found(folder, path)]
    include = list(paths(poetry.get("include", ())))
    exclude = list(paths(poetry.get("exclude", ())))
    if packages:
        report.to_do.append(
            f"[tool.poetry] packages names {', '.join(packages)}. What the wheel needs of it goes "
            f"to `packages` of {INTO_THE_WHEEL}."
        )
    if include:
        report.to_do.append(
            f"[tool.poetry] include names {', '.join(include)}. What the wheel needs of it and is "
            f'outside the package goes to {INTO_THE_WHEEL}: force-include."tool.py" = "tool.py".'
        )
    if exclude:
        report.to_do.append(
            f"[tool.poetry] exclude names {', '.join(exclude)}. To keep it out of the wheel, write "
            f"`exclude = {literal(exclude)}` into {INTO_THE_WHEEL}."
        )
    if "build" in poetry:
        report.to_do.append(
            f"[tool.poetry] build is {literal(poetry['build'])}. Write a build hook of hatchling "
            "in its place."
        )


def paths(entries: Any) -> Iterator[str]:  # noqa: ANN401  (texts and tables)
    """Yield the paths of the wheel that a list of Poetry names."""
    for entry in entries:
        table = {"include": entry} if isinstance(entry, str) else entry
        if table.get("format") != "sdist":
            path = table.get("include") or table.get("path", "")
            yield f"{table['from']}/{path}" if "from" in table else path


def is_found(folder: Path, package: str) -> bool:
    """Return whether a package is where Tenon looks for packages: at the root or in src/."""
    is_near = "/" not in package.removeprefix("src/")
    return is_near and (folder / package / "__init__.py").is_file()
