"""Hooks, pipelines and bots: outsiders' tools accept their files, and their commands work."""

import re
import shlex
import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from conftest import Variant
from environment import Environment, Run, check
from harness import KINDS, ROOT, commit_all, git

WORKFLOWS = ".github/workflows"
PIPELINE = ".gitlab-ci.yml"
HOOKS = ".pre-commit-config.yaml"
NEWEST_MINOR = 15

each_kind = pytest.mark.parametrize("kind", KINDS)
Answers = Mapping[str, object]

CASES: list[Answers] = [
    {
        "kind": kind,
        "preset": preset,
        "ci": ci,
        "dependency_updates": updates,
        "python_min": python,
        "license": license_name,
    }
    for kind in KINDS
    for preset, ci, updates, python, license_name in (
        ("standard", "github", "renovate", "3.11", "MIT"),
        ("full", "github", "dependabot", "3.15", "MIT"),
        ("full", "github", "renovate", "3.12", "Proprietary"),
        ("full", "gitlab", "renovate", "3.13", "MIT"),
        ("full", "gitlab", "none", "3.14", "Proprietary"),
        ("minimal", "gitlab", "none", "3.15", "MIT"),
        ("minimal", "none", "dependabot", "3.12", "MIT"),
    )
]
"""Every file of a pipeline or a bot in every form: their content has no other answers."""


def named(answers: Answers) -> str:
    """Return a readable id of a case."""
    return "-".join(map(str, answers.values()))


each_case = pytest.mark.parametrize("answers", CASES, ids=named)

SCHEMAS = {
    f"{WORKFLOWS}/*.yml": ("vendor.github-workflows",),
    ".github/ISSUE_TEMPLATE/[!c]*.yml": ("vendor.github-issue-forms",),
    ".github/ISSUE_TEMPLATE/config.yml": ("vendor.github-issue-config",),
    ".github/dependabot.yml": ("vendor.dependabot",),
    PIPELINE: ("vendor.gitlab-ci", "--data-transform=gitlab-ci"),
    "renovate.json": ("vendor.renovate",),
}
"""The schemas of files, with more options of check-jsonschema, by their pattern."""


@pytest.fixture
def tool(environment: Environment) -> Callable[..., Run]:
    """Return a function that runs a tool of this repository in a project."""

    def tool(project: Path, name: str, *arguments: str | Path) -> Run:
        return environment.run(project, str(ROOT / ".venv/bin" / name), *map(str, arguments))

    return tool


@each_case
def test_outsiders_find_nothing(
    answers: Answers, project: Variant, tool: Callable[..., Run]
) -> None:
    """The auditor of zizmor, actionlint, the schemas and the spelling check find nothing."""
    folder = project(**answers, repository_url="https://github.com/acme/my-service")
    git(folder, "init", "--quiet")  # actionlint looks for the repository
    runs = [
        tool(folder, "check-jsonschema", f"--builtin-schema={schema}", *more, file)
        for pattern, (schema, *more) in SCHEMAS.items()
        for file in folder.glob(pattern)
    ]
    if (folder / ".github").exists():
        runs.append(tool(folder, "zizmor", "--offline", "--persona=auditor", "--quiet", "."))
    if answers["ci"] == "github":
        runs += [tool(folder, "actionlint", file) for file in folder.glob(f"{WORKFLOWS}/*.yml")]
    runs.append(tool(folder, "typos", "--force-exclude"))

    check(*runs)


FAULTS = {
    "an action by its tag": ("zizmor", r"(uses: actions/checkout)@\w+", r"\1@v7"),
    "all permissions": ("zizmor", r"permissions: \{\}", "permissions: write-all"),
    "a kept token": ("zizmor", r"persist-credentials: false", "persist-credentials: true"),
    "an image by its tag": ("zizmor", r"(image: postgres:\d+)@\S+", r"\1"),
    "a job without an end": ("check-jsonschema", r"timeout-minutes: 30", "timeout-minutes: soon"),
    "an unknown runner": ("actionlint", r"ubuntu-24\.04", "ubuntu-24"),
    "an unknown value": ("actionlint", r"matrix\.python", "matrix.phyton"),
}
"""Faults in a workflow: the tool that finds each, what is replaced, and by what."""


@pytest.mark.parametrize("fault", FAULTS)
def test_outsiders_find_faults(fault: str, project: Variant, tool: Callable[..., Run]) -> None:
    """The tools find what they are here for."""
    name, pattern, worse = FAULTS[fault]
    folder = project(preset="full")
    git(folder, "init", "--quiet")
    file = folder / WORKFLOWS / "ci.yml"
    text, count = re.subn(pattern, worse, file.read_text(encoding="utf-8"), count=1)
    assert count == 1
    file.write_text(text, encoding="utf-8")
    options = {
        "actionlint": [],
        "check-jsonschema": ["--builtin-schema=vendor.github-workflows"],
        "zizmor": ["--offline", "--persona=auditor", "--quiet"],
    }

    assert tool(folder, name, *options[name], file).status != 0


