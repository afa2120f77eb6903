"""The commands that the READMEs print run on a machine with Python and pip."""

import ast
import os
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
import tomllib
import urllib.request
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from conftest import Variant
from feature import build_feature
from harness import (
    COPIER,
    KINDS,
    ROOT,
    choices_of,
    commit_all,
    copy_template,
    git,
    git_template,
    questions,
)
from redis_server import redis_server
from tenon.demo import NEXT, free_port

SERVER = re.compile(r"\b(my-service|poe serve|worker)$")
"""The end of a command that runs until it is stopped."""


def commands(document: Path) -> list[str]:
    """Return the shell commands of a Markdown document, in order."""
    blocks = re.findall(
        r"^```sh\n(.*?)^```", document.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL
    )
    return [line for block in blocks for line in block.splitlines()]


def printed(project: Path, document: str = "README.md") -> list[str]:
    """Return the commands that a document of a project prints, each once: blocks, and in text."""
    readme = (project / document).read_text(encoding="utf-8")
    fence = r"^ *```(\w+)\n(.*?)^ *```|`([^`\n]+)`"
    found = []
    for language, block, text in re.findall(fence, readme, re.MULTILINE | re.DOTALL):
        if language == "sh":
            found.append(block.strip())
        elif re.match(r"(uv run|uvx|git|my-service)\b", text):
            found.append(text)
    return list(dict.fromkeys(found))


