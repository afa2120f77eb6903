"""Merge the metadata of a project into the pyproject.toml that Tenon renders for it."""

import re
import tomllib
from collections.abc import Iterable, Mapping
from typing import Any

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name
from tomlkit.container import OutOfOrderTableProxy
from tomlkit.items import AoT, Table

from tenon.adopt.answers import SOURCE_LABELS, Places, address, normalized
from tenon.adopt.document import Document, Path, literal
from tenon.adopt.metadata import Project
from tenon.adopt.pytest_options import options_of
from tenon.adopt.report import Item, Report, Status
from tenon.adopt.requirements import name_of

BUILD_TOOLS = ("flit", "pbr", "poetry", "setuptools", "setuptools_scm")
"""Tables of tools that hatchling replaces."""
DEPENDENCIES = ("project", "dependencies")
PRIVATE = "Private :: Do Not Upload"
"""What Tenon says of a proprietary project; another licence of the owner may allow uploads."""
RUFF = {
    *("banned-api", "builtins", "exclude", "extend-exclude", "extend-ignore", "external", "ignore"),
    *("extend-per-file-ignores", "per-file-ignores", "src"),
}
"""Options of ruff that change nothing for Tenon's files, below [tool.ruff]."""
OLD_LINT = {
    *("extend-ignore", "extend-per-file-ignores", "external", "flake8-tidy-imports", "ignore"),
    *("isort", "per-file-ignores", "pydocstyle"),
}
"""Options of the linter that older versions of ruff had in [tool.ruff]."""
STRICTNESS = {("tool", "mypy", "check_untyped_defs"), ("tool", "mypy", "strict")}
"""Keys of which Tenon has one or the other: an update to the other answer would add a second."""
SUBTABLES = {"entry-points", "gui-scripts", "optional-dependencies"}
EXTENDED = {
    ("build-system", "requires"),
    ("tool", "hatch", "build", "targets", "wheel", "packages"),
    ("tool", "pytest", "pythonpath"),
    ("tool", "pytest", "testpaths"),
}
"""Arrays of one line that get the owner's items; no practice changes a line beside them."""


