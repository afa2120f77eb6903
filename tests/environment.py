"""Virtual environments for rendered projects: one a worker and Python, so gates cost seconds."""

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from filelock import FileLock

BIN = "Scripts" if os.name == "nt" else "bin"
NEWEST_MINOR = 15

# Variables of this test run or the developer's shell that would change the project's tools.
FOREIGN = ("COV_", "COVERAGE_", "MYPY", "POE_", "PYTEST_", "PYTHON", "RUFF_", "UV_PYTHON")
FOREIGN_NAMES = ("FORCE_COLOR", "VIRTUAL_ENV")
PLUGINS = ("platformdirs",)
"""Plugins of pytest that come with tools of the documentation, which have no part in any test."""
RELEASES = "TENON_TEST_RELEASES"
"""Names the newest time of a release that projects lock, with a bot and without one.

conftest.py sets it to a week ago, as in projects with a bot. It stands still during a run: a file
that turned a week old between two locks would make equal dependencies differ. The commands of the
README install the newest releases where a project has no bot.
"""
BYTECODE = "PYTHONPYCACHEPREFIX"
"""Names the folder for Python's bytecode; conftest.py sets it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A command that has ended. Its text has everything that explains a failure."""

    command: Sequence[str]
    status: int
    stdout: str
    stderr: str

    @property
    def output(self) -> str:
        """Both streams, one after the other."""
        return self.stdout + self.stderr

    def __str__(self) -> str:
        """Show it as a terminal would."""
        return f"$ {' '.join(self.command)}\n{self.output}(exit status {self.status})\n"


def check(*runs: Run, about: object = "") -> None:
    """Fail with the whole output of the runs that did not end well."""
    __tracebackhide__ = True
    failed = [str(run) for run in runs if run.status != 0]
    assert not failed, "\n".join(["", str(about), *failed])


def variables(**added: str) -> dict[str, str]:
    """Return the variables of a clean shell that fetches no Python, and these."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if name == BYTECODE or (not name.startswith(FOREIGN) and name not in FOREIGN_NAMES)
    }
    return {
        **kept,
        "NO_COLOR": "1",
        "PYTEST_ADDOPTS": " ".join(f"-p no:{name}" for name in PLUGINS),
        "UV_PYTHON_DOWNLOADS": "never",
        **added,
    }


def run(folder: Path, command: Sequence[str], shell: dict[str, str]) -> Run:
    """Run a command in a folder and wait for its end."""
    done = subprocess.run(
        command,
        cwd=folder,
        env=shell,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )
    return Run(command=command, status=done.returncode, stdout=done.stdout, stderr=done.stderr)


@cache
def python_for(minimum: str) -> Path | None:
    """Return the oldest Python here that is no older than the version, such as "3.12"."""
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    folders = [Path(sys.base_prefix) / BIN, *pyenv.glob(f"*/{BIN}")]
    # Shims of pyenv stand for versions that they refuse to run.
    path = [entry for entry in os.environ["PATH"].split(os.pathsep) if "shims" not in entry]
    shell = variables(PATH=os.pathsep.join([*map(str, folders), *path]))
    for minor in range(int(minimum.partition(".")[2]), NEWEST_MINOR + 1):
        found = run(Path.cwd(), ["uv", "python", "find", "--system", f"3.{minor}"], shell)
        if found.status == 0:
            return Path(found.stdout.strip())
    return None


@dataclass(frozen=True, slots=True)
class Held:
    """What an environment knows of a project: its code stays in its folder."""

    project: Path
    settings: bytes
    versions: bytes

    @classmethod
    def of(cls, project: Path) -> "Held":
        """Return what an environment would know of a project."""
        settings, versions = (
            (project / name).read_bytes() if (project / name).exists() else b""
            for name in ("pyproject.toml", "uv.lock")
        )
        return cls(project, settings, versions)


class Environment:
    """A virtual environment with one project at a time, and the versions of its lock file.

    Changing the project costs about half a second, as uv links what it has in its cache.
    """

    def __init__(self, folder: Path, python: Path) -> None:
        self.folder = folder
        self.python = python
        self.venv = folder / "venv"
        self.held: Held | None = None
        self.versions = b""

    def shell(self, cache: str) -> dict[str, str]:
        """Return the variables of a shell in which the environment is active."""
        return variables(
            MYPY_CACHE_DIR=str(self.folder / f"mypy-{cache}"),
            PATH=os.pathsep.join([str(self.venv / BIN), os.environ["PATH"]]),
            UV_EXCLUDE_NEWER=os.environ[RELEASES],
            UV_PROJECT_ENVIRONMENT=str(self.venv),
            UV_PYTHON=str(self.python),
            VIRTUAL_ENV=str(self.venv),
        )

    def install(self, project: Path) -> None:
        """Install a project with its locked dependencies, and nothing else."""
        self.held, self.versions = None, b""
        check(self.run(project, "uv", "sync", "--quiet"))
        self.held, self.versions = Held.of(project), (project / "uv.lock").read_bytes()

    def hold(self, project: Path) -> None:
        """Make it hold a project, if it holds no other of the same folder, settings and lock."""
        if self.held != Held.of(project):
            self.install(project)

    def hold_versions(self, project: Path) -> None:
        """Make it hold the versions of a project's lock file, with any project of that file."""
        if self.versions != (project / "uv.lock").read_bytes():
            self.install(project)

    def run(self, project: Path, *command: str, cache: str = "default") -> Run:
        """Run a command in the project's folder, the environment's own commands first.

        Args:
            project: The folder.
            command: The words of the command.
            cache: Names the options that mypy gets; others would make it forget what it knows.
        """
        return run(project, command, self.shell(cache))

    def check_types(self, project: Path, *command: str, cache: str, shared: Path) -> Run:
        """Run mypy, as `run` does; the first worker that needs a cache makes it for all.

        What mypy knows of the dependencies costs three times as much as a project's own modules.

        Args:
            project: The folder.
            command: The words of the command.
            cache: Names the options that mypy gets, and the Python that it checks for.
            shared: A folder of this test run, where the caches are left.
        """
        own, first = self.folder / f"mypy-{cache}", shared / f"mypy-{cache}"
        if own.exists():
            return self.run(project, *command, cache=cache)
        with FileLock(first.with_suffix(".lock")):
            if not first.exists():
                done = self.run(project, *command, cache=cache)
                if done.status == 0:
                    shutil.copytree(own, first)
                return done
        shutil.copytree(first, own)
        return self.run(project, *command, cache=cache)


class Environments:
    """The environments of one worker, by Python."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.made: dict[Path, Environment] = {}

    def of(self, python: Path) -> Environment:
        """Return the environment of a Python."""
        if python not in self.made:
            self.made[python] = Environment(self.folder / f"{len(self.made)}", python)
        return self.made[python]
