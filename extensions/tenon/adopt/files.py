"""Decide what becomes of each rendered file where the owner has one of that name."""

import ast
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from packaging.version import Version

from tenon.adopt.answers import licence_file
from tenon.adopt.document import MARKER
from tenon.adopt.report import Item, Report
from tenon.adopt.texts import own_text

FIRST_ERROR = 128
"""Exit statuses of `git merge-file` below it count conflicts."""
OWN = ("CHANGELOG.md", "LICENSE")
"""Files of which only the owner's text counts."""
CONFTEST = "tests/conftest.py"
HIDING = {
    "pytest": (".pytest.ini", ".pytest.toml", "pytest.ini", "pytest.toml"),
    "ruff": (".ruff.toml", "ruff.toml"),
    "mypy": (".mypy.ini", "mypy.ini"),
    "coverage": (".coveragerc",),
    "importlinter": (".importlinter",),
}
"""Files that a tool reads in place of its table in pyproject.toml."""


@dataclass(frozen=True, slots=True)
class Write:
    """A file to write."""

    path: str
    content: bytes
    source: Path
    """The rendered file, which has the mode of a new one."""
    theirs: bytes | None = None
    """For a conflict, what the owner has."""


def rendered_files(rendered: Path) -> list[str]:
    """Return the paths of the rendered files."""
    return sorted(
        path.relative_to(rendered).as_posix() for path in rendered.rglob("*") if path.is_file()
    )


def obstacles(root: Path, files: Sequence[str], rendered: Path) -> Iterator[str]:
    """Yield a sentence for each place where Tenon's files can't go."""
    found: dict[str, None] = {}
    for name in files:
        path = PurePosixPath(name)
        for parent in [*reversed(path.parents[:-1]), path]:
            there = root / parent
            if there.is_symlink():
                found[f"{parent} is a symbolic link. Replace it by a {kind(parent, path)}."] = None
            elif parent != path and there.is_file():
                found[f"{parent} is a file where Tenon has a folder. Rename it (git mv)."] = None
            elif parent == path and there.is_dir():
                found[f"{parent} is a folder where Tenon has a file. Rename it (git mv)."] = None
            elif parent != path and (there / ".git").exists():
                found[f"{parent} is a repository of its own. Move it out of Tenon's way."] = None
            elif not there.exists() and (other := other_case(there)):
                found[
                    f"{other} differs from Tenon's {there.name} only by case. Rename it (git mv)."
                ] = None
        if path.suffix == ".py":
            found |= dict.fromkeys(shadows(root, name, rendered))
        if path.parts[0] == "src" and (root / f"{path.parts[1]}.py").is_file():
            found[same_name(root, path.parts[1])] = None
    yield from found


def same_name(root: Path, package: str) -> str:
    """Return what to do with a module at the root that has the name of the package in src/."""
    if (root / "src" / package).is_dir():
        return f"{package}.py has the import name of src/{package}. Rename it (git mv)."
    return (
        f"{package}.py has the import name of the package that Tenon makes. Move it to "
        f"{package}/__init__.py, or add --data package_name=NAME."
    )


def ignored(root: Path, files: Sequence[str], tracked: Sequence[str]) -> Iterator[str]:
    """Yield a sentence for each file of the owner that git could not bring back."""
    for name in sorted({*files} - {*tracked}):
        if (root / name).is_file():
            yield f"git ignores {name}, and Tenon has one. Commit yours (git add -f) or move it."


def kind(parent: PurePosixPath, path: PurePosixPath) -> str:
    """Return what Tenon has there."""
    return "file" if parent == path else "folder"


def other_case(there: Path) -> str:
    """Return the name in the same folder that differs only by case; "" if there is none."""
    if not there.parent.is_dir():
        return ""
    names = (entry.name for entry in there.parent.iterdir())
    return next((name for name in names if name.lower() == there.name.lower()), "")


def shadows(root: Path, name: str, rendered: Path) -> Iterator[str]:
    """Yield a sentence if a module would hide another of the same import name, or is the core's."""
    path = PurePosixPath(name)
    module = path.parent if path.name == "__init__.py" else path.with_suffix("")
    twin = f"{module}.py" if path.name == "__init__.py" else f"{module}/__init__.py"
    if (root / twin).is_file() and not is_only_layer(rendered, name):
        yield f"{twin} has the import name of Tenon's {name}. Rename it (git mv)."
    if (root / name).is_file() and any(
        parent.name == "core" and (rendered / parent.parent / "__init__.py").is_file()
        for parent in path.parents
    ):
        ours, theirs = (rendered / name).read_bytes(), (root / name).read_bytes()
        if theirs.strip() and theirs != ours and not is_docstring(ours):
            yield f"{name} is a module of Tenon's core. Rename yours (git mv)."


def is_only_layer(rendered: Path, name: str) -> bool:
    """Return whether a package has nothing yet, so that a module of that name can replace it."""
    folder = (rendered / name).parent
    return (
        name.endswith("/__init__.py")
        and is_docstring((rendered / name).read_bytes())
        and len(list(folder.iterdir())) == 1
    )


def is_docstring(content: bytes) -> bool:
    """Return whether a module has nothing but a docstring."""
    try:
        body = ast.parse(content).body
    except (SyntaxError, ValueError):
        return False
    return all(isinstance(node, ast.Expr) for node in body)