class Merge:
    """One merge: the rendered document, and the report of each item."""

    def __init__(self, rendered: str, report: Report) -> None:
        """Parse the rendered text."""
        self.document = Document.of(rendered)
        self.rendered = tomllib.loads(rendered)
        self.report = report
        self.bounds = {
            name_of(text): Requirement(text)
            for path in (("dependency-groups", "dev"), DEPENDENCIES)
            for text in value_at(self.rendered, path)
        }
        """Tenon's requirements, which hold in every list: uv resolves all of them together."""

    def note(self, status: Status, path: Path, value: object, why: str = "") -> None:
        """Report one item."""
        shown = value if isinstance(value, str) else literal(value)
        self.report.items.append(Item(status, f"{'.'.join(path)} {shown}".strip(), why))

    # Metadata

    def version(self, theirs: str, *, was_dynamic: bool) -> None:
        """Merge the version, and report what the next release needs."""
        path = ("project", "version")
        if "version" in self.rendered["project"]:
            self.document.replace(path, theirs)
            self.note("kept", path, theirs)
            if was_dynamic:
                self.report.to_do.append(
                    f"The version was dynamic. It is {theirs} in pyproject.toml now: "
                    "change it there for the next release."
                )
        elif not was_dynamic:
            self.note("removed", path, theirs, "the newest git tag is the version")
            self.report.to_do.append(
                f"The version is that of the newest git tag now. Unless {theirs} has one, tag its "
                f"commit: git tag v{theirs} COMMIT."
            )

    def metadata(self, project: Project) -> None:
        """Merge [project]."""
        theirs = project.table
        if "version" in theirs:
            self.version(theirs["version"], was_dynamic=project.has_dynamic_version)
        for name in ("description", "license"):
            if name in theirs:
                self.document.replace(("project", name), theirs[name])
                self.note("kept", ("project", name), theirs[name])
        self.replaced(theirs)
        ours = self.rendered["project"]
        self.classifiers(theirs.get("classifiers", []))
        known = ours.get("authors", ())
        people = [each for each in theirs.get("authors", ()) if each not in known]
        if people:
            self.document.add_items(("project", "authors"), people)
            self.note("kept", ("project", "authors"), people)
        for name in sorted(theirs.keys() - ours.keys() - SUBTABLES - {"version"}):
            if theirs[name]:
                self.document.add_key(("project", name), theirs[name])
                self.note("kept", ("project", name), theirs[name])
        self.dependencies(DEPENDENCIES, theirs.get("dependencies", []))
        self.urls(theirs.get("urls", {}))
        self.table(("project", "scripts"), theirs.get("scripts", {}))
        for name, items in theirs.get("optional-dependencies", {}).items():
            self.requirements(("project", "optional-dependencies", name), items)
        points = theirs.get("entry-points", {})
        for path, entries in (
            (("gui-scripts",), theirs.get("gui-scripts", {})),
            *((("entry-points", group), found) for group, found in points.items()),
        ):
            for key, value in entries.items():
                self.document.add_key(("project", *path, key), value)
                self.note("kept", ("project", *path, key), value)

    def urls(self, theirs: Mapping[str, str]) -> None:
        """Merge the URLs; the repository's gets Tenon's label in place of another."""
        path = ("project", "urls", "Repository")
        ours = value_at(self.rendered, path)
        same = {
            label: url
            for label, url in theirs.items()
            if ours and normalized(label) in SOURCE_LABELS and address(url) == address(ours)
        }
        if same == {"Repository": ours}:
            self.note("kept", path, ours)
        elif same:
            before = ", ".join(" ".join(pair) for pair in same.items())
            self.note("updated", path, ours, f"before, {before}")
        elif ours and "Repository" not in theirs:
            self.note("added", path, ours)
        self.table(path[:-1], {label: url for label, url in theirs.items() if label not in same})

    def replaced(self, theirs: Mapping[str, Any]) -> None:
        """Report what Tenon's own metadata replaces."""
        ours = self.rendered["project"]
        for name in ("name", "requires-python", "readme"):
            before = theirs.get(name, ours[name])
            if isinstance(before, dict):  # a readme with its type
                before = before.get("file", "a text")
            if before != ours[name]:
                self.note("updated", ("project", name), ours[name], f"before, {before}")
            if name == "readme" and before != ours[name]:
                others = [file for file in before.split(", ") if file != ours[name]]
                self.report.to_do.append(
                    f"The wheel's description is {ours[name]} now. Move there what it was before: "
                    f"{', '.join(others)}."
                )

    def licence_files(self, declared: list[str] | None, found: list[str]) -> None:
        """Write the licence files that the wheel has."""
        path = ("project", "license-files")
        if found != value_at(self.rendered, path):
            self.document.replace(path, found)
        if declared not in (None, found):
            self.note("updated", path, found, f"before, {literal(declared)}")
        elif declared or found != value_at(self.rendered, path):
            self.note("kept", path, found)

    def classifiers(self, theirs: Iterable[str]) -> None:
        """Keep classifiers, but for those that the standard replaces or that are no longer true."""
        path = ("project", "classifiers")
        oldest = int(re.sub(r"\D*3\.(\d+).*", r"\1", self.rendered["project"]["requires-python"]))
        for name in theirs:
            python = re.fullmatch(r"Programming Language :: Python :: ([23])(?:\.(\d+))?", name)
            if name in self.rendered["project"]["classifiers"]:
                continue
            if name.startswith("License ::"):
                self.note("removed", path, name, "`license` says it")
            elif python and (python[1] == "2" or int(python[2] or 99) < oldest):
                self.note("removed", path, name, "`requires-python` excludes it")
            else:
                self.document.add_items(path, [name])
                self.note("kept", path, name)

    # Dependencies

    def dependencies(self, path: Path, theirs: Iterable[Any]) -> None:
        """Merge requirements one by one, by their canonical names."""
        ours = {name_of(text): text for text in value_at(self.rendered, path)}
        present: set[str] = set()
        for item in theirs:
            name = name_of(item)
            if not name or name not in ours:
                if name == canonicalize_name(self.rendered["project"]["name"]):
                    self.note("removed", path, item, "it is the project itself")
                    continue
                self.document.add_items(path, [self.bounded(path, item)])
                continue
            present.add(name)
            extras = missing_extras(str(item), ours[name])
            if extras:
                self.document.add_items(path, [extras])
            if extras or str(item) != ours[name]:
                to = ours[name] + (f" and {extras}" if extras else "")
                self.note("updated", path, to, f"before, {item}")
            else:
                self.note("kept", path, item)
        for name, text in ours.items():
            if name not in present:
                self.note("added", path, text)

    def requirements(self, path: Path, theirs: Iterable[Any]) -> None:
        """Keep a list of requirements that Tenon does not have, with Tenon's bounds."""
        self.document.add_key(path, [self.bounded(path, item) for item in theirs])

    def bounded(self, path: Path, item: Any) -> Any:  # noqa: ANN401  (an included group is a table)
        """Return a requirement with Tenon's bounds if Tenon has one of that name, and report it."""
        ours = self.bounds.get(name_of(item))
        changed = Requirement(item) if ours else None
        if not ours or not changed or changed.url or changed.specifier == ours.specifier:
            self.note("kept", path, item)
            return item
        changed.specifier = ours.specifier
        self.note("updated", path, str(changed), f"before, {item}")
        return str(changed)

    def groups(self, theirs: Mapping[str, list[Any]]) -> None:
        """Merge [dependency-groups]."""
        for name, items in {"dev": [], **theirs}.items():
            if name in self.rendered["dependency-groups"]:
                self.dependencies(("dependency-groups", name), items)
            else:
                self.requirements(("dependency-groups", name), items)

    # Tools

    def build_system(self, theirs: Mapping[str, Any]) -> None:
        """Keep what a build by hatchling requires; another backend is replaced."""
        path = ("build-system", "requires")
        ours = set(map(name_of, value_at(self.rendered, path)))
        for item in theirs.get("requires", ()):
            if theirs.get("build-backend") == "hatchling.build":
                self.entry(path, [item] if name_of(item) not in ours else [])
            else:
                self.note("removed", path, item, "hatchling builds the project")

    def tools(self, theirs: Mapping[str, Any]) -> None:
        """Merge [tool]."""
        for name, value in theirs.items():
            if name == "uv" and value.pop("package", True) is False:
                self.note(
                    "removed", ("tool", "uv", "package"), value=False, why="Tenon has a command"
                )
            if not value:
                continue
            if name in BUILD_TOOLS:
                self.note("removed", ("tool", name), "", "hatchling builds the project")
            elif name == "pytest":
                self.table(("tool", name), options_of(theirs))
            else:
                if name == "ruff":
                    older = {key: value.pop(key) for key in [*value] if key in OLD_LINT}
                    self.table(("tool", "ruff", "lint"), older)
                self.entry(("tool", name), value)

    def table(self, path: Path, theirs: Mapping[str, Any]) -> None:
        """Merge a table."""
        for key, value in theirs.items():
            item = (
                theirs.value.item(key) if isinstance(theirs, Table) else value
            )  # with its comment
            self.entry((*path, key), item)

    def entry(self, path: Path, value: Any) -> None:  # noqa: ANN401  (any value of TOML)
        """Keep a value where Tenon has none, add the items of arrays, and report other values."""
        ours = value_at(self.rendered, path)
        changes_files = path[:2] == ("tool", "ruff") and not RUFF & {*path}
        if ours is None and path in STRICTNESS:
            self.note("removed", path, value, "the answer strict_mypy says it")
        elif (
            isinstance(ours, dict) and isinstance(value, Mapping) and path not in self.document.keys
        ):
            self.table(path, value)
        elif (ours is None and not changes_files) or (
            isinstance(ours, list) and isinstance(value, AoT)
        ):
            self.keep(path, value)
        elif isinstance(value, list) and (path in self.document.marked or path in EXTENDED):
            self.extend(path, ours, value)
        elif ours is None:
            why = "Tenon's files are formatted and linted without it"
            self.note("removed", path, plain(value), why)
        elif value != ours:
            self.note("removed", path, plain(value), f"Tenon has {literal(ours)}")
            if path[:2] == ("project", "scripts"):
                self.report.to_do.append(
                    f"The command {path[2]} starts Tenon's service. Give yours ({value}) another "
                    "name in [project.scripts], or add it to commands.py."
                )

    def keep(self, path: Path, value: Any) -> None:  # noqa: ANN401  (any value of TOML)
        """Add a value that Tenon does not have."""
        if isinstance(value, OutOfOrderTableProxy):
            self.table(path, value)
        elif isinstance(value, Table | AoT):
            self.document.add_table(path, value)
            self.note("kept", path, "")
        else:
            self.document.add_key(path, value)
            self.note("kept", path, value)

    def extend(self, path: Path, ours: list[Any], theirs: list[Any]) -> None:
        """Add the items that Tenon does not have."""
        new = [item for item in theirs if item not in ours]
        if new:
            ours.extend(new)
            self.document.add_items(path, new)
            self.note("kept", path, new)


