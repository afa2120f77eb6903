"""The commands that the READMEs print are run, as a newcomer would run them."""

import os
import re
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from conftest import Variant
from harness import ROOT, git_template, questions
from tenon.demo import free_port


def commands(document: Path) -> list[str]:
    """Return the shell commands of a Markdown document, in order."""
    blocks = re.findall(
        r"^```sh\n(.*?)^```", document.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL
    )
    return [line for block in blocks for line in block.splitlines()]


def printed(project: Path) -> tuple[list[str], list[str]]:
    """Return the commands of a project's README, and the tasks in its table that end."""
    readme = project / "README.md"
    rows = re.findall(
        r"^\| `(uv run poe (?!serve)[^`]+)`", readme.read_text(encoding="utf-8"), re.MULTILINE
    )
    return commands(readme), rows


@pytest.fixture(scope="session")
def shell(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Return the environment of a newcomer, who has Python and pip."""
    fresh = tmp_path_factory.mktemp("fresh") / "python"
    subprocess.run([sys.executable, "-m", "venv", str(fresh)], check=True)
    path = [entry for entry in os.environ["PATH"].split(os.pathsep) if ".venv" not in entry]
    ours = ("VIRTUAL_ENV", "UV_PROJECT_ENVIRONMENT")
    return {
        **{name: value for name, value in os.environ.items() if name not in ours},
        "PATH": os.pathsep.join([str(fresh / "bin"), *path]),
        "PIP_NO_COMPILE": "1",  # twenty seconds, for modules that nothing imports
    }


def run(command: str, folder: Path, shell: dict[str, str]) -> str:
    """Run a command line and return what it printed; fail with all of that if the command does."""
    done = subprocess.run(
        ["bash", "-c", command],
        cwd=folder,
        env=shell,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"$ {command}\n{done.stdout}"
    return done.stdout


@contextmanager
def served(command: str, folder: Path, shell: dict[str, str]) -> Iterator[None]:
    """Run a command line that serves, while the block runs."""
    with subprocess.Popen(
        ["bash", "-c", command], cwd=folder, env=shell, process_group=0
    ) as process:
        try:
            yield
        finally:
            os.killpg(process.pid, signal.SIGTERM)


def answer(url: str) -> tuple[int, str]:
    """Return status and body of an answer, waiting for the service to start."""
    for _ in range(600):
        try:
            with urllib.request.urlopen(url, timeout=5) as response:
                return response.status, response.read().decode()
        except OSError:
            time.sleep(0.1)
    pytest.fail(f"No answer from {url}.")


def test_readme_starts_with_what_ci_runs() -> None:
    """README's second command is the one that .ci/run calls; a fresh machine passes it."""
    second = commands(ROOT / "README.md")[1].removeprefix("pip install uv && ")

    assert second == "uv run poe test"
    assert second in (ROOT / ".ci/run").read_text(encoding="utf-8").splitlines()


@pytest.mark.full
def test_demo_shows_the_answers(shell: dict[str, str], tmp_path: Path) -> None:
    """README's first command renders, installs and starts a service and shows what it answers."""
    output = run(commands(ROOT / "README.md")[0], ROOT, {**shell, "TMPDIR": str(tmp_path)})

    assert re.search(r'^GET /health +200 OK +{"status":"ok"}$', output, re.MULTILINE)
    assert re.search(r'^GET /health/ready +200 OK +{"status":"ok"}$', output, re.MULTILINE)
    assert "uv run poe check" in output


@pytest.mark.full
def test_readme_makes_a_project(tmp_path: Path, shell: dict[str, str]) -> None:
    """The commands under "Make a project" end in a project that passes its check."""
    template = git_template(tmp_path / "template")
    script = commands(ROOT / "README.md")[2:]
    assert script[0].startswith("uvx copier copy")

    output = run("\n".join(["set -e", *script]), tmp_path, {**shell, "TENON": str(template)})

    assert "Success: no issues found" in output
    assert " passed in " in output


@pytest.mark.full
def test_contributing_names_tasks_that_exist() -> None:
    """Every poe task that a document of Tenon names is one."""
    names = {
        name
        for document in (ROOT / "README.md", ROOT / "CONTRIBUTING.md")
        for name in re.findall(r"uv run poe ([a-z-]+)", document.read_text(encoding="utf-8"))
    }
    tasks = run("uv run poe --help", ROOT, dict(os.environ))

    assert {name for name in names if not re.search(rf"^  {name} ", tasks, re.MULTILINE)} == {
        "check"
    }


def test_option_tables_match_the_questions() -> None:
    """README's tables list every question with its choices and defaults, and no other."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(\w+)` \|(.*)\|$", readme, re.MULTILINE)
    asked = questions()

    assert {name for name, _ in rows} == set(asked)
    for name, row in rows:
        choices = asked[name].get("choices", [])
        values = choices.values() if isinstance(choices, dict) else choices
        assert re.findall(r"`([^`]+)`", row.split("|")[0])[: len(values)] == list(values)


@pytest.mark.full
def test_generated_readme_runs_the_service(project: Variant, shell: dict[str, str]) -> None:
    """The first command of a project's README, on a machine with Python and pip, runs it."""
    folder = project()
    first = commands(folder / "README.md")[0]

    port = free_port()
    settings = {
        "MY_SERVICE_SERVER__DRAIN_SECONDS": "0",
        "MY_SERVICE_SERVER__PORT": str(port),
    }

    with served(first, folder, {**shell, **settings}):
        assert answer(f"http://127.0.0.1:{port}/health") == (200, '{"status":"ok"}')
        assert answer(f"http://127.0.0.1:{port}/docs")[0] == 200


@pytest.mark.full
def test_generated_readme_commands(variant: Variant, tmp_path: Path, shell: dict[str, str]) -> None:
    """The other commands of a project's README do what they say: by uv, by pip, by Copier.

    The project is the smallest one with the commands of a standard project.
    """
    template = git_template(tmp_path / "template")
    answers = {"preset": "minimal", "database": "sqlite", "example": True}
    options = " ".join(f"--data {name}={answer}" for name, answer in answers.items())
    run(f"uvx copier copy --defaults {options} {template} my-service", tmp_path, shell)
    folder = tmp_path / "my-service"
    assert printed(folder) == printed(variant())
    run("git init && git add . && git commit -m start", folder, shell)
    (_, check, *pip, downgrade, let_go, update), tasks = printed(folder)

    assert " passed in " in run(check, folder, shell)
    for task in tasks:
        if task != check:
            run(task, folder, shell)
    run("git add . && git commit -m lock", folder, shell)
    assert "Keeping template version" in run(update, folder, shell)
    run(f"set -e\n{downgrade}\n{let_go}", folder, shell)
    assert not (folder / "src" / "my_service" / "example.py").exists()
    run("git add . && git commit -m less", folder, shell)
    run("rm -rf .venv uv.lock", folder, shell)
    run(f"{sys.executable} -m venv {tmp_path}/plain", folder, shell)
    without_uv = {**shell, "PATH": f"{tmp_path}/plain/bin:/usr/bin:/bin"}
    assert " passed in " in run("\n".join(["set -e", *pip]), folder, without_uv)
