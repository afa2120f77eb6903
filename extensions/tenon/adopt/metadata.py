"""Read what a project says about itself, in whatever form, as the tables of pyproject.toml."""

import configparser
import importlib.metadata
import re
import shutil
import subprocess
import tempfile
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.utils import getaddresses
from pathlib import Path
from typing import Any

import tomlkit
from build import BuildBackendException, BuildException, FailedProcessError, ProjectBuilder
from build.env import DefaultIsolatedEnv
from packaging.metadata import Metadata
from pyproject_hooks import quiet_subprocess_runner
from tomlkit.exceptions import ParseError

from tenon.adopt.document import literal
from tenon.adopt.poetry import migrated, report_rest, restore
from tenon.adopt.report import Item, Refusal, Report
from tenon.adopt.requirements import read_requirements
from tenon.adopt.texts import own_text

BUILD_ERRORS = (BuildBackendException, BuildException, FailedProcessError)
INI_FILES = {"pytest.ini": "pytest", "tox.ini": "pytest", "setup.cfg": "tool:pytest"}
"""Where pytest looks for its options beside pyproject.toml, and in which section."""
WITHOUT_KEY = (
    *("obsoletes", "obsoletes_dist", "platforms", "provides", "provides_dist", "requires"),
    *("requires_external", "supported_platforms"),
)
"""Fields of the core metadata that [project] does not have."""


@dataclass(slots=True)
class Project:
    """The metadata of a project."""

    text: str = ""
    """pyproject.toml, with metadata of Poetry and Pipenv converted."""
    table: dict[str, Any] = field(default_factory=dict)
    """As [project], without `dynamic`."""
    groups: dict[str, list[Any]] = field(default_factory=dict)
    """As [dependency-groups]."""
    tools: Mapping[str, Any] = field(default_factory=dict)
    """[tool] with its comments, for tomlkit."""
    build: dict[str, Any] = field(default_factory=dict)
    """As [build-system]."""
    has_dynamic_version: bool = False
    """Whether the build found the version elsewhere, such as in git tags."""


def read(folder: Path, report: Report) -> Project:
    """Read the metadata of a project; the folder is a copy, in which build backends may write.

    Raises:
        Refusal: pyproject.toml can't be read.
    """
    project = Project(text=own_text(folder / "pyproject.toml"))
    document: Any = parsed(project.text)
    poetry = document.get("tool", {}).get("poetry")
    project.build = document.get("build-system", tomlkit.table()).unwrap()
    if poetry is not None or (folder / "Pipfile").is_file():
        project.text = migrated(folder, project.text, report)
        document = parsed(project.text)
        if poetry is not None:
            document.get("tool", {}).pop("hatch", None)
            report_rest(poetry.unwrap(), folder, report)
    project.tools = document.get("tool", {})
    project.groups = document.get("dependency-groups", tomlkit.table()).unwrap()
    for name, items in older_groups(project.tools).items():
        project.groups.setdefault(name, []).extend(items)
    project.table = document.get("project", tomlkit.table()).unwrap()
    dynamic = project.table.pop("dynamic", ())
    if poetry is not None:
        restore(poetry.unwrap(), project.table)
    project.has_dynamic_version = (
        "version" in dynamic
        or "poetry-dynamic-versioning" in project.tools
        or ("version" not in project.table and not has_literal_version(folder))
    )
    if dynamic or ("name" not in project.table and builds(folder, project.tools)):
        project.table = {**built(folder, report), **project.table}
    declared = licence_files(folder, project)
    if declared is not None:
        project.table["license-files"] = declared
    read_requirements(folder, project.table, project.groups, report)
    if "pytest" not in project.tools and (options := ini_options(folder)):
        project.tools = {**project.tools, "pytest": {"ini_options": options}}
    return project


def licence_files(folder: Path, project: Project) -> list[str] | None:
    """Return the declared `license-files`, in whatever form; None if there are none."""
    declared = project.table.get("license-files")
    if declared is None:
        declared = project.tools.get("setuptools", {}).get("license-files")
    if isinstance(declared, Mapping):  # of a draft of the standard
        declared = [*declared.get("paths", ()), *declared.get("globs", ())]
    if declared is None:
        setup = setup_cfg(folder)
        words = f"{setup.get('license_files', '')} {setup.get('license_file', '')}"
        declared = words.replace(",", " ").split() or None
    return declared and list(map(str, declared))


def has_literal_version(folder: Path) -> bool:
    """Return whether setup.cfg or setup.py has the version itself, not where it comes from."""
    file = folder / "setup.py"
    text = file.read_text("utf-8", errors="replace") if file.is_file() else ""
    version = setup_cfg(folder).get("version", "attr:")
    return not version.startswith(("attr:", "file:")) or bool(
        re.search(r"""\bversion\s*=\s*["']""", text)
    )


def setup_cfg(folder: Path) -> dict[str, str]:
    """Return [metadata] of setup.cfg."""
    found = ini_section(folder / "setup.cfg", "metadata") or {}
    return {name.replace("-", "_"): value for name, value in found.items()}


def older_groups(tools: Mapping[str, Any]) -> dict[str, list[Any]]:
    """Take the groups of PDM and uv from before [dependency-groups] out of their tables."""
    groups = dict(tools.get("pdm", {}).pop("dev-dependencies", {}))
    groups["dev"] = [
        *groups.get("dev", ()),
        *tools.get("uv", {}).pop("dev-dependencies", ()),
    ]
    return tomlkit.item(groups).unwrap()