@pytest.fixture(scope="session")
def shell(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Return the environment of a machine with Python and pip."""
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
    """Run a command line and return its output; fail with the output if the command fails."""
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


def requested(url: str) -> tuple[int, str]:
    """Wait until the service responds; return status and body."""
    for _ in range(600):
        try:
            with urllib.request.urlopen(url, timeout=5) as response:
                return response.status, response.read().decode()
        except OSError:
            time.sleep(0.1)
    pytest.fail(f"No response from {url}.")


def test_readme_starts_with_what_ci_runs() -> None:
    """README's second command is the one that .ci/run calls."""
    second = commands(ROOT / "README.md")[1].removeprefix("pip install uv && ")

    assert second == "uv run poe test"
    assert second in (ROOT / ".ci/run").read_text(encoding="utf-8").splitlines()


@pytest.mark.full
def test_demo_shows_the_responses(shell: dict[str, str], tmp_path: Path) -> None:
    """README's first command renders, installs and starts a service and shows its responses."""
    output = run(commands(ROOT / "README.md")[0], ROOT, {**shell, "TMPDIR": str(tmp_path)})

    assert re.search(r'^GET /health +200 OK +{"status":"ok"}$', output, re.MULTILINE)
    assert re.search(r'^GET /health/ready +200 OK +{"status":"ok"}$', output, re.MULTILINE)
    assert "uv run poe check" in output


@pytest.mark.full
def test_readme_makes_a_project(tmp_path: Path, shell: dict[str, str]) -> None:
    """The commands under "Make a project" make one that runs, is ready, passes, and updates."""
    template = git_template(tmp_path / "template")
    copy, go, *steps = commands(ROOT / "README.md")[2:]
    assert copy.startswith("uvx copier copy")
    run(copy, tmp_path, {**shell, "TENON": str(template)})
    folder = tmp_path / go.removeprefix("cd ")
    port, admin_port = free_port(), free_port()
    settings = {
        "MY_SERVICE_SERVER__DRAIN_SECONDS": "0",
        "MY_SERVICE_SERVER__PORT": str(port),
        "MY_SERVICE_ADMIN__PORT": str(admin_port),
    }
    outputs = []
    for step in steps:
        if SERVER.search(step):
            with served(step, folder, {**shell, **settings}):
                ready = f"http://127.0.0.1:{admin_port}/health/ready"
                assert requested(ready) == (200, '{"status":"ok"}')
        else:
            outputs.append(run(step, folder, shell))

    assert "Success: no issues found" in outputs[-1]
    assert " passed in " in outputs[-1]
    assert "Keeping template version" in run("uvx copier update --defaults", folder, shell)


@pytest.mark.full
@pytest.mark.parametrize(
    ("kind", "preset"),
    [("service", "minimal"), ("service", "standard"), ("cli", "standard"), ("library", "standard")],
)
def test_next_commands_are_the_same(tmp_path: Path, template: Path, kind: str, preset: str) -> None:
    """The message after a copy, the demonstration and README say the same commands.

    A project without a database has none to migrate, a tool shows its help and writes it to its
    reference page, and a library has nothing to run.
    """
    given = [f"--data=kind={kind}", f"--data=preset={preset}"]
    done = subprocess.run(
        [COPIER, "copy", "--defaults", *given, template, "my-service"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    in_readme = commands(ROOT / "README.md")[3:]
    serve, migrate = "uv run my-service", "uv run my-service migrate"
    left_out = {
        ("service", "minimal"): {migrate},
        ("cli", "standard"): {migrate},
        ("library", "standard"): {serve, migrate},
    }
    assert {serve, migrate} < {*in_readme}
    wanted = [line for line in in_readme if line not in left_out.get((kind, preset), ())]
    if kind == "cli":
        at = wanted.index(serve)
        wanted[at : at + 1] = [f"{serve} --help", "uv run poe reference"]

    message, _, _ = done.stderr.partition("\n\n  On: ")
    said = [line.strip() for line in message.splitlines() if line.startswith("  ")]
    shown = [line.strip() for line in NEXT.format(project="my-service").splitlines()]
    assert said[-len(wanted) :] == wanted
    assert shown[-len(in_readme) :] == in_readme


@pytest.mark.full
def test_contributing_names_tasks_that_exist(variant: Variant) -> None:
    """Every poe task that a document of Tenon names is one of its own, or one of a project."""
    names = {
        name
        for document in (ROOT / "README.md", ROOT / "CONTRIBUTING.md")
        for name in re.findall(r"uv run poe ([a-z-]+)", document.read_text(encoding="utf-8"))
    }
    tasks = run("uv run poe --help", ROOT, dict(os.environ))
    of_projects = {
        task
        for kind in KINDS
        for settings in [(variant(kind=kind) / "pyproject.toml").read_text(encoding="utf-8")]
        for task in tomllib.loads(settings)["tool"]["poe"]["tasks"]
    }

    missing = {name for name in names if not re.search(rf"^  {name} ", tasks, re.MULTILINE)}
    assert missing - of_projects == set()


def test_option_tables_match_the_questions() -> None:
    """README's tables list every question with its choices and defaults, and no other."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(\w+)` \|(.*)\|$", readme, re.MULTILINE)
    asked = questions()

    assert {name for name, _ in rows} == set(asked)
    for name, row in rows:
        values = choices_of(asked[name]) if asked[name]["type"] == "str" else []
        assert re.findall(r"`([^`]+)`", row.split("|")[0])[: len(values)] == values


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
        assert requested(f"http://127.0.0.1:{port}/health") == (200, '{"status":"ok"}')
        assert requested(f"http://127.0.0.1:{port}/docs")[0] == 200


ALL_COMMANDS = {
    "preset": "minimal",
    "pre_commit": True,
    "ci": "github",
    "docs_site": True,
    "release_workflow": True,
    "database": "sqlite",
    "cache": "redis",
    "background_jobs": "taskiq",
    "example": True,
}
"""The answers of the smallest project whose README prints every command."""


@pytest.mark.parametrize("preset", ["minimal", "standard", "full"])
@pytest.mark.parametrize("kind", KINDS)
def test_agents_get_commands_that_run(variant: Variant, kind: str, preset: str) -> None:
    """Every command of AGENTS.md is one of the README, whose commands are run below."""
    project = variant(kind=kind, preset=preset, agents_guide=True)

    for_agents = printed(project, "AGENTS.md")
    assert "uv run poe check" in for_agents
    assert {*for_agents} <= {*printed(project)}


def commit(folder: Path, shell: dict[str, str]) -> None:
    """Commit what a command has changed, if anything, whatever the hooks say of it."""
    changed = "git diff --cached --quiet || git commit --quiet --no-verify -m work"
    run(f"git add . && ({changed})", folder, shell)


def start_repository(folder: Path, shell: dict[str, str]) -> None:
    """Commit a new project, with a remote repository that has its branch."""
    run("git init --quiet && git init --quiet --bare ../origin.git", folder, shell)
    run("git remote add origin ../origin.git", folder, shell)
    commit(folder, shell)
    run("git push --quiet --set-upstream origin main", folder, shell)


def run_without_uv(step: str, folder: Path, shell: dict[str, str]) -> str:
    """Run the README's commands for pip in a clone of a project, where only Python and git are."""
    with tempfile.TemporaryDirectory() as name:
        run(f"{sys.executable} -m venv --without-pip {name}/plain", folder, shell)
        run(f"git clone --quiet . {name}/clone", folder, shell)
        path = f"{name}/plain/bin:/usr/bin:/bin"
        return run(step, Path(name, "clone"), {**shell, "PATH": path})


def run_step(step: str, folder: Path, shell: dict[str, str]) -> str:
    """Run commands of a project's README; the bare `pytest` leaves out the tests of the core.

    These have just passed in `poe check`, with the same files and environment.
    """
    if step == "uv run pytest":
        shell = {**shell, "PYTEST_ADDOPTS": "--ignore=tests/core"}
    runner = run_without_uv if step.startswith("python -m venv") else run
    return runner(f"set -e\n{step}", folder, shell)


def outputs_of(kind: str, tmp_path: Path, shell: dict[str, str]) -> dict[str, str]:
    """Run every command of a README as printed, in its order; return the outputs by command."""
    template = git_template(tmp_path / "template")
    given = f"--data kind={kind} --data preset=full"
    run(f"uvx copier copy --defaults {given} {template} my-service", tmp_path, shell)
    folder = tmp_path / "my-service"
    start_repository(folder, shell)
    outputs = {}
    for step in printed(folder):
        commit(folder, shell)
        outputs[step] = run_step(step, folder, shell)
    return outputs


@pytest.mark.full
def test_commands_of_a_library(tmp_path: Path, shell: dict[str, str]) -> None:
    """Every command of a library's README runs as printed, in the order of the README."""
    outputs = outputs_of("library", tmp_path, shell)
    folder = tmp_path / "my-service"

    first, *_ = outputs
    assert first.startswith("pip install uv && ")
    assert "my_service.errors.Error" in outputs[first]
    checks = [output for step, output in outputs.items() if step.endswith("poe check")]
    assert len(checks) == 2
    assert all(" passed in " in output for output in checks)
    assert "no tags found" in outputs["uv run poe breaking"]
    assert outputs["git ls-files -u"] == ""
    assert "1.0.0" in run("git ls-remote --tags origin", folder, shell)
    assert "## 1.0.0 (" in (folder / "CHANGELOG.md").read_text(encoding="utf-8")
    assert [*(folder / "src" / "my_service" / "readings").rglob("*.py")] == []


@pytest.mark.full
def test_commands_of_a_tool(tmp_path: Path, shell: dict[str, str]) -> None:
    """Every command of a tool's README runs as printed, in the order of the README."""
    outputs = outputs_of("cli", tmp_path, shell)
    folder = tmp_path / "my-service"

    first, *_ = outputs
    assert first == "pip install uv && uv run my-service --help"
    assert "Summarize a file of readings." in outputs[first]
    checks = [output for step, output in outputs.items() if step.endswith("poe check")]
    assert len(checks) == 2
    assert all(" passed in " in output for output in checks)
    (summary,) = [output for step, output in outputs.items() if "summarize -" in step]
    assert re.search(r"roof +2 +2\.0 +1\.5 +2\.5", summary)
    assert [*(folder / "src" / "my_service" / "example_commands").rglob("*.py")] == []


def settings_in(file: Path) -> dict[str, str]:
    """Return the default of each field in a module's settings group, as a variable has it."""
    fields = (
        field
        for owner in ast.parse(file.read_text(encoding="utf-8")).body
        if isinstance(owner, ast.ClassDef)
        and any(ast.unparse(base) == "SettingsGroup" for base in owner.bases)
        for field in owner.body
        if isinstance(field, ast.AnnAssign) and field.value is not None
    )
    found = {}
    for field in fields:
        value = field.value
        if isinstance(value, ast.Call):
            (value,) = [item.value for item in value.keywords if item.arg == "default"]
        assert value is not None
        found[ast.unparse(field.target)] = str(ast.literal_eval(value))
    return found


def test_settings_of_a_tool_are_listed(variant: Variant) -> None:
    """The README of a tool has a row for every setting of its practices, with its default."""
    folder = variant(kind="cli", preset="full")
    package = folder / "src" / "my_service"
    modules = {
        "logging": "core/logging/rendering.py",
        "http_client": "core/http_client_settings.py",
        "readings": "example_commands/settings.py",
    }
    practices = (package / "practices.py").read_text(encoding="utf-8")
    wanted = {
        (f"MY_SERVICE_{group.upper()}__{name.upper()}", f"{group}.{name}", default)
        for group, module in modules.items()
        for name, default in settings_in(package / module).items()
    }
    readme = (folder / "README.md").read_text(encoding="utf-8")

    assert {*re.findall(r"^    (\w+): \w+ = \w+\(\)$", practices, re.MULTILINE)} == {*modules}
    rows = re.findall(r"^\| `(MY_SERVICE_\w+)` \| `([^`]+)` \| `([^`]+)` \|", readme, re.MULTILINE)
    assert {*rows} == wanted


@pytest.mark.parametrize("kind", ["service", "cli"])
def test_reference_has_what_the_readme_names(variant: Variant, kind: str) -> None:
    """Each module of the core that a README names, or imports from, is in the reference."""
    project = variant(kind=kind, preset="full")
    readme, reference = (
        (project / name).read_text(encoding="utf-8") for name in ("README.md", "docs/reference.md")
    )
    named = {*re.findall(r"my_service\.core(?:\.[a-z_]+)+", readme)}

    assert len(named) > 1
    assert named <= {*re.findall(r"^::: (\S+)$", reference, re.MULTILINE)}


@pytest.mark.full
def test_generated_readme_commands(variant: Variant, tmp_path: Path, shell: dict[str, str]) -> None:
    """Every command of a project's README runs as printed, in the order of the README."""
    template = git_template(tmp_path / "template")
    options = " ".join(f"--data {name}={answer}" for name, answer in ALL_COMMANDS.items())
    run(f"uvx copier copy --defaults {options} {template} my-service", tmp_path, shell)
    folder = tmp_path / "my-service"
    start_repository(folder, shell)
    steps = printed(folder)
    assert steps == printed(variant(preset="full", database="sqlite"))
    assert {"my-service migrate", "my-service worker", "uv run my-service --help"} <= {*steps}
    installed = f"{folder}/.venv/bin{os.pathsep}{shell['PATH']}"
    outputs = {}

    with redis_server() as redis:
        port, admin_port = free_port(), free_port()
        settings = {
            "MY_SERVICE_SERVER__DRAIN_SECONDS": "0",
            "MY_SERVICE_SERVER__PORT": str(port),
            "MY_SERVICE_ADMIN__PORT": str(admin_port),
            "MY_SERVICE_CACHE__URL": redis.url,
            "MY_SERVICE_JOBS__REDIS_URL": redis.url,
        }
        for step in steps:
            commit(folder, shell)
            if "poe revision" in step and step.endswith("poe check"):
                build_feature(folder)
            if SERVER.search(step):
                own = {"PATH": installed} if step.startswith("my-service") else {}
                with served(step, folder, {**shell, **own, **settings}):
                    health = f"http://127.0.0.1:{admin_port}/health"
                    assert requested(health) == (200, '{"status":"ok"}'), step
            elif step.startswith("my-service"):
                outputs[step] = run(step, folder, {**shell, "PATH": installed})
            else:
                outputs[step] = run_step(step, folder, shell)

    checks = [output for step, output in outputs.items() if step.endswith("poe check")]
    assert len(checks) == 3
    assert all(" passed in " in output for output in checks)
    assert "The database is at the newest migration." in outputs["my-service migrate"]
    assert "bring the database to the newest migration" in outputs["uv run my-service --help"]
    assert "Keeping template version" in outputs["uvx copier update --defaults"]
    assert outputs["git ls-files -u"] == ""
    assert not (folder / "src" / "my_service" / "example").exists()


@pytest.mark.full
def test_tables_that_were_forgotten(tmp_path: Path, shell: dict[str, str]) -> None:
    """docs/updating.md leads out of a removed example whose tables are still in the database."""
    guide = (ROOT / "docs" / "updating.md").read_text(encoding="utf-8")
    bring, remove = re.findall(r"`(git (?:checkout|restore) [^`]*/migrations)`", guide)
    template = git_template(tmp_path / "template")
    run(f"uvx copier copy --defaults {template} my-service", tmp_path, shell)
    folder = tmp_path / "my-service"
    run("git init --quiet && uv lock && uv run poe migrate", folder, shell)
    commit(folder, shell)
    run("uvx copier update --defaults --data example=false && uv lock", folder, shell)
    commit(folder, shell)
    with pytest.raises(AssertionError, match="its file is missing in migrations/versions/"):
        run("uv run poe migrate", folder, shell)

    run(bring, folder, shell)
    run("uv run alembic downgrade example@base", folder, shell)
    run(remove, folder, shell)

    assert run("git status --short", folder, shell) == ""
    assert "at the newest migration" in run("uv run poe migrate", folder, shell)


@pytest.mark.full
def test_wheel_migrates_alone(variant: Variant, tmp_path: Path, shell: dict[str, str]) -> None:
    """`my-service migrate` needs only the installed wheel: it runs in an empty folder."""
    wheels, alone, empty = tmp_path / "wheels", tmp_path / "alone", tmp_path / "empty"
    run(f"uv build --quiet --wheel --out-dir {wheels} {variant()}", tmp_path, shell)
    run(f"uv venv --quiet --python {sys.executable} {alone}", tmp_path, shell)
    run(f"uv pip install --quiet --python {alone} {wheels}/*.whl", tmp_path, shell)
    empty.mkdir()

    output = run(f"{alone}/bin/my-service migrate", empty, shell)

    assert output == "The database is at the newest migration.\n"
    assert [entry.name for entry in empty.iterdir()] == ["my_service.db"]
    with closing(sqlite3.connect(empty / "my_service.db")) as connection:
        names = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
    assert {"alembic_version", "users", "transfers"} <= {name for (name,) in names}


def installable(folder: Path) -> Path:
    """Release the template with its tools, so that uvx can install these."""
    copy_template(folder)
    for name in ("LICENSE", "README.md", "pyproject.toml"):
        shutil.copy2(ROOT / name, folder)
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "extensions" / "tenon", folder / "extensions" / "tenon", ignore=ignored)
    commit_all(folder, "Release 1.0.0")
    git(folder, "tag", "v1.0.0")
    return folder


ALLOWED = "  # allowed: its routes are not in a component yet"
UNUSED = ("tenacity", "tzdata", "orjson")
"""Dependencies of the service that it does not import."""


@pytest.mark.full
def test_adopt_guide(tmp_path: Path, shell: dict[str, str]) -> None:
    """The commands of docs/adopt.md adopt a service, make its gates pass, and go back."""
    template = installable(tmp_path / "tenon")
    shell = {**shell, "TENON": str(template)}
    project = shutil.copytree(ROOT / "tests" / "repositories" / "service", tmp_path / "service")
    commit_all(project, "Start")
    adopt, *steps = commands(ROOT / "docs" / "adopt.md")
    back = steps[-4:]
    assert adopt.startswith("uvx --from")
    outputs = {}

    from_git = adopt.replace("$TENON", f"git+file://{template}")
    run(from_git, project, shell)
    assert "_src_path: " + str(template) in (project / ".copier-answers.yml").read_text("utf-8")
    for step in back:
        run(step, project, shell)
    assert run("git status --short --branch", project, shell) == "## main\n"

    outputs[adopt] = run(adopt, project, shell)
    for step in steps[:-4]:
        if step == "uv run poe check":  # what the guide says to do for each gate
            main = project / "src" / "parcel_tracker" / "main.py"
            text = main.read_text("utf-8")
            call = re.search(r".* = FastAPI\(.*", text)
            assert call
            main.write_text(text.replace(call[0], call[0] + ALLOWED), "utf-8")
            file = project / "pyproject.toml"
            marker = "  # Your own packages go below this line.\n"
            lines = "".join(f'  "{name}",\n' for name in UNUSED)
            file.write_text(file.read_text("utf-8").replace(marker, marker + lines), "utf-8")
            example = project / ".env.example"
            text = re.sub(r"(?m)^TRACKER_", "# TRACKER_", example.read_text("utf-8"))
            example.write_text(text, "utf-8")
        outputs[step] = run(step, project, shell)

    assert outputs["git ls-files -u"].endswith("\t.editorconfig\n")
    assert "8 passed" in outputs["uv run pytest --ignore=tests/core --ignore=tests/architecture"]
    assert " passed in " in outputs["uv run poe check"]
    assert "Keeping template version" in outputs["uvx copier update --defaults"]
    assert outputs["git status --short"] == ""
    said = outputs[adopt].partition("\nNext, on the branch adopt-tenon:\n")[2].splitlines()
    shown = [line.strip() for line in said if line.startswith("  ")]
    assert shown[0].startswith(steps[0])
    assert shown[1:] == steps[3:6]
