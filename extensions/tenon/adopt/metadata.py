"""Read what a project says about itself, in whatever form, as the tables of pyproject.toml."""

import configparser
import importlib.metadata
import re
import shlex
import shutil
import subprocess
import sysconfig
import tempfile
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from email.utils import getaddresses
from pathlib import Path
from typing import Any

import tomlkit
from build import BuildBackendException, BuildException, FailedProcessError, ProjectBuilder
from build.env import DefaultIsolatedEnv
from packaging.metadata import Metadata
from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name
from pyproject_hooks import quiet_subprocess_runner
from tomlkit.exceptions import ParseError

from tenon.adopt.report import Refusal, Report

RUNTIME = ("requirements.in", "requirements.txt")
"""Requirement files that are the dependencies if no metadata has any; the first one counts."""
DEVELOPMENT = re.compile(
    r"(requirements[-_./])?(dev|develop|development|test|tests|lint|local)([-_]requirements)?\.(txt|in)"
)
REQUIREMENTS = re.compile(r"(requirements/[^/]+|[^/]*requirements[^/]*)\.(txt|in)")


BUILD_ERRORS = (BuildBackendException, BuildException, FailedProcessError)
INI_FILES = {"pytest.ini": "pytest", "tox.ini": "pytest", "setup.cfg": "tool:pytest"}
"""Where pytest looks for its options beside pyproject.toml, and in which section."""


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
        project.text = migrated(folder, report)
        document = parsed(project.text)
        if poetry is not None:
            document["tool"].pop("hatch", None)
            report.to_do += [
                f"[tool.poetry] {name} is not converted: the wheel has the package. Write what "
                "else it needs into [tool.hatch.build.targets.wheel]."
                for name in ("include", "exclude", "build")
                if name in poetry
            ]
    project.tools = document.get("tool", {})
    project.groups = document.get("dependency-groups", tomlkit.table()).unwrap()
    project.table = document.get("project", tomlkit.table()).unwrap()
    dynamic = project.table.pop("dynamic", ())
    if poetry is not None and "classifiers" in project.table:  # the converter adds some
        project.table["classifiers"] = poetry.get("classifiers", tomlkit.array()).unwrap()
    if dynamic or ("name" not in project.table and builds(folder)):
        project.table = {**built(folder, report), **project.table}
    if "version" in dynamic and "version" in project.table:
        report.to_do.append(
            f"The version was dynamic. It is {project.table['version']} in pyproject.toml now: "
            "change it there for the next release."
        )
    read_requirements(folder, project, report)
    if "pytest" not in project.tools and (options := ini_options(folder)):
        project.tools = {**project.tools, "pytest": {"ini_options": options}}
    return project


def ini_options(folder: Path) -> dict[str, str]:
    """Return the options of pytest in the first ini file that has some."""
    for name, section in INI_FILES.items():
        parser = configparser.ConfigParser(interpolation=None, strict=False)
        try:
            parser.read_string(own_text(folder / name))
        except configparser.Error:
            continue
        if parser.has_section(section):
            return dict(parser[section])
    return {}


def own_text(file: Path) -> str:
    """Return the text of a file, with LF; "" if there is none.

    Raises:
        Refusal: It is not UTF-8.
    """
    try:
        return file.read_bytes().decode("utf-8-sig").replace("\r\n", "\n") if file.is_file() else ""
    except UnicodeDecodeError:
        raise Refusal(
            f"{file.name} is not UTF-8. Convert it, for example by iconv, and commit it."
        ) from None


def parsed(text: str) -> tomlkit.TOMLDocument:
    """Parse pyproject.toml.

    Raises:
        Refusal: It is no TOML.
    """
    try:
        return tomlkit.parse(text)
    except ParseError as error:
        raise Refusal(f"pyproject.toml is not valid TOML: {error}. Correct it.") from None


def builds(folder: Path) -> bool:
    """Return whether a build backend has metadata that pyproject.toml does not have."""
    return any((folder / name).is_file() for name in ("setup.py", "setup.cfg"))