def ini_options(folder: Path) -> dict[str, str]:
    """Return the options of pytest in the first ini file that has some."""
    for name, section in INI_FILES.items():
        options = ini_section(folder / name, section)
        if options is not None:
            return options
    return {}


def ini_section(file: Path, name: str) -> dict[str, str] | None:
    """Return a section of an ini file; None if there is none."""
    parser = configparser.ConfigParser(interpolation=None, strict=False)
    try:
        parser.read_string(own_text(file))
    except configparser.Error:
        return None
    return dict(parser[name]) if parser.has_section(name) else None


def parsed(text: str) -> tomlkit.TOMLDocument:
    """Parse pyproject.toml.

    Raises:
        Refusal: It is no TOML.
    """
    try:
        return tomlkit.parse(text)
    except ParseError as error:
        raise Refusal(f"pyproject.toml is not valid TOML: {error}. Correct it.") from None


def builds(folder: Path, tools: Mapping[str, Any]) -> bool:
    """Return whether a build backend has metadata that is not in [project]."""
    return "metadata" in tools.get("flit", {}) or any(
        (folder / name).is_file() for name in ("setup.py", "setup.cfg")
    )


def built(folder: Path, report: Report) -> dict[str, Any]:
    """Return the metadata that the project's own build backend gives; {} if the build fails."""
    try:
        with (
            tempfile.TemporaryDirectory() as out,
            DefaultIsolatedEnv(installer="uv" if shutil.which("uv") else "pip") as env,
            warnings.catch_warnings(),
        ):
            warnings.simplefilter("ignore")  # the backend's, about the metadata that goes anyway
            builder = ProjectBuilder.from_isolated_env(env, folder, runner=quiet_subprocess_runner)
            env.install(builder.build_system_requires)
            env.install(builder.get_requires_for_build("wheel"))
            found = importlib.metadata.PathDistribution(Path(builder.metadata_path(out)))
            return standard(found, folder, report)
    except (*BUILD_ERRORS, subprocess.CalledProcessError) as error:
        report.to_do.append(
            f"The build backend gives no metadata ({' '.join(str(error).split())}): write what "
            "setup.py, setup.cfg or `dynamic` say into [project] of pyproject.toml."
        )
        return {}


def standard(
    distribution: importlib.metadata.PathDistribution, folder: Path, report: Report
) -> dict[str, Any]:
    """Return the metadata of a distribution as [project], and report what has no place there."""
    core = Metadata.from_email(distribution.read_text("METADATA") or "", validate=False)
    dependencies: list[str] = []
    extras: dict[str, list[str]] = {name: [] for name in core.provides_extra or ()}
    for requirement in map(str, core.requires_dist or ()):
        optional = re.fullmatch(r'(.*?)(?:;| and)?\s*extra == "([^"]+)"', requirement)
        if optional:
            extras.setdefault(optional[2], []).append(optional[1])
        else:
            dependencies.append(requirement)
    report.items += [
        Item("removed", f"{name} {literal(list(found))}", "[project] has no key for it")
        for name in WITHOUT_KEY
        if (found := getattr(core, name)) and found != ["UNKNOWN"]
    ]
    urls = {"Homepage": core.home_page, "Download": core.download_url, **(core.project_urls or {})}
    points: dict[str, dict[str, str]] = {}
    for point in distribution.entry_points:
        points.setdefault(point.group, {})[point.name] = point.value
    table: dict[str, Any] = {
        "name": core.name,
        "version": None if str(core.version) == "0.0.0" else str(core.version),
        "description": core.summary,
        "readme": readme_of(core.description or "", folder),
        "requires-python": str(core.requires_python or ""),
        "license": str(core.license_expression or core.license or ""),
        "license-files": list(core.license_files or ()),
        "authors": people(core.author, core.author_email),
        "maintainers": people(core.maintainer, core.maintainer_email),
        "keywords": list(core.keywords or ()),
        "classifiers": list(core.classifiers or ()),
        "urls": {label: url for label, url in urls.items() if url},
        "dependencies": dependencies,
        "optional-dependencies": {name: found for name, found in extras.items() if found},
        "scripts": points.pop("console_scripts", {}),
        "gui-scripts": points.pop("gui_scripts", {}),
        "entry-points": points,
    }
    return {name: value for name, value in table.items() if value}


def readme_of(description: str, folder: Path) -> str:
    """Return the files at the root that have the text of a wheel's description."""
    words = " ".join(description.split())
    if words in {"", "UNKNOWN"}:
        return ""
    texts = {
        path.name: " ".join(path.read_text("utf-8", errors="replace").split())
        for path in sorted(folder.glob("*"), key=lambda path: (path.stem != "README", path.name))
        if path.is_file() and (path.stem == "README" or path.suffix in {".md", ".rst", ".txt"})
    }
    whole = [name for name, text in texts.items() if text == words][:1]
    parts = [name for name, text in texts.items() if text and text in words]
    return ", ".join(whole or parts) or "a text of the build"


def people(name: str | None, email: str | None) -> list[dict[str, str]]:
    """Return authors; the core metadata has names, or addresses with names."""
    if not email:
        return [{"name": name}] if name else []
    found = getaddresses([email])
    if name and len(found) == 1 and not found[0][0]:
        found = [(name, found[0][1])]
    return [
        {key: value for key, value in (("name", who), ("email", address)) if value}
        for who, address in found
    ]
