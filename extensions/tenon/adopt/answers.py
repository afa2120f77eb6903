"""Find the answers to the template's questions in a repository."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fnmatch import filter as matching
from pathlib import Path

from packaging.licenses import InvalidLicenseExpression, canonicalize_license_expression
from packaging.utils import canonicalize_name

from tenon.adopt.metadata import Project
from tenon.adopt.pytest_options import options_of, places_of_tests
from tenon.adopt.report import Refusal

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


LICENCE_GLOBS = ("LICEN[CS]E*", "COPYING*", "NOTICE*", "AUTHORS*")
"""What setuptools and hatchling put into a wheel if `license-files` is not declared."""


def licence_files(root: Path, files: Sequence[str], project: Project) -> list[str]:
    """Return the declared licence files that exist, or those that a backend finds by itself."""
    licence = project.table.get("license")
    declared = project.table.get("license-files")
    if declared is None:
        at_root = [name for name in files if "/" not in name]
        declared = [name for pattern in LICENCE_GLOBS for name in matching(at_root, pattern)]
        declared += [licence["file"]] if isinstance(licence, dict) and "file" in licence else []
    found = [pattern for pattern in declared if matching(files, pattern)]
    main = licence_file(root)
    name = main.name if main else "LICENSE"
    is_there = any(matching([name], pattern) for pattern in found)
    return list(dict.fromkeys(found if is_there else [name, *found]))


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


def expression(licence: object) -> str:
    """Return the licence of the metadata if it is an SPDX expression, which hatchling needs."""
    try:
        return canonicalize_license_expression(str(licence or ""))
    except InvalidLicenseExpression:
        return ""


NOT_PACKAGES = re.compile(
    r"(?i)_?(test|tests|testing|doc|docs|example|examples|scripts|benchmarks|tools)"
)


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
    licence_files: list[str]
    """Names or patterns of the files about licences and authors that the wheel has."""
    tests: list[str]
    """Files and folders outside tests/ where pytest finds tests."""


def places(
    root: Path, files: Sequence[str], package: tuple[str, bool] | None, project: Project
) -> Places:
    """Return where things are in a repository."""
    others = sorted({*packages(files)} - {package})
    tests = places_of_tests(files, options_of(project.tools))
    test_folders = {"tests", *tests} - {name for name, _ in packages(files)}
    scripts = {name for name in files if re.fullmatch(r"[^/]+\.py", name)}
    return Places(
        [
            ("src/" if in_src else "") + name
            for name, in_src in others
            if not package or in_src == package[1]
        ],
        any(f"{name}/__init__.py" in files for name in test_folders)
        or bool(scripts - {"setup.py", "conftest.py", "noxfile.py"}),
        licence_files(root, files, project),
        tests,
    )


SOURCE_LABELS = ("repository", "source", "sourcecode", "code", "github", "gitlab")
"""Labels of the URL of a repository, as PyPI normalizes them."""


def normalized(label: str) -> str:
    """Return the label of a URL without what PyPI ignores in it."""
    return re.sub(r"[\W_]", "", label).lower()


def address(url: str) -> str:
    """Return a URL as it is compared: git accepts a repository's with `.git`, too."""
    return url.rstrip("/").removesuffix(".git").lower()


def answers(
    project: Project, package: tuple[str, bool] | None, versions: Sequence[str], licence: str
) -> dict[str, object]:
    """Return what the metadata answers; the questions without an entry have Copier's defaults."""
    table = project.table
    author: dict[str, str] = next(iter(table.get("authors", ())), {})
    urls = {normalized(label): url for label, url in table.get("urls", {}).items()}
    repository = next((urls[label] for label in (*SOURCE_LABELS, "homepage") if label in urls), "")
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