def decide(root: Path, rendered: Path, files: Sequence[str], report: Report) -> list[Write]:
    """Return what to write, and report what becomes of every file but pyproject.toml.

    Raises:
        Refusal: A file that is shared is not UTF-8.
    """
    writes = []
    for name in files:
        if name == "pyproject.toml":
            continue
        source, there = rendered / name, root / name
        ours = source.read_bytes()
        write: Write | None = Write(name, ours, source)
        if not there.exists():
            write, item = new_file(root, rendered, name, ours)
        elif there.read_bytes() == ours:
            write, item = None, Item("kept", name, "it is the same")
        elif not there.read_bytes().strip():
            item = Item("updated", name, "it was empty")
        else:
            write, item = merged_file(there, name, source)
        report.files.append(item)
        if write:
            writes.append(write)
    return writes


def new_file(root: Path, rendered: Path, name: str, ours: bytes) -> tuple[Write | None, Item]:
    """Decide about a file that the owner does not have."""
    module = f"{PurePosixPath(name).parent}.py"
    if (root / module).is_file() and is_only_layer(rendered, name):
        return None, Item("kept", module, "Tenon has an empty package of that name")
    if name == "LICENSE" and (licence := licence_file(root)):
        return None, Item("kept", licence.name, "it stands for Tenon's LICENSE")
    return Write(name, ours, rendered / name), Item("added", name)


def merged_file(there: Path, name: str, source: Path) -> tuple[Write | None, Item]:
    """Decide about a file that the owner has with other content."""
    ours, theirs = source.read_bytes(), there.read_bytes()
    lines = ours.decode().splitlines()
    if any(map(MARKER.fullmatch, lines)):
        blank = "\n" if lines[-1].startswith("<!--") else ""
        text = f"{ours.decode()}{blank}{own_text(there).rstrip()}\n"
        return Write(name, text.encode(), source), Item("updated", name, "yours is at its end")
    if name in OWN:
        return None, Item("kept", name)
    if name.endswith(".py") and is_docstring(ours):
        return None, Item("kept", name, "Tenon's has only a docstring")
    if name == CONFTEST and b"pytest_plugins" not in theirs:
        line = next(line for line in lines if line.startswith("pytest_plugins"))
        end = b"\r\n" if b"\r\n" in theirs else b"\n"
        content = theirs.rstrip() + end * 2 + line.encode() + end
        return Write(name, content, source), Item("updated", name, f"with `{line}` at its end")
    conflict = conflict_of(theirs, ours)
    if conflict is None:
        return (
            Write(name, theirs, source, theirs),
            Item("conflict", name, "it is no text, and stays as it is"),
        )
    return Write(name, conflict, source, theirs), Item("conflict", name, "both texts are in it")


def conflict_of(theirs: bytes, ours: bytes) -> bytes | None:
    """Return both texts with the marks of a conflict around what differs; None for binary files."""
    has_crlf = b"\r\n" in theirs
    texts = {"yours": theirs.replace(b"\r\n", b"\n"), "base": b"", "tenon": ours}
    with tempfile.TemporaryDirectory() as scratch:
        paths = [Path(scratch, name) for name in texts]
        for path in paths:
            path.write_bytes(texts[path.name])
        done = subprocess.run(
            ["git", "merge-file", "-p", "-L", "yours", "-L", "none", "-L", "Tenon", *paths],
            capture_output=True,
            check=False,
        )
    if not 0 < done.returncode < FIRST_ERROR:
        return None
    text = done.stdout if done.stdout.endswith(b"\n") else done.stdout + b"\n"
    return text.replace(b"\n", b"\r\n") if has_crlf else text


def left_to_do(root: Path, oldest: str) -> Iterator[str]:
    """Yield a sentence for each file of the owner that works differently now."""
    for tool, names in HIDING.items():
        for name in names:
            if (root / name).is_file():
                yield (
                    f"{name} hides [tool.{tool}] of pyproject.toml. Remove it when that table has "
                    "the options that you need."
                )
    pinned = re.match(r"3\.\d+|2\b", own_text(root / ".python-version"))
    if pinned and Version(pinned[0]) < Version(oldest):
        yield f".python-version says {pinned[0]}: too old. Run uv python pin {oldest} first."
    if (root / "tests" / "__init__.py").is_file():
        yield (
            "Tenon's tests are no package, and mypy finds yours twice. Remove tests/__init__.py, "
            "and import modules of tests/ by their own names: `import samples`."
        )
    if (root / ".env.example").is_file():
        yield (
            "A test compares .env.example with the settings. Comment your variables out, or add "
            "fields for them to settings.py."
        )
    for name in ("poetry.lock", "Pipfile", "Pipfile.lock", "pdm.lock"):
        if (root / name).is_file():
            yield f"{name} is no longer used: uv.lock locks the versions. Remove it."
    setup = root / "setup.cfg"
    if (root / "setup.py").is_file() or (
        setup.is_file() and "[metadata]" in setup.read_text("utf-8", errors="replace")
    ):
        yield (
            "hatchling builds the project, and does not read setup.py and setup.cfg. Remove what "
            "they say about the package. A compiled extension needs a build hook of hatchling."
        )


@contextmanager
def written(root: Path, writes: Sequence[Write]) -> Iterator[None]:
    """Write the files; if that or the block fails, bring everything back."""
    before: list[tuple[Path, bytes | None]] = []
    made: list[Path] = []
    try:
        for write in writes:
            path = root / write.path
            made += [each for each in reversed(path.parents) if not each.exists()]
            path.parent.mkdir(parents=True, exist_ok=True)
            before.append((path, path.read_bytes() if path.exists() else None))
            path.write_bytes(write.content)
            if before[-1][1] is None:
                shutil.copymode(write.source, path)
        yield
    except BaseException:
        for path, content in sorted(before, key=lambda each: each[1] is not None):
            if content is None:
                path.unlink(missing_ok=True)
            else:  # when the new files have made room on a full disk
                path.write_bytes(content)
        for folder in reversed(made):
            folder.rmdir()
        raise