def migrated(folder: Path, report: Report) -> str:
    """Return pyproject.toml with the metadata of Poetry or Pipenv in standard tables.

    Raises:
        Refusal: Something in it can't be converted.
    """
    command = Path(sysconfig.get_path("scripts")) / "migrate-to-uv"
    with tempfile.TemporaryDirectory() as scratch:
        for name in ("pyproject.toml", "Pipfile"):
            if (folder / name).is_file():
                shutil.copy(folder / name, scratch)
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
        report.to_do += [line for line in said if "build backend" not in line.lower()][1:]
        return Path(scratch, "pyproject.toml").read_text("utf-8")


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
            return standard(found)
    except (*BUILD_ERRORS, subprocess.CalledProcessError) as error:
        report.to_do.append(
            f"The build backend gives no metadata ({' '.join(str(error).split())}): write what "
            "setup.py, setup.cfg or `dynamic` say into [project] of pyproject.toml."
        )
        return {}


def standard(distribution: importlib.metadata.PathDistribution) -> dict[str, Any]:
    """Return the metadata of a distribution as [project]."""
    core = Metadata.from_email(distribution.read_text("METADATA") or "", validate=False)
    dependencies: list[str] = []
    extras: dict[str, list[str]] = {name: [] for name in core.provides_extra or ()}
    for requirement in map(str, core.requires_dist or ()):
        optional = re.fullmatch(r'(.*?)(?:;| and)?\s*extra == "([^"]+)"', requirement)
        if optional:
            extras.setdefault(optional[2], []).append(optional[1])
        else:
            dependencies.append(requirement)
    points: dict[str, dict[str, str]] = {}
    for point in distribution.entry_points:
        points.setdefault(point.group, {})[point.name] = point.value
    table: dict[str, Any] = {
        "name": core.name,
        "version": None if str(core.version) == "0.0.0" else str(core.version),
        "description": core.summary,
        "requires-python": str(core.requires_python or ""),
        "license": str(core.license_expression or core.license or ""),
        "authors": people(core.author, core.author_email),
        "maintainers": people(core.maintainer, core.maintainer_email),
        "keywords": list(core.keywords or ()),
        "classifiers": list(core.classifiers or ()),
        "urls": {
            **({"Homepage": core.home_page} if core.home_page else {}),
            **(core.project_urls or {}),
        },
        "dependencies": dependencies,
        "optional-dependencies": {name: found for name, found in extras.items() if found},
        "scripts": points.pop("console_scripts", {}),
        "gui-scripts": points.pop("gui_scripts", {}),
        "entry-points": points,
    }
    return {name: value for name, value in table.items() if value}


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


# Requirement files


def read_requirements(folder: Path, project: Project, report: Report) -> None:
    """Add what requirement files have, and report the lines that stay in them."""
    files = [*folder.glob("*.txt"), *folder.glob("*.in"), *folder.glob("requirements/*")]
    names = sorted(
        filter(REQUIREMENTS.fullmatch, (path.relative_to(folder).as_posix() for path in files))
    )
    runtime = next((name for name in RUNTIME if name in names), None)
    rest: list[str] = []
    read: set[str] = set(RUNTIME)
    if runtime:
        found, rest, files_read = requirements(folder, runtime)
        read |= files_read
        if not project.table.get("dependencies"):
            project.table["dependencies"] = list(dict.fromkeys(map(str, found)))
        else:
            declared = set(map(name_of, project.table["dependencies"]))
            extra = sorted({item.name for item in found if name_of(item) not in declared})
            report.to_do.append(
                f"{runtime} is not merged, because the metadata has dependencies. Only this file "
                f"names: {', '.join(extra) or 'nothing'}."
            )
    for name in filter(DEVELOPMENT.fullmatch, names):
        if source_of(folder, name) != name:
            continue
        found, others, more = requirements(folder, name)
        read |= more
        rest += others
        group = project.groups.setdefault("dev", [])
        known = {*map(name_of, group), *map(name_of, project.table.get("dependencies", ()))}
        group += dict.fromkeys(str(item) for item in found if name_of(item) not in known)
    report.to_do += [
        f"{name} is not read. Add what you need by `uv add --dev -r {name}`."
        for name in names
        if not {name, f"{name.rpartition('.')[0]}.txt", f"{name.rpartition('.')[0]}.in"} & read
    ]
    report.to_do += [
        f"{line} is not merged. Write what you need into [tool.uv], or run `uv add`."
        for line in dict.fromkeys(rest)
    ]


