"""The tests of a project pass in any order and side by side, and leave no process behind."""

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

from conftest import Variant
from environment import Environment, Environments, check, python_for
from preloaded import preloaded
from test_jobs_faults import running

pytestmark = pytest.mark.full

SERVER = """
import sys
sys.path.insert(0, "tests")
from support.postgresql import server
print(server().render_as_string(hide_password=False), flush=True)
sys.stdin.read()
"""
"""Starts the database server of the tests, and stops it when its input ends."""

HANGING = """
from pathlib import Path
from time import sleep

from sqlalchemy import make_url


def test_hangs(database_url: str) -> None:
    Path(__file__).with_suffix(".data").write_text(str(make_url(database_url).query["host"]))
    sleep(600)
"""

PROXIES = (
    "ALL_PROXY=socks4://127.0.0.1:1",
    "HTTP_PROXY=http://127.0.0.1:1",
    "https_proxy=http://127.0.0.1:port",
    "NO_PROXY=[::1",
    "SSL_CERT_DIR=/nowhere",
    "SSL_CERT_FILE=/nowhere",
)
"""Variables of a developer's shell that would break every call, were a test to read them."""


@dataclass(frozen=True, slots=True)
class Project:
    """A project with every practice that has a server, and its environment."""

    folder: Path
    environment: Environment


@contextmanager
def installed(rendered: Path) -> Iterator[Project]:
    """Yield a copy of a rendered project, installed."""
    python = python_for("3.11")
    assert python is not None
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "my-service"
        shutil.copytree(rendered, folder)
        environment = Environments(Path(name) / "environments").of(python)
        environment.install(folder)
        yield Project(folder, environment)


@pytest.fixture(scope="module")
def project(variant: Variant) -> Iterator[Project]:
    """Yield an installed service."""
    with installed(variant(preset="full")) as project:
        yield project


def until(holds: Callable[[], bool]) -> None:
    """Wait until something holds."""
    end = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.05)


def is_running(pid: int) -> bool:
    """Tell whether a process is there."""
    with suppress(ProcessLookupError):
        os.kill(pid, 0)
        return True
    return False


@pytest.mark.parametrize(("kind", "minimum"), [("service", 500), ("cli", 400), ("library", 30)])
def test_ids_are_the_same_in_every_process(variant: Variant, kind: str, minimum: int) -> None:
    """Two processes, one later than the other, collect the same tests, as pytest-xdist needs."""
    command = "pytest", "--collect-only", "--quiet", "--no-summary"
    with installed(variant(kind=kind, preset="full")) as project:
        runs = [
            project.environment.run(project.folder, "env", f"PYTHONHASHSEED={seed}", *command)
            for seed in (1, 2)
        ]
    check(*runs)
    first, second = ([line for line in run.stdout.splitlines() if "::" in line] for run in runs)

    assert len(first) > minimum
    assert first == second


def test_tests_pass_in_any_order_and_side_by_side(project: Project) -> None:
    """They pass shuffled, two at a time, one database for each process, in a shell with proxies."""
    tools = ("--with=pytest-xdist", "--with=pytest-randomly")
    pytest_run = ("env", *PROXIES, "pytest", "-q", "-n", "2")
    check(project.environment.run(project.folder, "uv", "run", *tools, *pytest_run))


def test_modules_that_read_the_log_pass_alone(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They pass in a process in which no application has set the level of a logger yet.

    They share a database server: to start one takes longer than most modules.
    """
    tests = sorted((project.folder / "tests").rglob("test_*.py"))
    modules = [path for path in tests if "caplog" in path.read_text(encoding="utf-8")]
    shell = project.environment.shell("default")
    with running(["python", "-c", SERVER], cwd=project.folder, env=shell) as server:
        assert server.stdout is not None
        monkeypatch.setenv("TEST_DATABASE_URL", server.stdout.readline().strip())
        with preloaded(project.environment) as run_tests:
            runs = [run_tests(project.folder, "-q", str(module)) for module in modules]

    assert len(runs) > 10
    check(*runs)


def test_killed_run_leaves_no_server(project: Project) -> None:
    """PostgreSQL and its data are gone soon after the tests that started it were killed."""
    file = project.folder / "tests" / "test_hanging.py"
    note = file.with_suffix(".data")
    file.write_text(HANGING, encoding="utf-8")
    try:
        with subprocess.Popen(
            ["pytest", "-q", str(file)],
            cwd=project.folder,
            env=project.environment.shell("default"),
            stdout=subprocess.DEVNULL,
        ) as process:
            try:
                until(lambda: note.exists() and note.read_text(encoding="utf-8") != "")
                data = Path(note.read_text(encoding="utf-8"))
                server = int((data / "postmaster.pid").read_text(encoding="utf-8").split()[0])
                assert is_running(server)
            finally:
                process.kill()
    finally:
        file.unlink()
        note.unlink(missing_ok=True)

    until(lambda: not is_running(server))
    until(lambda: not data.parent.exists())
