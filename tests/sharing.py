"""Run a gate once for all variants that it can't tell apart.

Two runs of a gate are equal if everything that it reads is equal, byte for byte: its command, the
files, the tables of pyproject.toml, the resolved versions and the interpreter. The second one takes
the result of the first. Results live as long as one test run, or one `.ci/run`, in a folder that
all workers share.
"""

import json
import tomllib
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

from filelock import FileLock

from environment import Run

LOCK = "uv.lock"
TOOL_CACHES = {".venv", ".mypy_cache", ".pytest_cache", ".ruff_cache", "__pycache__"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Reads:
    """The files and tables that a gate reads.

    Attributes:
        files: Patterns of file names, in any folder.
        without: Paths of files that it leaves out.
        tables: Tables or keys of pyproject.toml, dotted. The whole file is one of `files`.
    """

    files: tuple[str, ...]
    without: tuple[str, ...] = ()
    tables: tuple[str, ...] = ()

    def contents(self, project: Path) -> dict[str, bytes]:
        """Return the content of the files by path, and of the tables by name."""
        found = {
            path.relative_to(project).as_posix(): path.read_bytes()
            for pattern in self.files
            for path in project.rglob(pattern)
            if path.is_file() and TOOL_CACHES.isdisjoint(path.relative_to(project).parts)
            if path.relative_to(project).as_posix() not in self.without
        }
        settings = tomllib.loads((project / "pyproject.toml").read_text(encoding="utf-8"))
        for name in self.tables:
            found[f"[{name}]"] = json.dumps(table(settings, name), sort_keys=True).encode()
        return found


def table(settings: Mapping[str, Any], name: str) -> object:
    """Return a table or a value by its dotted name; None if there is none."""
    value: Any = settings
    for part in name.split("."):
        if not isinstance(value, dict) or part not in value:
            return None
        value = value[part]
    return value


STANDALONE = frozenset(
    {
        *("check-jsonschema", "license-expression", "mkdocstrings-python", "prek"),
        *("pypi-attestations", "towncrier", "typos", "zensical", "zizmor"),
    }
)
"""Tools that plug into no other: only their own commands read them, and what they install."""


def versions(lock: Path, without: frozenset[str] = STANDALONE) -> bytes:
    """Return the packages of a lock file that a project installs, without some and their own."""
    packages: dict[str, list[Any]] = {}
    for package in tomllib.loads(lock.read_text(encoding="utf-8"))["package"]:
        packages.setdefault(package["name"], []).append(package)
    (root,) = (name for name, found in packages.items() if found[0]["source"] == {"editable": "."})
    found, left = {root}, [root]
    while left:
        for package in packages[left.pop()]:
            groups = [
                package.get("dependencies", []),
                *package.get("optional-dependencies", {}).values(),
                *package.get("dev-dependencies", {}).values(),
            ]
            names = {item["name"] for group in groups for item in group} - without - found
            found |= names
            left += names
    locked = [packages[name] for name in sorted(found - {root})]
    return json.dumps(locked, sort_keys=True, default=str).encode()


def key_of(command: Sequence[str], inputs: Mapping[str, bytes]) -> str:
    """Return a digest of a command and the inputs by name."""
    digest = sha256(json.dumps(list(command)).encode())
    for name, content in sorted(inputs.items()):
        digest.update(f"\n{name} {len(content)}\n".encode())
        digest.update(content)
    return digest.hexdigest()


@dataclass(slots=True)
class Results:
    """The results of one test run.

    Attributes:
        folder: Where they are; all workers of the run use the same one.
        counts: How many gates this worker has run, and how many it has shared.
    """

    folder: Path
    counts: Counter[str] = field(default_factory=Counter)

    def get(self, key: str, run: Callable[[], Run]) -> Run:
        """Return the result that another run of the gate had, or run it."""
        path = self.folder / f"{key}.json"
        with FileLock(path.with_suffix(".lock")):
            if path.exists():
                self.counts["shared"] += 1
                return Run(**json.loads(path.read_text(encoding="utf-8")))
            done = run()
            path.write_text(json.dumps(asdict(done)), encoding="utf-8")
            self.counts["run"] += 1
            return done
