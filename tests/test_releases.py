"""A tag makes a release: its version, its notes and its files; what does not fit is refused."""

import json
import re
import shutil
import tempfile
import tomllib
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import parse_qs

import pytest
import yaml
from _pytest.mark import ParameterSet

from conftest import Variant
from environment import Environment, Environments, Run, check, python_for
from harness import KINDS, commit_all, git

PIPELINES = {"github": ".github/workflows/release.yml", "gitlab": ".gitlab-ci.yml"}
JOBS = ("build", "publish", "verify", "release")
GATES = ("uv sync", "uv run poe check")
"""Commands of the job `build` that other tests run."""
BASH = ("bash", "-e", "-o", "pipefail", "-c")
"""How both services start the commands of a job."""

each_kind = pytest.mark.parametrize("kind", KINDS)
each_pipeline = pytest.mark.parametrize("ci", PIPELINES)


def jobs_of(folder: Path, ci: str) -> dict[str, dict[str, Any]]:
    """Return the jobs of a release by name."""
    content: dict[str, Any] = yaml.safe_load((folder / PIPELINES[ci]).read_text("utf-8"))
    jobs: dict[str, dict[str, Any]] = content.get("jobs", content)
    return {name: jobs[name] for name in JOBS if name in jobs}


def script_of(job: Mapping[str, Any]) -> str:
    """Return the commands of a job, without the gates."""
    commands = job.get("script") or [step["run"] for step in job["steps"] if "run" in step]
    return "\n".join(command for command in commands if not command.startswith(GATES))


@each_kind
@each_pipeline
@pytest.mark.parametrize("license_name", ["MIT", "Proprietary"])
def test_who_publishes(variant: Variant, kind: str, ci: str, license_name: str) -> None:
    """A library and a tool are published unless they are proprietary; a service never is."""
    folder = variant(kind=kind, preset="full", ci=ci, license=license_name)
    jobs = jobs_of(folder, ci)
    groups = tomllib.loads((folder / "pyproject.toml").read_text("utf-8"))["dependency-groups"]

    if kind == "service" or license_name == "Proprietary":
        assert [*jobs] == ["build", "release"]
        assert "release" not in groups
    else:
        assert [*jobs] == ["build", "publish", "verify", "release"]
        assert "release" in groups
    # Each job waits for the one before it; GitLab names those whose files it gets, too.
    for before, after in zip(jobs, [*jobs][1:], strict=False):
        assert before in jobs[after]["needs"]


def test_rights_of_the_jobs(variant: Variant) -> None:
    """Only `publish` gets a token of the index, and only `release` writes to the repository."""
    folder = variant(kind="library", preset="full")
    workflow = yaml.safe_load((folder / PIPELINES["github"]).read_text("utf-8"))

    assert workflow["permissions"] == {}
    assert {name: job["permissions"] for name, job in workflow["jobs"].items()} == {
        "build": {"contents": "read"},
        "publish": {"id-token": "write"},
        "verify": {"contents": "read"},
        "release": {"contents": "write"},
    }
    pipeline = jobs_of(variant(kind="library", preset="full", ci="gitlab"), "gitlab")
    assert [name for name, job in pipeline.items() if "id_tokens" in job] == ["publish"]


@pytest.fixture(scope="module")
def tools() -> Iterator[Environment]:
    """Yield an environment of the oldest Python, with the tools of a library."""
    python = python_for("3.11")
    assert python is not None
    with tempfile.TemporaryDirectory() as folder:
        yield Environments(Path(folder)).of(python)