def plain(value: object) -> object:
    """Return a value of tomlkit as one of Python."""
    return value.unwrap() if isinstance(value, Table | AoT | OutOfOrderTableProxy) else value


def value_at(tables: Mapping[str, Any], path: Path) -> Any:  # noqa: ANN401  (any value of TOML)
    """Return the value at a path; None if there is none."""
    found: Any = tables
    for name in path:
        found = found.get(name) if isinstance(found, Mapping) else None
    return found


def missing_extras(theirs: str, ours: str) -> str:
    """Return a requirement for the extras that only the owner's requirement has; "" for none."""
    try:
        requirement = Requirement(theirs)
    except InvalidRequirement:
        return ""
    extras = requirement.extras - Requirement(ours).extras
    if not extras:
        return ""
    marker = f"; {requirement.marker}" if requirement.marker else ""
    return f"{requirement.name}[{','.join(sorted(extras))}]{marker}"


def comments(text: str) -> list[str]:
    """Return the comments of a TOML text."""
    found = re.findall(r"""(?m)^(?:[^"'#\n]|"[^"\n]*"|'[^'\n]*')*#[ \t]*(\S.*)$""", text)
    return [comment.strip() for comment in found]


def merged(rendered: str, project: Project, original: str, report: Report, places: Places) -> str:
    """Return the rendered pyproject.toml with what the project has, and report each item."""
    if "license" in project.table and PRIVATE not in project.table.get("classifiers", ()):
        rendered = rendered.replace(f'  "{PRIVATE}",\n', "")
    merge = Merge(rendered, report)
    merge.metadata(project)
    merge.groups(project.groups)
    merge.tools(project.tools)
    if any(" @ " in item for item in value_at(tomllib.loads(merge.document.text()), DEPENDENCIES)):
        merge.entry(("tool", "hatch", "metadata", "allow-direct-references"), value=True)
    if places.has_root_imports:
        merge.entry(("tool", "pytest", "pythonpath"), ["."])
    if places.tests:
        merge.entry(("tool", "pytest", "testpaths"), places.tests)
    if places.packages:
        merge.entry(("tool", "hatch", "build", "targets", "wheel", "packages"), places.packages)
        names = [path.rpartition("/")[2] for path in places.packages]
        merge.entry(("tool", "deptry", "known_first_party"), names)
    merge.licence_files(project.table.get("license-files"), places.licence_files)
    merge.build_system(project.build)
    text = merge.document.text()
    lost = dict.fromkeys(comment for comment in comments(original) if comment not in text)
    if lost:
        report.items.append(Item("removed", f"comments {', '.join(map(literal, lost))}"))
    tomllib.loads(text)
    return text