def requirements(
    folder: Path, name: str, seen: Sequence[str] = ()
) -> tuple[list[Requirement], list[str], set[str]]:
    """Return the requirements of a file and of those it includes, other lines, and the files."""
    found: list[Requirement] = []
    rest: list[str] = []
    read = {name}
    text = re.sub(r"\\\n", " ", own_text(folder / name))
    for raw in text.splitlines():
        line = re.sub(r"(^|\s)#.*$|\s--hash=\S+", "", raw).strip()
        if included := re.fullmatch(r"(?:-r|--requirement)[ =]?\s*(\S+)", line):
            path = source_of(folder, (Path(name).parent / included[1]).as_posix())
            if path not in (*seen, name):
                more, others, files = requirements(folder, path, (*seen, name))
                found, rest, read = found + more, rest + others, read | files
        elif line and not re.fullmatch(r"(-e|--editable)[ =]?\s*\.(\[.*\])?", line):
            try:
                found.append(Requirement(line))
            except InvalidRequirement:
                rest.append(f"{name}: {line}")
    return found, rest, read


def source_of(folder: Path, name: str) -> str:
    """Return the file that pip-compile made a requirement file from, or the file itself."""
    source = f"{name.removesuffix('.txt')}.in"
    return source if (folder / source).is_file() else name


def name_of(requirement: object) -> str:
    """Return the canonical name of a requirement; "" for an included group."""
    try:
        return canonicalize_name(Requirement(str(requirement)).name)
    except InvalidRequirement:
        return ""


# Answers

LICENCES = (
    ("MIT", r"\bMIT\b"),
    ("Apache-2.0", r"Apache.{0,25}2"),
    ("BSD-3-Clause", r"BSD.{0,5}3|3.Clause.{0,5}BSD"),
    ("MPL-2.0", r"MPL.{0,5}2|Mozilla Public License.{0,12}2"),
    ("GPL-3.0-or-later", r"GPL.{0,2}v?3.*(\+|later)|General Public License v3 or later"),
    ("Proprietary", r"Proprietary"),
)
"""The licences to choose from, and how metadata names them."""


LICENCE_TEXTS = (
    ("MIT", "Permission is hereby granted, free of charge"),
    ("Apache-2.0", "Apache License Version 2.0"),
    ("BSD-3-Clause", "be used to endorse or promote products"),
    ("MPL-2.0", "Mozilla Public License Version 2.0"),
    ("GPL-3.0-or-later", "GNU GENERAL PUBLIC LICENSE Version 3"),
)
"""Words that only the text of this licence has."""


def licence_file(root: Path) -> Path | None:
    """Return the licence file, LICENSE if it is there."""
    found = sorted(path for name in ("LICEN[SC]E*", "COPYING*") for path in root.glob(name))
    return next(
        (path for path in sorted(found, key=lambda path: path.name != "LICENSE") if path.is_file()),
        None,
    )


def licence_of(project: Project, text: str) -> str | None:
    """Return the answer for the project's licence, from its metadata or the licence's text."""
    given = project.table.get("license", "")
    said = [
        given if isinstance(given, str) else given.get("text", ""),
        *(name for name in project.table.get("classifiers", ()) if name.startswith("License ::")),
    ]
    for words in filter(None, said):
        for answer, pattern in LICENCES:
            if re.search(pattern, words, re.IGNORECASE):
                return answer
    whole = " ".join(text.split()).lower()
    return next((answer for answer, words in LICENCE_TEXTS if words.lower() in whole), None)