def jobs_of_github(folder: Path) -> dict[str, list[str]]:
    """Return the commands of each job in the workflows, by the name of the job."""
    return {
        name: [step["run"] for step in job["steps"] if "run" in step]
        for file in sorted((folder / WORKFLOWS).glob("*.yml"))
        for name, job in yaml.safe_load(file.read_text(encoding="utf-8"))["jobs"].items()
    }


def jobs_of_gitlab(folder: Path) -> dict[str, list[str]]:
    """Return the same of the pipeline; setting a variable or fetching a branch is no command."""
    pipeline: dict[str, Any] = yaml.safe_load((folder / PIPELINE).read_text(encoding="utf-8"))
    return {
        name: [line for line in job["script"] if not line.startswith(("export ", "git fetch "))]
        for name, job in pipeline.items()
        if isinstance(job, dict) and "script" in job
    }


BY_ACTIONS = ("publish", "release")
"""Jobs that each service does in its own way; test_releases.py tries them."""


@pytest.mark.parametrize("preset", ["minimal", "full"])
@each_kind
def test_pipelines_do_the_same(variant: Variant, kind: str, preset: str) -> None:
    """GitHub and GitLab run the same jobs with the same commands, Pythons and servers."""
    github, gitlab = (variant(kind=kind, preset=preset, ci=ci) for ci in ("github", "gitlab"))

    by_service = jobs_of_github(github), jobs_of_gitlab(gitlab)
    assert by_service[0].keys() == by_service[1].keys()
    first, second = (
        {name: commands for name, commands in jobs.items() if name not in BY_ACTIONS}
        for jobs in by_service
    )
    assert first == second
    texts = [(github / WORKFLOWS / "ci.yml").read_text("utf-8"), (gitlab / PIPELINE).read_text()]
    for pattern in (
        r'\["3\.11".*\]',  # the Pythons
        r"postgres:\d+@sha256:\w+",
        r"lowest-direct",
        r"TEST_DATABASE_URL",
        r"POSTGRES_HOST_AUTH_METHOD: \w+",
    ):
        found = [{*re.findall(pattern, text)} for text in texts]
        assert found[0] == found[1], pattern


@pytest.mark.parametrize("python_min", ["3.11", "3.13", "3.15"])
def test_every_supported_python_is_checked(variant: Variant, python_min: str) -> None:
    """The matrix has every Python from the oldest supported one to the newest."""
    minors = range(int(python_min.partition(".")[2]), NEWEST_MINOR + 1)
    pythons = [f"3.{minor}" for minor in minors]
    github = yaml.safe_load(
        (variant(python_min=python_min) / WORKFLOWS / "ci.yml").read_text(encoding="utf-8")
    )
    gitlab = yaml.safe_load(
        (variant(python_min=python_min, ci="gitlab") / PIPELINE).read_text(encoding="utf-8")
    )

    assert github["jobs"]["check"]["strategy"]["matrix"]["python"] == pythons
    assert gitlab["check"]["parallel"]["matrix"] == [{"PYTHON": pythons}]
    assert gitlab["default"]["image"] == f"python:{python_min}"


@each_kind
def test_actions_are_pinned(variant: Variant, kind: str) -> None:
    """Each action is pinned to a commit, with its version in a comment: one commit a version."""
    texts = [
        file.read_text("utf-8")
        for file in (variant(kind=kind, preset="full") / WORKFLOWS).glob("*.yml")
    ]
    used = [line for text in texts for line in re.findall(r"uses: (.*)", text)]
    pinned = [re.fullmatch(r"([\w/-]+)@([0-9a-f]{40}) # (v\d+\.\d+\.\d+)", line) for line in used]

    assert all(pinned)
    assert len({line.partition("@")[0] for line in used}) == len({*used})


@pytest.mark.full
@each_kind
def test_jobs_run(kind: str, project: Variant, environment: Environment) -> None:
    """The commands of the jobs for the wheel and for the oldest dependencies run as written."""
    folder = project(kind=kind, pre_commit=False)
    jobs = jobs_of_github(folder)
    commit_all(folder)
    check(environment.run(folder, "uv", "lock", "--quiet"))
    shells = {"wheel": "", "lowest": "UV_RESOLUTION=lowest-direct"}

    for name, variables in shells.items():
        for command in jobs[name]:
            check(environment.run(folder, "bash", "-c", f"export {variables}\n{command}"))

    locked = tomllib.loads((folder / "uv.lock").read_text(encoding="utf-8"))
    assert locked["options"]["resolution-mode"] == "lowest-direct"


def test_audit_fails_closed(project: Variant, environment: Environment) -> None:
    """The audit fails if it can't look a package up."""
    folder = project(kind="library")
    check(environment.run(folder, "uv", "lock", "--quiet"))
    (command,) = jobs_of_github(folder)["audit"]

    away = "--service-url=http://127.0.0.1:1/"
    done = environment.run(folder, *shlex.split(command), away)

    assert done.status != 0
    assert "Request failed" in done.stderr