@pytest.fixture(scope="module")
def origin(variant: Variant, tools: Environment, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a library in git that can be released."""
    folder = tmp_path_factory.mktemp("origin") / "my-service"
    shutil.copytree(variant(kind="library", preset="full"), folder)
    check(tools.run(folder, "uv", "lock", "--quiet"))
    commit_all(folder)
    tools.install(folder)
    return folder


@pytest.fixture
def clone(origin: Path, tmp_path: Path) -> Path:
    """Return a clone of that library, on a branch."""
    git(tmp_path, "clone", "--quiet", str(origin), "my-service")
    git(tmp_path / "my-service", "checkout", "--quiet", "-b", "work")
    return tmp_path / "my-service"


def cases(found: Iterable[str], *, quick: Collection[str]) -> list[ParameterSet]:
    """Return the cases of a table; those that are not quick run in the full tests."""
    return [pytest.param(name, marks=() if name in quick else pytest.mark.full) for name in found]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tag:
    """A tag, and the commit that has it.

    Attributes:
        name: The tag.
        notes: The version of the notes in the changelog, or "" for none.
        late: A news fragment that the notes lack.
        beside: Another tag of the commit.
        refused: What the message has that refuses the release; "" if it is built.
    """

    name: str
    notes: str = "1.2.3"
    late: str = ""
    beside: str = ""
    refused: str = ""


NO_NOTES = "run 'uv run towncrier build --version"
NO_VERSION = "does not name the version of the build"
QUICK_TAGS = {
    "a version": Tag(name="v1.2.3"),
    "no notes": Tag(name="v1.2.3", notes="", refused=NO_NOTES),
    "a hyphen": Tag(name="v1.2.3-rc1", notes="1.2.3-rc1", refused=NO_VERSION),
}
TAGS = QUICK_TAGS | {
    "a candidate": Tag(name="v1.2.3rc1", notes="1.2.3rc1"),
    "two numbers": Tag(name="v1.2", notes="1.2"),
    "a name beside it": Tag(name="v1.2.3", beside="stable"),
    "notes of another version": Tag(name="v1.2.3", notes="1.2.2", refused=NO_NOTES),
    "notes of a longer version": Tag(name="v1.2.3", notes="1.2.30", refused=NO_NOTES),
    "notes of a similar version": Tag(name="v1.2.3", notes="1.203", refused=NO_NOTES),
    "a late fragment": Tag(name="v1.2.3", late="13.bugfix.md", refused=NO_NOTES),
    "a late fragment without .md": Tag(name="v1.2.3", late="13.bugfix", refused=NO_NOTES),
    "no version": Tag(name="vnext", notes="next", refused=NO_VERSION),
}


def tag_release(folder: Path, tag: Tag, tools: Environment) -> None:
    """Commit what a tag stands for, and set it."""
    create = ("towncrier", "create", "--content", "Orders can be cancelled.", "12.feature.md")
    if tag.notes:
        check(tools.run(folder, *create))
        git(folder, "add", ".")
        check(tools.run(folder, "towncrier", "build", "--yes", f"--version={tag.notes}"))
    if tag.late:
        (folder / "changelog.d" / tag.late).write_text("Late.\n", encoding="utf-8")
    git(folder, "add", ".")
    git(folder, "commit", "--quiet", "--allow-empty", "--message=Release")
    for name in filter(None, (tag.name, tag.beside)):
        git(folder, "tag", name)


def run_job(
    folder: Path, name: str, tools: Environment, *variables: str, ci: str = "github"
) -> Run:
    """Run the commands of a job as written, with these variables."""
    return tools.run(folder, "env", *variables, *BASH, script_of(jobs_of(folder, ci)[name]))


@pytest.mark.parametrize("case", cases(TAGS, quick=QUICK_TAGS))
def test_tag_is_built(case: str, clone: Path, tools: Environment) -> None:
    """The files of a release have the version of the tag; a tag that does not fit is refused."""
    tag = TAGS[case]
    tag_release(clone, tag, tools)

    done = run_job(clone, "build", tools, f"TAG={tag.name}")

    if tag.refused:
        assert done.status == 1
        assert tag.refused in done.stderr
        assert tag.name.removeprefix("v") in done.stderr
        return
    check(done)
    version = tag.name.removeprefix("v")
    assert {path.name for path in (clone / "dist").glob("*[lz]")} == {
        f"my_service-{version}.tar.gz",
        f"my_service-{version}-py3-none-any.whl",
    }
    notes = (clone / "notes.md").read_text("utf-8")
    assert "- Orders can be cancelled. (#12)" in notes
    assert "\n## " not in notes


@pytest.mark.full
def test_bill_of_materials(project: Variant, environment: Environment) -> None:
    """The SBOM of a release has what users install, and no tool of the developers."""
    folder = project(kind="cli", preset="full")
    check(environment.run(folder, "uv", "lock", "--quiet"))
    script = script_of(jobs_of(folder, "github")["build"])
    commands = re.findall(r"uv export .*|python3 -c .*", script)
    assert len(commands) == 2

    check(environment.run(folder, "env", "TAG=v1.2.3", *BASH, "\n".join(commands)))

    found = json.loads((folder / "sbom.cdx.json").read_text("utf-8"))
    names = {component["name"] for component in found["components"]}
    subject = found["metadata"]["component"]
    assert found["bomFormat"] == "CycloneDX"
    assert (subject["name"], subject["version"]) == ("my-service", "1.2.3")
    assert {"typer", "pydantic", "httpx2"} < names
    assert names.isdisjoint({"pytest", "ruff", "towncrier", "pypi-attestations"})


@pytest.mark.full
def test_version_without_git(project: Variant, environment: Environment) -> None:
    """A project that is in no repository builds too, as version 0.0.0."""
    folder = project(kind="library", preset="full")

    check(environment.run(folder, "uv", "build", "--quiet"))

    assert (folder / "dist" / "my_service-0.0.0.tar.gz").exists()


CHANGES: Mapping[str, tuple[Mapping[str, str], bool]] = {
    "code": ({"src/my_service/orders.py": "X = 1\n"}, False),
    "code and a fragment": (
        {"src/my_service/orders.py": "X = 1\n", "changelog.d/+orders.feature.md": "Orders.\n"},
        True,
    ),
    "tests": ({"tests/test_orders.py": "X = 1\n"}, True),
    "locked versions": ({"uv.lock": "version = 1\n"}, True),
    "nothing": ({}, True),
}
"""The files of a branch, and whether it passes."""


@pytest.mark.parametrize("case", cases(CHANGES, quick=("code",)))
def test_change_of_the_package_needs_a_fragment(case: str, clone: Path, tools: Environment) -> None:
    """A branch that changes the package needs a news fragment, others need none."""
    files, passes = CHANGES[case]
    for name, text in files.items():
        (clone / name).write_text(text, encoding="utf-8")
    git(clone, "add", ".")
    git(clone, "commit", "--quiet", "--allow-empty", "--message=Change")
    tasks = tomllib.loads((clone / "pyproject.toml").read_text("utf-8"))["tool"]["poe"]["tasks"]

    done = tools.run(clone, "sh", "-c", tasks["changelog"]["shell"])

    assert (done.status == 0) == passes, done


@pytest.mark.full
@pytest.mark.parametrize("kind", ["service", "cli"])
def test_update_of_the_template_needs_no_fragment(
    kind: str, project: Variant, environment: Environment
) -> None:
    """A branch that changes only managed modules of the package needs none; a module needs one."""
    folder = project(kind=kind, preset="full")
    tasks = tomllib.loads((folder / "pyproject.toml").read_text("utf-8"))["tool"]["poe"]["tasks"]
    shell = ("sh", "-c", f"towncrier() {{ return 3; }}; {tasks['changelog']['shell']}")
    commit_all(folder)
    missing = environment.run(folder, *shell)
    git(folder, "update-ref", "refs/remotes/origin/main", "HEAD")
    package = folder / "src/my_service"
    outcomes = []

    for name in ("core/names.py", "practices.py", "settings.py"):
        with (package / name).open("a", encoding="utf-8") as file:
            file.write("# Changed.\n")
        git(folder, "commit", "--quiet", "--all", "--message=Change")
        outcomes.append(environment.run(folder, *shell).status)

    assert (missing.status, missing.stderr) == (
        1,
        "origin/main is missing: run git remote update origin.\n",
    )
    assert outcomes == [0, 0, 3]


@pytest.mark.full
def test_release_passes_the_check_of_fragments(clone: Path, tools: Environment) -> None:
    """The commit of a release, which removes the fragments, passes."""
    (clone / "src/my_service/orders.py").write_text("X = 1\n", encoding="utf-8")
    tag_release(clone, TAGS["a version"], tools)
    tasks = tomllib.loads((clone / "pyproject.toml").read_text("utf-8"))["tool"]["poe"]["tasks"]

    check(tools.run(clone, "sh", "-c", tasks["changelog"]["shell"]))


@pytest.mark.full
def test_what_stood_in_the_changelog_stays(clone: Path, tools: Environment) -> None:
    """Entries that were written by hand become a part of the next release."""
    changelog = clone / "CHANGELOG.md"
    changelog.write_text(changelog.read_text("utf-8") + "- Written by hand.\n", encoding="utf-8")
    tag_release(clone, TAGS["a version"], tools)

    check(run_job(clone, "build", tools, "TAG=v1.2.3"))

    assert "- Written by hand.\n" in (clone / "notes.md").read_text("utf-8")
    assert changelog.read_text("utf-8").index("## Unreleased") < changelog.read_text("utf-8").index(
        "## 1.2.3"
    )


# The commands that talk to a service


@contextmanager
def recording(status: int) -> Iterator[tuple[str, list[tuple[str, dict[str, list[str]]]]]]:
    """Serve as GitLab's API; yield its URL, and the token and the form of each request."""
    requests: list[tuple[str, dict[str, list[str]]]] = []

    class Handler(BaseHTTPRequestHandler):
        """Note a request."""

        def do_POST(self) -> None:
            """Respond as told."""
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            requests.append((self.headers["JOB-TOKEN"], {"path": [self.path], **parse_qs(body)}))
            self.send_response(status)
            self.end_headers()
            self.wfile.write(b'{"message": "said the server"}')

        def log_message(self, *_: object) -> None:
            """Stay silent."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", requests
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.mark.parametrize("status", [201, 409])
def test_release_of_gitlab(project: Variant, environment: Environment, status: int) -> None:
    """GitLab gets the tag, the notes and a link to the files; its refusal fails the job."""
    folder = project(kind="service", preset="full", ci="gitlab")
    (folder / "notes.md").write_text("### Features\n\n- A & B + 1 = 100 %\n", encoding="utf-8")

    with recording(status) as (url, requests):
        done = run_job(
            folder,
            *("release", environment, "TAG=v1.2.3", "CI_JOB_TOKEN=token", "CI_PROJECT_ID=7"),
            *(f"CI_API_V4_URL={url}", "CI_PROJECT_URL=https://gitlab.example.org/acme/my-service"),
            ci="gitlab",
        )

    assert (done.status == 0) == (status == 201)
    assert "said the server" in done.stdout
    files = "https://gitlab.example.org/acme/my-service/-/jobs/artifacts/v1.2.3/download?job=build"
    assert requests == [
        (
            "token",
            {
                "path": ["/projects/7/releases"],
                "tag_name": ["v1.2.3"],
                "description": ["### Features\n\n- A & B + 1 = 100 %\n"],
                "assets[links][][name]": ["distributions and SBOM"],
                "assets[links][][url]": [files],
            },
        )
    ]


@pytest.fixture
def stand_in(tmp_path: Path) -> Callable[[str, str], str]:
    """Return a function that puts a program on the path and returns the variable PATH."""
    folder = tmp_path / "bin"
    folder.mkdir()

    def stand_in(name: str, script: str) -> str:
        (folder / name).write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
        (folder / name).chmod(0o755)
        return f"PATH={folder}:/usr/bin:/bin"

    return stand_in


@pytest.mark.parametrize(
    ("tag", "kind"), [("v1.2.3", "--latest"), ("v1.2.3rc1", "--prerelease"), ("v2.0", "--latest")]
)
def test_release_of_github(
    project: Variant,
    environment: Environment,
    stand_in: Callable[[str, str], str],
    tag: str,
    kind: str,
) -> None:
    """GitHub gets the tag, the notes and each file; a candidate is not the latest release."""
    folder = project(kind="service", preset="full")
    (folder / "dist").mkdir()
    (folder / "dist" / "my_service-1.whl").touch()
    path = stand_in("gh", "printf '%s\\n' \"$@\"")

    done = run_job(folder, "release", environment, f"TAG={tag}", path)

    check(done)
    assert done.stdout.splitlines() == [
        *("release", "create", tag, "dist/my_service-1.whl", "sbom.cdx.json", "--verify-tag"),
        *("--title", tag, "--notes-file", "notes.md", kind),
    ]


TRIES = 5
"""How often the job looks for a file in the index."""


@pytest.mark.parametrize("failures", [0, TRIES - 1, TRIES])
@each_pipeline
def test_what_was_published_is_verified(
    project: Variant,
    environment: Environment,
    stand_in: Callable[[str, str], str],
    ci: str,
    failures: int,
) -> None:
    """Each file is verified before the package is installed; the index gets time to show them."""
    folder = project(kind="library", preset="full", ci=ci)
    (folder / "dist").mkdir()
    for name in ("my_service-1.2.3.tar.gz", "my_service-1.2.3-py3-none-any.whl"):
        (folder / "dist" / name).touch()
    stand_in("sleep", "exit 0")
    count = '"$(grep -c tar.gz calls)"'
    path = stand_in(
        "uv", f'echo "$@" >> calls; case "$*" in *tar.gz) [ {count} -gt {failures} ] ;; esac'
    )

    done = run_job(folder, "verify", environment, "TAG=v1.2.3", "REPOSITORY=https://r", path, ci=ci)

    assert (done.status == 0) == (failures < TRIES), done
    calls = (folder / "calls").read_text("utf-8").splitlines()
    verified = (
        "run --locked --only-group release pypi-attestations verify pypi --repository https://r "
    )
    assert [call.removeprefix(verified) for call in calls if call.startswith(verified)] == [
        "dist/my_service-1.2.3-py3-none-any.whl",
        *["dist/my_service-1.2.3.tar.gz"] * min(failures + 1, TRIES),
    ]
    assert ("my-service==1.2.3" in calls[-1]) == (failures < TRIES)


@pytest.mark.full
def test_tools_of_the_release_are_locked(project: Variant, environment: Environment) -> None:
    """The tool that signs and verifies comes from the lock file, and has the commands we use."""
    folder = project(kind="library", preset="full")
    check(environment.run(folder, "uv", "lock", "--quiet"))
    tool = ("uv", "run", "--quiet", "--locked", "--only-group", "release", "pypi-attestations")

    done = environment.run(folder, *tool, "verify", "pypi", "--help")

    check(done, environment.run(folder, *tool, "sign", "--help"))
    assert "--repository" in done.stdout
    assert not (environment.venv / "bin" / "mypy").exists()


# Licences


LICENSES: Mapping[str, tuple[str, str, bool]] = {
    "an SPDX name": ("MIT", "License-Expression: Apache-2.0", True),
    "both fit": ("MIT", "License-Expression: MIT AND BSD-3-Clause", True),
    "one of two fits": ("MIT", "License-Expression: GPL-3.0-only OR MIT", True),
    "one of both does not": ("MIT", "License-Expression: GPL-3.0-only AND MIT", False),
    "nested": ("MIT", "License-Expression: MPL-2.0 AND (GPL-2.0-only OR MIT)", True),
    "an exception that we do not know": (
        "MIT",
        "License-Expression: GPL-2.0-only WITH Classpath-exception-2.0",
        False,
    ),
    "a name of its own": ("MIT", "License-Expression: LicenseRef-Ours", False),
    "below the LGPL": ("Proprietary", "License-Expression: LGPL-3.0-or-later", True),
    "below the GPL": ("MIT", "License-Expression: GPL-3.0-or-later", False),
    "GPL in proprietary": ("Proprietary", "License-Expression: GPL-3.0-or-later", False),
    "GPL in MPL": ("MPL-2.0", "License-Expression: GPL-3.0-or-later", False),
    "GPL in GPL": ("GPL-3.0-or-later", "License-Expression: GPL-3.0-or-later", True),
    "older GPL": ("GPL-3.0-or-later", "License-Expression: GPL-2.0-or-later", True),
    "GPL 2 only": ("GPL-3.0-or-later", "License-Expression: GPL-2.0-only", False),
    "AGPL": ("GPL-3.0-or-later", "License-Expression: AGPL-3.0-or-later", False),
    "a classifier": ("MIT", "Classifier: License :: OSI Approved :: BSD License", True),
    "a classifier that does not fit": (
        "MIT",
        "Classifier: License :: OSI Approved :: GNU Affero General Public License v3",
        False,
    ),
    "two classifiers": (
        "MIT",
        "Classifier: License :: OSI Approved :: MIT License\nClassifier: License :: Freely Copied",
        False,
    ),
    "a text": ("MIT", "License: MIT", True),
    "a text beside an empty classifier": (
        "MIT",
        "License: BSD-3-Clause\nClassifier: License :: OSI Approved",
        True,
    ),
    "an unknown text": ("MIT", "License: See the file LICENSE (it is nice).", False),
    "unknown": ("MIT", "License: UNKNOWN", False),
    "nothing": ("MIT", "Keywords: free", False),
}
"""The licence of a project, the metadata of a dependency, and whether it fits."""


def depend(folder: Path, installed: Path, metadata: str, *, by: str = "") -> None:
    """Make a project depend on a package `fake`, itself or by another package."""
    for name, text in {"fake": metadata, **({"by": by} if by else {})}.items():
        info = installed / f"{name}-1.0.dist-info"
        info.mkdir(parents=True)
        head = f"Metadata-Version: 2.4\nName: {name}\nVersion: 1.0\n"
        (info / "METADATA").write_text(f"{head}{text}\n", encoding="utf-8")
    settings = folder / "pyproject.toml"
    text = settings.read_text("utf-8")
    place = "  # Your own dependencies go below this line.\n"
    assert place in text
    settings.write_text(text.replace(place, f'{place}  "{"by" if by else "fake"}",\n'), "utf-8")


@pytest.fixture
def check_licenses(origin: Path, tools: Environment, tmp_path: Path) -> Callable[..., Run]:
    """Return a function that runs the gate on a project, where packages are installed."""
    tools.hold(origin)

    def check_licenses(folder: Path) -> Run:
        path = f"PYTHONPATH={tmp_path / 'installed'}"
        return tools.run(folder, "env", path, "python", "tests/architecture/licenses.py")

    return check_licenses


@pytest.mark.parametrize("case", cases(LICENSES, quick=("one of both does not",)))
def test_license_of_a_dependency(
    case: str, project: Variant, tmp_path: Path, check_licenses: Callable[..., Run]
) -> None:
    """A dependency whose licence does not fit is refused by name; an exception lets it pass."""
    own, metadata, fits = LICENSES[case]
    folder = project(kind="library", preset="full", license=own)
    depend(folder, tmp_path / "installed", metadata)

    done = check_licenses(folder)

    if fits:
        check(done)
        return
    assert done.status == 1
    assert re.match(
        r"fake states .+\. If that fits .+ \[tool\.licenses\.exceptions\]: fake = ", done.stderr
    )
    with (folder / "pyproject.toml").open("a", encoding="utf-8") as settings:
        settings.write('\n[tool.licenses.exceptions]\nfake = "I asked them."\n')
    check(check_licenses(folder))


@pytest.mark.full
@pytest.mark.parametrize(
    ("requirement", "is_installed"),
    [
        ("fake", True),
        ("Fake>=1", True),
        ('fake; python_version >= "3"', True),
        ('fake; python_version < "3"', False),
        ('fake; extra == "more"', False),
    ],
)
def test_license_of_a_dependency_of_a_dependency(
    requirement: str,
    is_installed: bool,  # noqa: FBT001  (a value of the table)
    project: Variant,
    tmp_path: Path,
    check_licenses: Callable[..., Run],
) -> None:
    """What a dependency brings counts, too, if it is installed here."""
    folder = project(kind="library", preset="full")
    fault = "License-Expression: AGPL-3.0-only"
    by = f"License-Expression: MIT\nRequires-Dist: {requirement}\nProvides-Extra: more"
    depend(folder, tmp_path / "installed", fault, by=by)

    assert check_licenses(folder).status == is_installed


@pytest.mark.full
def test_license_of_an_extra(
    project: Variant, tmp_path: Path, check_licenses: Callable[..., Run]
) -> None:
    """So does what an extra of a dependency brings."""
    folder = project(kind="library", preset="full")
    by = 'License-Expression: MIT\nRequires-Dist: fake; extra == "more"\nProvides-Extra: more'
    depend(folder, tmp_path / "installed", "License-Expression: AGPL-3.0-only", by=by)
    settings = folder / "pyproject.toml"
    text = settings.read_text("utf-8")
    settings.write_text(text.replace('"by"', '"by[more]"'), encoding="utf-8")

    done = check_licenses(folder)

    assert done.stderr.startswith("fake states AGPL-3.0-only. ")


@pytest.mark.full
@pytest.mark.parametrize("license_name", ["MIT", "Proprietary", "GPL-3.0-or-later"])
@each_kind
def test_own_dependencies_fit(
    kind: str, license_name: str, project: Variant, environment: Environment
) -> None:
    """What the template itself brings fits every licence."""
    folder = project(kind=kind, preset="full", license=license_name)
    check(environment.run(folder, "uv", "lock", "--quiet"))
    environment.install(folder)

    check(environment.run(folder, "python", "tests/architecture/licenses.py"))