NOT_PACKAGES = re.compile(r"(?i)_?(test|tests|doc|docs|example|examples|scripts|benchmarks|tools)")


def package_of(
    files: Sequence[str], project: Project, wanted: str | None
) -> tuple[str, bool] | None:
    """Return the name of the package and whether it is under src/; None if there is none.

    Raises:
        Refusal: There are several.
    """
    found = sorted(packages(files))
    if wanted:
        return next((each for each in found if each[0] == wanted), None)
    name = canonicalize_name(project.table.get("name", "")).replace("-", "_")
    same = [each for each in found if canonicalize_name(each[0]).replace("-", "_") == name]
    if len(found) > 1 and len(same) != 1:
        names = ", ".join(("src/" if in_src else "") + package for package, in_src in found)
        raise Refusal(
            f"The repository has several packages ({names}). Name the one that becomes the "
            "service by --data package_name=NAME."
        )
    return next(iter(same or found), None)


def packages(files: Sequence[str]) -> Iterator[tuple[str, bool]]:
    """Yield the packages at the root and under src/."""
    for path in files:
        parts = re.fullmatch(r"(src/)?([^/]+)/__init__\.py", path)
        if parts and parts[2] != "src" and not NOT_PACKAGES.fullmatch(parts[2]):
            yield parts[2], bool(parts[1])


@dataclass(frozen=True, slots=True)
class Places:
    """Where things are that pyproject.toml names."""

    packages: list[str]
    """Paths of the packages in the wheel beside the service's own."""
    has_root_imports: bool
    """Whether tests import from the root of the repository."""
    licence_file: str | None
    """The licence file, if it is not LICENSE."""


def places(root: Path, files: Sequence[str], package: tuple[str, bool] | None) -> Places:
    """Return where things are in a repository."""
    others = sorted({*packages(files)} - {package}) if package else []
    licence = licence_file(root)
    scripts = {name for name in files if re.fullmatch(r"[^/]+\.py", name)}
    return Places(
        [("src/" if in_src else "") + name for name, in_src in others if in_src == package[1]]
        if package
        else [],
        "tests/__init__.py" in files or bool(scripts - {"setup.py", "conftest.py", "noxfile.py"}),
        licence.name if licence and licence.name != "LICENSE" else None,
    )


def answers(
    project: Project, package: tuple[str, bool] | None, versions: Sequence[str], licence: str
) -> dict[str, object]:
    """Return what the metadata answers; the questions without an entry have Copier's defaults."""
    table = project.table
    author: dict[str, str] = next(iter(table.get("authors", ())), {})
    urls = {name.lower(): url for name, url in table.get("urls", {}).items()}
    repository = next(
        (urls[name] for name in ("repository", "source", "homepage") if name in urls), ""
    )
    found: dict[str, object] = {
        "project_description": " ".join(str(table.get("description", "")).split()),
        "user_name": author.get("name", ""),
        "user_email": author.get("email", ""),
        "repository_url": str(repository).removesuffix(".git"),
        "license": licence,
        "python_min": lowest(str(table.get("requires-python", "")), versions),
        "distribution_name": canonicalize_name(table.get("name", "")),
    }
    if package:
        found |= {"package_name": package[0], "src_layout": package[1]}
    return {name: value for name, value in found.items() if value != ""}


def lowest(requires: str, versions: Sequence[str]) -> str:
    """Return the oldest of these Python versions that the project supports."""
    bound = re.search(r"(?:>=|~=|==|\^)\s*(\d+)\.(\d+)", requires)
    minor = int(bound[2]) if bound and bound[1] == "3" else 0
    return next((each for each in versions if int(each.partition(".")[2]) >= minor), versions[-1])


def split_words(value: object) -> list[Any]:
    """Return an option of pytest that ini files write as text as the list that TOML has."""
    if isinstance(value, str):
        return value.strip().splitlines() if "\n" in value else shlex.split(value)
    return list(value) if isinstance(value, list) else [value]
