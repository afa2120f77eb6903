"""Sharing hides no fault: a gate runs again as soon as anything that it reads has changed."""

import re
import shutil
import sys
import tomllib
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import tomli_w

from conftest import Variant
from environment import Environments, Held, Run, check
from harness import KINDS
from sharing import Results, table, versions
from test_gates import READS, Answers, Subject, prepared

FAMILY: Sequence[Answers] = ({"preset": "minimal"}, {"preset": "minimal", "customize": True})
"""Variants that differ in a file which no gate reads: their answers."""

TESTS = ("pytest", "-q", "tests/core/web/test_routing.py", "tests/architecture/test_errors.py")
"""Stand for all tests: they read the same, and take less time."""


@pytest.fixture(scope="module")
def family(
    variant: Variant, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[], tuple[Subject, Subject]]:
    """Return a function that gives two variants, which share an environment and new results."""
    environments = Environments(tmp_path_factory.mktemp("environments"))

    def family() -> tuple[Subject, Subject]:
        folder = tmp_path_factory.mktemp("family")
        results = Results(folder)
        first, second = (
            prepared(answers, variant, environments, results, folder / f"{number}")
            for number, answers in enumerate(FAMILY)
        )
        return first, second

    return family


@pytest.fixture
def environments(tmp_path: Path) -> Environments:
    """Return environments of this test alone."""
    return Environments(tmp_path / "environments")


SAID = Run(command=("version",), status=0, stdout="said", stderr="")

CARELESS = "src/my_service/careless.py"
FAULTS = {
    "lint": (CARELESS, '"""Written in a hurry."""\n\nimport os\n', "F401"),
    "format-check": (CARELESS, '"""Written in a hurry."""\nA=1\n', "reformat"),
    "types": (CARELESS, '"""Hurry."""\n\nA: int = "1"\n', "assignment"),
    "dependencies": (CARELESS, '"""Hurry."""\n\nimport tinydb\n', "DEP001"),
    "coverage": (
        "tests/core/web/test_routing.py",
        "def test_fault() -> None:\n    assert 0\n",
        "test_fault",
    ),
}
"""Faults in the second variant, by the gate that finds them: file, text and finding."""


@pytest.mark.parametrize(
    "gate",
    [gate if gate == "lint" else pytest.param(gate, marks=pytest.mark.full) for gate in FAULTS],
)
def test_planted_fault_is_found(gate: str, family: Callable[[], tuple[Subject, Subject]]) -> None:
    """A fault in one of two variants that shared a gate is found, with sharing on."""
    first, second = family()
    command = TESTS if gate == "coverage" else first.command(gate)
    reads = READS[gate]
    for subject in (first, second):
        check(subject.run(*command, reads=reads))
    assert second.results.counts == {"run": 2, "shared": 2}  # the gate, and the lock file
    file, text, finding = FAULTS[gate]
    path = second.folder / file
    path.write_text((path.read_text("utf-8") if path.exists() else "") + text, encoding="utf-8")

    done = second.run(*command, reads=reads)

    assert done.status != 0, done
    assert finding in done.output, done
    check(first.run(*command, reads=reads))


def test_other_versions_are_other_inputs(family: Callable[[], tuple[Subject, Subject]]) -> None:
    """A gate runs again where a package that it can import has another version."""
    first, second = family()
    ask = partial(Subject.once, command=("version",), reads=READS["types"])
    assert ask(first, lambda: SAID).stdout == ask(second, lambda: SAID).stdout == "said"
    lock = second.folder / "uv.lock"
    other, count = re.subn(
        r'(?m)^(name = "iniconfig"\nversion = ").*"$', r'\g<1>0.0.1"', lock.read_text("utf-8")
    )
    assert count == 1
    lock.write_text(other, encoding="utf-8")
    second.environment.held = Held.of(
        second.twin
    )  # nothing is installed: no index has that version

    assert ask(second, lambda: replace(SAID, stdout="again")).stdout == "again"


def test_standalone_tools_are_no_inputs(
    variant: Variant, environments: Environments, results: Results, tmp_path: Path
) -> None:
    """The versions of a project with tools that plug into nothing are those without them."""
    locks = [
        prepared(
            {"kind": "library", "preset": "minimal", **answers, "dependency_updates": "none"},
            *(variant, environments, results, tmp_path / name),
        ).folder
        / "uv.lock"
        for name, answers in {
            "with": {"pre_commit": True, "ci": "github"},
            "without": {"pre_commit": False, "ci": "none"},
        }.items()
    ]

    assert locks[0].read_bytes() != locks[1].read_bytes()
    assert versions(locks[0]) == versions(locks[1])


def test_locks_end_at_a_time_that_stands_still(environments: Environments) -> None:
    """No release that turns a week old during a run makes equal dependencies differ."""
    shell = environments.of(Path(sys.executable)).shell("default")

    newest = datetime.fromisoformat(shell["UV_EXCLUDE_NEWER"])

    assert newest <= datetime.now(UTC) - timedelta(days=7)


@pytest.mark.full
@pytest.mark.parametrize("kind", KINDS)
def test_gates_read_what_they_are_shared_by(
    kind: str, variant: Variant, tmp_path: Path, results: Results
) -> None:
    """Every gate of a project passes with only the files that its entry in READS names.

    So no result hangs on a file that its key leaves out. All tests run, those of `APART` apart.
    """
    environments = Environments(tmp_path / "environments")
    answers = {"kind": kind, "docs_site": True}
    subject = prepared(answers, variant, environments, results, tmp_path)
    subject.environment.install(subject.folder)
    settings = (subject.folder / "pyproject.toml").read_text("utf-8")
    parts = [(gate, *part) for gate in subject.tasks for part in subject.parts(gate)]
    for task, command, reads in parts:
        bare = {
            name: content
            for name, content in reads.contents(subject.folder).items()
            if not name.startswith("[")
        }
        clear(subject.folder)
        for name, content in bare.items():
            path = subject.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        if "pyproject.toml" not in bare:
            path = subject.folder / "pyproject.toml"
            path.write_text(only(settings, reads.tables), encoding="utf-8")

        # poe would have uv build the project again, from files that no gate reads.
        check(subject.environment.run(subject.folder, "env", "UV_NO_SYNC=1", *command), about=task)

        clear(subject.folder)
        shutil.copytree(variant(**answers), subject.folder, dirs_exist_ok=True)


def clear(folder: Path) -> None:
    """Remove all that is in a folder."""
    shutil.rmtree(folder)
    folder.mkdir()


def only(settings: str, names: Sequence[str]) -> str:
    """Return some tables of a pyproject.toml."""
    found: dict[str, Any] = {}
    for name in names:
        *parents, last = name.split(".")
        value = table(tomllib.loads(settings), name)
        if value is not None:
            inner = found
            for parent in parents:
                inner = inner.setdefault(parent, {})
            inner[last] = value
    return tomli_w.dumps(found)