@pytest.fixture
def hooked(project: Variant, environment: Environment) -> Callable[..., Path]:
    """Return a function that makes a project in git, with its tools installed."""

    def hooked(**answers: object) -> Path:
        folder = project(**answers)
        environment.install(folder)
        commit_all(folder)
        return folder

    return hooked


def run_hooks(folder: Path, environment: Environment, *hooks: str) -> Run:
    """Run hooks, or all of them, on every file and without a network."""
    git(folder, "add", "--all")
    offline = ("env", "UV_OFFLINE=1", "prek", "run", "--all-files", *hooks)
    return environment.run(folder, *offline)


@pytest.mark.full
@pytest.mark.parametrize(
    "answers",
    [
        {"kind": "service"},
        {"kind": "library", "ci": "gitlab", "dependency_updates": "renovate"},
        {"kind": "library", "dependency_updates": "dependabot"},
    ],
    ids=named,
)
def test_hooks_pass(
    answers: Answers, hooked: Callable[..., Path], environment: Environment
) -> None:
    """Every hook passes in a new project without a network, and changes nothing."""
    folder = hooked(**answers)

    done = run_hooks(folder, environment)

    check(done)
    assert "Skipped" not in done.stdout
    assert git(folder, "status", "--short") == ""


PLANTED = {
    "conflicts": ("README.md", "", "<<<<<<< before updating\n"),
    "lock": ("pyproject.toml", '"ruff>=0.17"', '"ruff>=0.17", "tinydb"'),
    "ruff-check": ("src/my_service/careless.py", "", '"""Hurry."""\n\nprint(1)\n'),
    "ruff-format": ("src/my_service/careless.py", "", '"""Hurry."""\nA=1\n'),
    "mypy": ("src/my_service/careless.py", "", '"""Hurry."""\n\nA: int = "1"\n'),
    "typos": ("README.md", "", "This is teh end.\n"),
    "zizmor": (
        f"{WORKFLOWS}/own.yml",
        "",
        "on: push\njobs: {a: {runs-on: x, steps: [uses: a/b@v1]}}\n",
    ),
    "workflows": (f"{WORKFLOWS}/own.yml", "", "on: push\njobs: 1\n"),
    "renovate": ("renovate.json", '"extends": [', '"labels": 1, "extends": ['),
}
"""What each hook refuses: a file, and a text with the one that replaces it, "" for the end."""


def hook_ids(folder: Path) -> list[str]:
    """Return the ids of a project's hooks."""
    hooks = yaml.safe_load((folder / HOOKS).read_text(encoding="utf-8"))
    return [hook["id"] for hook in hooks["repos"][0]["hooks"]]


@pytest.mark.full
def test_hooks_refuse(hooked: Callable[..., Path], environment: Environment) -> None:
    """Each hook fails on what it is for."""
    folder = hooked(kind="library")
    assert hook_ids(folder) == [*PLANTED]
    passed = []
    for hook, (name, old, new) in PLANTED.items():
        file = folder / name
        text = file.read_text(encoding="utf-8") if file.exists() else ""
        assert old in text
        file.write_text(text.replace(old, new) if old else text + new, encoding="utf-8")
        if run_hooks(folder, environment, hook).status == 0:
            passed.append(hook)
        git(folder, "reset", "--quiet", "--hard")
        git(folder, "clean", "--quiet", "--force", "-d")

    assert passed == []


@pytest.mark.full
@pytest.mark.parametrize("runner", ["prek", "pre-commit"])
def test_commit_runs_the_hooks(
    runner: str, hooked: Callable[..., Path], environment: Environment
) -> None:
    """Once installed, they refuse a commit with the markers of a conflict."""
    folder = hooked(kind="library")
    command = ["prek"] if runner == "prek" else ["uvx", "--quiet", "pre-commit"]
    check(environment.run(folder, *command, "install"))
    (folder / "notes.md").write_text(">>>>>>> after updating\n", encoding="utf-8")
    git(folder, "add", "--all")

    done = environment.run(folder, "git", "commit", "--quiet", "--message=Merge")

    assert done.status != 0
    assert "notes.md:1:>>>>>>> after updating" in done.output


@each_kind
@pytest.mark.parametrize("ci", ["github", "none"])
def test_owner_is_named_by_the_repository(variant: Variant, kind: str, ci: str) -> None:
    """CODEOWNERS names the account or group in the URL; without a URL there is none."""
    file = ".github/CODEOWNERS"
    url = "https://github.example.org:8443/acme/my-service.git"
    folder = variant(kind=kind, ci=ci, repository_url=url)

    assert (folder / file).exists() == (ci == "github")
    if ci == "github":
        assert (folder / file).read_text(encoding="utf-8").endswith("\n* @acme\n")
    assert not (variant(kind=kind, ci=ci) / file).exists()
