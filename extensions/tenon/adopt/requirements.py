"""Read requirement files into the metadata."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from tenon.adopt.report import Report
from tenon.adopt.texts import own_text

RUNTIME = ("requirements.in", "requirements.txt")
"""Requirement files that are the dependencies if no metadata has any; the first one counts."""
DEVELOPMENT = re.compile(
    r"(requirements[-_./])?(dev|develop|development|test|tests|lint|local)([-_]requirements)?\.(txt|in)"
)
REQUIREMENTS = re.compile(r"(requirements/[^/]+|[^/]*requirements[^/]*)\.(txt|in)")


def read_requirements(
    folder: Path, table: dict[str, Any], groups: dict[str, list[Any]], report: Report
) -> None:
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
        if not table.get("dependencies"):
            table["dependencies"] = list(dict.fromkeys(map(str, found)))
        else:
            declared = set(map(name_of, table["dependencies"]))
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
        group = groups.setdefault("dev", [])
        known = {*map(name_of, group), *map(name_of, table.get("dependencies", ()))}
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
