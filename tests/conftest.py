"""Fixtures: the template, its variants, and a Copier without the settings of a user."""

import json
import os
import resource
import shutil
import tempfile
from collections import Counter
from collections.abc import Callable, Generator, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psutil
import pytest

from environment import BYTECODE, RELEASES, Environment, Environments, python_for
from harness import DEFAULTS, copy_template, render
from sharing import Results

Variant = Callable[..., Path]

collect_ignore = ["repositories"]  # of other owners, to be adopted


MEMORY = Path("/dev") / "shm"
"""Where Linux keeps files in memory. On a slow disk, an update takes half the time there."""
ROOM = 8 * 2**30
"""Bytes, twice what all tests need."""


def pytest_configure() -> None:
    """Set the variables that workers get from the process that starts them.

    One names the newest time of releases. The other keeps temporary files in memory, if there is
    room and TMPDIR names no other place.
    """
    a_week_ago = datetime.now(UTC) - timedelta(days=7)
    os.environ.setdefault(RELEASES, a_week_ago.isoformat(timespec="seconds"))
    if "TMPDIR" in os.environ or not os.access(MEMORY, os.W_OK):
        return
    free = min(shutil.disk_usage(MEMORY).free, psutil.virtual_memory().available)
    if free > ROOM and not os.statvfs(MEMORY).f_flag & os.ST_NOEXEC:
        os.environ["TMPDIR"] = str(MEMORY)
        tempfile.tempdir = None  # or it stays what it was


RESULTS = "TENON_TEST_RESULTS"
"""Names a folder for the results of gates that test runs on one unchanged working tree share."""

CPU = pytest.StashKey[float]()


def cpu_seconds() -> float:
    """Return the CPU time of this process, and of its children that have ended."""
    own, children = map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return own.ru_utime + own.ru_stime + children.ru_utime + children.ru_stime


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> Generator[None]:
    """Note the CPU time at the start of a test."""
    item.stash[CPU] = cpu_seconds()
    return (yield)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_teardown(item: pytest.Item) -> Generator[None]:
    """Record the CPU seconds of a test, with its fixtures; the report shows where they go."""
    yield
    item.user_properties.append(("cpu seconds", f"{cpu_seconds() - item.stash[CPU]:.2f}"))


LONGEST = ("test_readme.py", "test_gates.py")
"""The files with the longest tests, those first that take minutes."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Start the longest tests first, so that no worker is left alone with them in the end."""
    ranks = {name: rank for rank, name in enumerate(LONGEST)}
    items.sort(key=lambda item: ranks.get(item.path.name, len(LONGEST)))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print how many gates ran, and how many took the result of an equal run."""
    counts = Counter[str]()
    # Reports of a setup or a teardown that passed have no category.
    for report in terminalreporter.getreports(""):
        if report.when == "teardown":
            gates = {name: n for name, n in report.user_properties if name.startswith("gates ")}
            counts.update(gates)
    if counts:
        line = ", ".join(f"{count} {name}" for name, count in sorted(counts.items()))
        terminalreporter.write_line(line)


@pytest.fixture(scope="session", autouse=True)
def _no_user(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep the developer's settings of Copier and git out of the tests, and give git an author."""
    home = tmp_path_factory.mktemp("home")
    (home / "settings.yml").write_text("defaults: {}\n", encoding="utf-8")
    (home / "gitconfig").write_text(
        "[user]\n\tname = Test\n\temail = test@example.org\n[init]\n\tdefaultBranch = main\n",
        encoding="utf-8",
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("COPIER_SETTINGS_PATH", str(home / "settings.yml"))
        patch.setenv("COPIER_CACHE_DIR", str(home / "cache"))
        patch.setenv("GIT_CONFIG_GLOBAL", str(home / "gitconfig"))
        patch.setenv("GIT_CONFIG_SYSTEM", "/dev/null")
        yield


@pytest.fixture(scope="session", autouse=True)
def _bytecode(shared_folder: Path) -> Iterator[None]:
    """Make child processes write bytecode: compiling its imports is half the cost of a command."""
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("PYTHONDONTWRITEBYTECODE", raising=False)
        patch.setenv(BYTECODE, str(shared_folder / "bytecode"))
        yield


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return one plain copy of the working tree's template, in no git repository."""
    return copy_template(tmp_path_factory.mktemp("tenon") / "template")


@pytest.fixture(scope="session")
def variant(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Variant:
    """Return a function that renders a set of answers once, to a folder for reading only."""
    folder = tmp_path_factory.mktemp("variants")
    rendered: dict[str, Path] = {}

    def variant(**answers: object) -> Path:
        given = {**DEFAULTS, **answers}
        key = json.dumps(given, sort_keys=True)
        if key not in rendered:
            rendered[key] = render(folder / f"{len(rendered):04}", template, given)
        return rendered[key]

    return variant


@pytest.fixture(scope="session")
def shared_folder(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """Return a folder of this test run, the same for all its workers."""
    own = tmp_path_factory.getbasetemp()
    return own if worker_id == "master" else own.parent


@pytest.fixture(scope="session")
def results(shared_folder: Path) -> Results:
    """Return the results that variants share in this test run, or in those of one `.ci/run`."""
    folder = Path(os.environ.get(RESULTS, shared_folder / "results"))
    folder.mkdir(exist_ok=True)
    return Results(folder)


@pytest.fixture
def project(variant: Variant, tmp_path: Path) -> Variant:
    """Return a function that gives a fresh copy of a variant, to change at will; not in git."""
    made: list[Path] = []

    def project(**answers: object) -> Path:
        folder = tmp_path / f"project{len(made)}" / "my-service"
        shutil.copytree(variant(**answers), folder)
        made.append(folder)
        return folder

    return project


@pytest.fixture
def environment() -> Iterator[Environment]:
    """Yield an environment of the oldest Python, for one project."""
    python = python_for("3.11")
    assert python is not None
    with tempfile.TemporaryDirectory() as folder:
        yield Environments(Path(folder)).of(python)
