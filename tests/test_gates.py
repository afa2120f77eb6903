"""Every variant passes its own gates, and those of an outsider without its configuration."""

import json
import os
import re
import shlex
import shutil
import sys
import tempfile
import tomllib
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import chdir
from dataclasses import dataclass, replace
from functools import partial
from hashlib import sha256
from io import StringIO
from itertools import combinations, product
from pathlib import Path
from typing import Any

import pytest
from _pytest.mark import ParameterSet
from hatchling.build import build_wheel as build_by_backend
from poethepoet.app import PoeThePoet  # type: ignore[import-untyped]  # it has no types
from validate_pyproject.api import Validator

from conftest import Variant
from environment import BIN, PLUGINS, Environment, Environments, Run, check, python_for
from harness import (
    KINDS,
    NEEDS,
    answer_sets,
    completed,
    environment,
    makes_sense,
    pairs,
    values,
)
from sharing import LOCK, STANDALONE, Reads, Results, key_of, versions

Answers = Mapping[str, object]

ODD_NAMES = ("short-names", "long-names")
"""Answer sets that differ in names only. Rows of the array have these names with each answer."""
SETS = answer_sets()
NAMED = {name: answers for name, answers in SETS.items() if name not in ODD_NAMES}
QUICK = (
    *("service-full", "service-minimal"),
    *("cli-standard", "library-standard"),
)
"""The variants whose gates run in the quick tests."""

POOLS = {
    kind: {name: found for name, found in values(kind).items() if len(found) > 1} for kind in KINDS
}
SALTS = {"service": "2", "cli": "2", "library": "3"}
"""Those that cover the pairs of a kind in the fewest rows, of the first 60."""
NAMES: Sequence[Answers] = ({}, SETS["short-names"], SETS["long-names"])
ALL_VALUES: Mapping[str, Mapping[str, Sequence[object]]] = {
    kind: {**pool, "names": range(len(NAMES))} for kind, pool in POOLS.items()
}
"""The values of a row of the array of answers, by kind and name."""


def kind_of(answers: Answers) -> str:
    """Return the kind of a variant."""
    return str(answers.get("kind", KINDS[0]))


def flips(kind: str) -> Iterator[Answers]:
    """Yield every answer by itself that makes sense with the defaults of all others."""
    defaults = completed({"kind": kind})
    for name, found in POOLS[kind].items():
        for value in found:
            if name == "preset" or value == defaults[name]:
                continue  # the named sets are these
            if makes_sense({**defaults, name: value}):
                yield {"kind": kind, name: value}


FLIPS = [answers for kind in KINDS for answers in flips(kind)]
NEWEST = ("3.14", "3.15")
"""Pythons that a machine may lack: no pair of practices is only in a variant that needs one."""
IN_NO_CODE = (
    "agents_guide",
    "ci",
    "coverage_minimum",
    "customize",
    "dependency_updates",
    "docs_site",
    "license",
    "pre_commit",
    "release_workflow",
    "repository_url",
    "user_email",
    "user_name",
)
"""Questions whose answers change no code. Variants that differ only in these share their gates."""


def row_of(answers: Answers) -> Answers:
    """Return the value that a variant has for each name in `ALL_VALUES`."""
    found = completed(answers)
    odd_names = [names["project_name"] for names in NAMES[1:]]
    project_name = answers.get("project_name")
    number = 1 + odd_names.index(project_name) if project_name in odd_names else 0
    return {**{name: found[name] for name in POOLS[kind_of(answers)]}, "names": number}


def drawn(kind: str) -> Iterator[dict[str, Any]]:
    """Yield rows with the pairs of values that no preset, named set or flip of a kind has.

    Rows with new code come first. A few rows that together hold every value in code then repeat
    with each value that changes no code, and with each Python that a machine may lack.
    """
    in_code = {name: found for name, found in ALL_VALUES[kind].items() if name not in IN_NO_CODE}
    in_code["python_min"] = [value for value in in_code["python_min"] if value not in NEWEST]
    variants = [answers for answers in (*NAMED.values(), *FLIPS) if kind_of(answers) == kind]
    known = [
        {name: row[name] for name in in_code}
        for row in map(row_of, variants)
        if row["python_min"] not in NEWEST
    ]
    new = pairs(in_code, known, SALTS[kind])
    yield from new
    # The flips pair the defaults with everything.
    left = {(name, value) for name, found in in_code.items() for value in found}
    left -= row_of({"kind": kind}).items()
    chosen: list[Answers] = []
    while left:
        chosen.append(max((*known, *new), key=lambda row: len(left & row.items())))
        left -= chosen[-1].items()
    others: dict[str, Sequence[object]] = {name: POOLS[kind][name] for name in IN_NO_CODE}
    repeated = {"chosen": range(len(chosen)), **others}
    older = [{**row, "newest": ""} for row in pairs(repeated)]
    for row in (*older, *pairs({**repeated, "newest": ("", *NEWEST)}, older)):
        code = chosen[row["chosen"]]
        python_min = row["newest"] or code["python_min"]
        yield {**code, **{name: row[name] for name in others}, "python_min": python_min}


def answers_of(kind: str, row: dict[str, Any]) -> Answers:
    """Return the answers that give a variant the values of a row."""
    values = {name: row[name] for name in row if name != "names"}
    return {**NAMES[row["names"]], "kind": kind, **values}


PAIRS: Sequence[Answers] = [answers_of(kind, row) for kind in KINDS for row in drawn(kind)]
"""Answers for the pairs of values that no preset, named set or flip has."""

HELPERS = ["factories", "support"]
"""Modules beside a project's tests."""

# A project's style, which an outsider's tools take from it like its formatting.
STYLE = (
    "--line-length=100",
    "--config=lint.pydocstyle.convention='google'",
    f"--config=lint.isort.known-local-folder={HELPERS}",
    "--per-file-ignores=**/migrations/**:INP001",  # Alembic imports migrations by path
)
CLASHES = {
    "COM812": "the formatter sets trailing commas",
    "CPY001": "LICENSE holds for every file",
    "TC": "FastAPI and pydantic read annotations at run time (only from 3.14 on ruff doubts it)",
    "D102": "a method whose name says it all needs no docstring",
    "D105": "Python documents what special methods do",
    "D107": "the class docstring says how to build it",
    "EM101": "a message is read best where it is raised",
    "EM102": "a message is read best where it is raised",
    "TRY003": "a message is read best where it is raised",
    "UP046": "a generic class is written the same for every Python, 3.11 too",
    "UP047": "so is a generic function",
}
CLASHES_IN_TESTS = {
    "INP001": "test folders are not packages",
    "PLR2004": "a test shows the value that it expects",
    "S101": "pytest is built on assert",
    "S105": "the passwords of tests are made up",
    "S106": "the passwords of tests are made up",
    "S603": "a test starts the command itself",
}

# Names that vulture takes for unused at 60 %: a framework uses them, or the owner's code.
USED_BY_NAME = (
    "capture_signals,force_exit,send_400_response,should_exit",  # uvicorn
    "chunked_encoding,expected_content_length,keep_alive,more_body",  # uvicorn
    "send_with_limit,response_started",  # Starlette
    "settings_customise_sources,_read_env_file",  # pydantic-settings
    "ComparingImpl,CopyingImpl,_skip_functional_indexes,prep_table_for_batch",  # Alembic
    "__class__",  # Python
    "critical,debug,error,info,warning",  # structlog calls the output by the level
    "terminator",  # logging
    "model_config",  # pydantic
    "cache_ok,impl,process_bind_param,result_processor,type_annotation_map",  # SQLAlchemy
    "colspecs,ondelete,onupdate",  # SQLAlchemy
    "isolation_level",  # SQLAlchemy's driver
    "on_start",  # OpenTelemetry
    "create_app_from_environment",  # the reloading server imports it by its name
    "admin_endpoints,draining,duration,gauges,probe",  # practices read them; the project may
    "repeat",  # the project repeats jobs
    "created,created_at",  # members of a response and of a row
    "CacheDep,DatabaseDep,HttpClientDep,MailerDep,provide,public_path",  # routes of the owner
    "HttpBaseUrl",  # what settings of the owner use
    "get_params,make_context,parse_args,possibilities,process_value,rich_markup_mode",  # Typer
    "version",
    "excepthook",  # threading
    "iterate_in_thread",  # commands of the owner
    "JSONL,Settings,fetch,fetch_urls,log_to_stderr,start_logging,summarize",  # named as strings
    "http_client,open_http_client,progress,read_lines",  # commands of the owner
    "write_line,write_table",
    "ConflictError,ForbiddenError,PreconditionFailedError,UnauthorizedError,UnavailableError",
    "BytesCodec,JsonCodec,all_or_nothing,batched,cached,invalidate,invalidate_tag",
    "Repository,add_gauge,descending,enqueue,list_page,metrics_component,read,save",
    "Id,IdPath,NO_NUL,RequestBody,ResponseBody,SINGLE_LINE",
    "IF_MATCH,IdempotencyKey,IfMatch,Page,PageParams,StaleIfError,etag,from_items,to_query",
)
USED_BY_DECORATOR = ("@router.*", "@model_validator", "@cached_property")


PYTHON = ("*.py",)
LICENSES = "tests/architecture/licenses.py"
"""A gate of its own, which no test imports."""
WHOLE = Reads(files=(*PYTHON, "pyproject.toml"))
CODE = Reads(files=PYTHON)
READS: Mapping[str, Reads] = {
    "lint": WHOLE,
    "format-check": WHOLE,
    "conflicts": Reads(files=("*",)),
    "types": Reads(
        files=PYTHON, tables=("tool.mypy", "tool.pydantic-mypy", "tool.poe.tasks.types")
    ),
    "docs": Reads(files=(*PYTHON, "docs/*", "zensical.toml"), tables=("tool.poe.tasks.docs",)),
    "imports": Reads(files=PYTHON, tables=("tool.importlinter", "tool.poe.tasks.imports")),
    "coverage": Reads(
        files=(*PYTHON, "*.mako", ".env.example", "py.typed", "public_names/*"),
        tables=(
            "project.name",
            "project.scripts",
            "tool.alembic",
            "tool.coverage",
            "tool.fastapi",
            "tool.pytest",
        ),
    ),
    "dependencies": WHOLE,
    "licenses": Reads(
        files=(LICENSES,),
        tables=("project.dependencies", "project.license", "tool.licenses"),
    ),
}
"""The files that the gates of a project's own check read, by the name of the task.

The tests import every module, by way of conftest.py, so that each of them reads the whole package.
"""
DOCS_TEST = "tests/architecture/test_docs.py"
IN_FEW = (DOCS_TEST, LICENSES)
"""Modules beside the tests that are in few variants."""
APART: Mapping[str, Reads] = {
    "tests/architecture": Reads(files=("docs/*",)),
    "README.md": Reads(files=("README.md",)),
}
"""Tests of modules that are in few variants, or in a text that is another in most, with what they
read besides what all tests read.

They run apart from the others, which need not run again for them and cover everything alone. The
rules of the architecture read all modules of tests/, so that all of them run where one is more.
"""
WITHOUT_PROJECT = ("deptry", "ruff", "sh", sys.executable)
"""Commands that need the versions of the lock file, but not the installed project."""
FULL_COVERAGE = "--cov-fail-under=100"
PACKAGED = (*PYTHON, "*.mako", "py.typed")
WHEEL_ALONE = Reads(
    files=PACKAGED,
    tables=(
        "build-system",
        "project.dependencies",
        "project.name",
        "project.requires-python",
        "project.scripts",
        "tool.hatch",
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """A variant, and an environment with its dependencies, and with itself if a Python runs it.

    Attributes:
        answers: What the variant was rendered from.
        folder: The project.
        twin: The project that the environment holds: itself, or one that an older Python runs.
        environment: Holds one project at a time.
        python: None if no Python here is new enough.
        results: Those of this test run.
    """

    answers: Answers
    folder: Path
    twin: Path
    environment: Environment
    python: Path | None
    results: Results

    @property
    def kind(self) -> str:
        """What kind of project it is."""
        return kind_of(self.answers)

    @property
    def interpreter(self) -> bytes:
        """The Python that runs the gates, as an input of each."""
        return str(self.environment.python).encode()

    @property
    def minimum(self) -> str:
        """The oldest Python that it supports."""
        return str(self.answers.get("python_min", "3.11"))

    @property
    def package(self) -> Path:
        """The folder of its package, from its own."""
        return next(path for path in self.folder.rglob("py.typed")).parent.relative_to(self.folder)

    @property
    def tasks(self) -> list[str]:
        """The gates of its own check; without those that run its code if no Python can."""
        project = tomllib.loads((self.folder / "pyproject.toml").read_text(encoding="utf-8"))
        one_by_one = project["tool"]["poe"]["tasks"]["check"]["sequence"]
        *first, side_by_side = one_by_one
        gates: list[str] = [*first, *side_by_side["parallel"]]
        return [gate for gate in gates if gate != "coverage" or self.python is not None]

    def run(self, *command: str, reads: Reads) -> Run:
        """Run a command in its folder, or take the result of one that read the same."""
        return self.once(lambda: self.environment.run(self.folder, *command), command, reads)

    def command(self, task: str) -> tuple[str, ...]:
        """Return the command of a gate, which may be stricter than the gate.

        It is what poe would start, which takes longer to start than most gates need.
        All lines are covered, whatever the minimum is, so that variants share the run of the tests.
        """
        project = tomllib.loads((self.folder / "pyproject.toml").read_text(encoding="utf-8"))
        found = project["tool"]["poe"]["tasks"][task]
        if "shell" in found:
            return ("sh", "-c", found["shell"])
        words = shlex.split(found["cmd"])
        if task != "coverage":
            return tuple(words)
        minimum = f"--cov-fail-under={completed(self.answers)['coverage_minimum']}"
        assert minimum in words
        return tuple(FULL_COVERAGE if word == minimum else word for word in words)

    def parts(self, task: str) -> Iterator[tuple[tuple[str, ...], Reads]]:
        """Yield the commands that a gate consists of, each with what it reads.

        It is one, but for the tests: those of `APART` run by themselves.
        """
        command, reads = self.command(task), READS[task]
        if task != "coverage":
            yield command, reads
            return
        if self.kind == "cli":
            reads = replace(reads, files=(*reads.files, "docs/commands.md"))
        yield (
            (*command, *(f"--deselect={name}" for name in (DOCS_TEST, "README.md"))),
            replace(reads, without=IN_FEW),
        )
        apart = {
            "tests/architecture": any((self.folder / name).exists() for name in IN_FEW),
            "README.md": self.kind == "library",  # no other kind has tests in its README
        }
        for tests in filter(apart.get, APART):
            more = APART[tests].files
            yield ("pytest", tests), replace(reads, files=(*reads.files, *more))

    def run_task(self, task: str) -> list[Run]:
        """Run a gate of its own check, or take the results of those that read the same."""
        return [self.run_part(task, *part) for part in self.parts(task)]

    def run_part(self, task: str, command: tuple[str, ...], reads: Reads) -> Run:
        """Run a command of a gate, or take the result of one that read the same."""
        if task == "types":
            strict = self.answers.get("strict_mypy", True)
            return self.check_types(*command, reads=reads, rules=f"{self.kind}-{strict}")
        return self.run(*command, reads=reads)

    def check_types(self, *command: str, reads: Reads, rules: str) -> Run:
        """Run mypy as `run` does, with a cache for each set of rules."""
        run = partial(
            self.environment.check_types,
            self.folder,
            *command,
            cache=f"{rules}-{self.minimum}",
            shared=self.results.folder,
        )
        return self.once(run, command, reads)

    def once(self, run: Callable[[], Run], command: Sequence[str], reads: Reads) -> Run:
        """Run a command, or take the result of one that read the same."""

        def install_and_run() -> Run:
            if command[0] in WITHOUT_PROJECT:
                self.environment.hold_versions(self.twin)
            else:
                self.environment.hold(self.twin)
            return run()

        inputs = {
            **reads.contents(self.folder),
            LOCK: versions(self.twin / LOCK),
            "python": self.interpreter,
        }
        return self.results.get(key_of(command, inputs), install_and_run)


@pytest.fixture(scope="module")
def environments() -> Iterator[Environments]:
    """Yield the environments of this worker."""
    with tempfile.TemporaryDirectory() as folder:
        yield Environments(Path(folder))


@pytest.fixture(autouse=True)
def _counted(results: Results, record_property: Callable[[str, object], None]) -> Iterator[None]:
    """Record how many gates a test has run and shared."""
    results.counts.clear()
    yield
    for name, count in results.counts.items():
        record_property(f"gates {name}", count)


def listed() -> Iterator[ParameterSet]:
    """Yield the variants, the quick ones first."""
    for name in QUICK:
        yield pytest.param(NAMED[name], id=name)
    for name in sorted(NAMED.keys() - set(QUICK)):
        yield pytest.param(NAMED[name], id=name, marks=pytest.mark.full)
    for number, answers in enumerate(PAIRS):
        yield pytest.param(answers, id=f"pairs-{number:02}", marks=pytest.mark.full)
    for answers in FLIPS:
        kind, value = answers.values()
        yield pytest.param(answers, id=f"{kind}-{[*answers][1]}={value}", marks=pytest.mark.full)


def locked(folder: Path, environment: Environment, results: Results) -> None:
    """Write the lock file: equal dependencies resolve once a test run, so to equal versions."""
    reads = Reads(
        files=(),
        tables=(
            "build-system",
            "dependency-groups",
            "project.dependencies",
            "project.dynamic",
            "project.name",
            "project.requires-python",
            "project.version",
            "tool.hatch.version",
            "tool.uv",
        ),
    )
    command = ("uv", "lock", "--quiet")

    def resolve() -> Run:
        done = environment.run(folder, *command)
        check(done)
        return replace(done, stdout=(folder / LOCK).read_text(encoding="utf-8"))

    done = results.get(key_of(command, reads.contents(folder)), resolve)
    (folder / LOCK).write_text(done.stdout, encoding="utf-8")


@pytest.fixture(scope="module", params=listed())
def subject(
    request: pytest.FixtureRequest,
    variant: Variant,
    environments: Environments,
    results: Results,
    tmp_path_factory: pytest.TempPathFactory,
) -> Subject:
    """Return a variant with its environment.

    All have the same folder, one after the other: the bytecode of equal files is used again.
    """
    folder = tmp_path_factory.getbasetemp() / "subject"
    shutil.rmtree(folder, ignore_errors=True)
    return prepared(request.param, variant, environments, results, folder)


def prepared(
    answers: Answers,
    variant: Variant,
    environments: Environments,
    results: Results,
    folder: Path,
) -> Subject:
    """Return a variant with its environment, in a folder."""
    project = twin = shutil.copytree(variant(**answers), folder / "project")
    # Python and mypy take files of one path, size and second for the same; so must their text be.
    for path in project.rglob("*.py"):
        moment = int(sha256(path.read_bytes()).hexdigest(), 16) % 2**31
        os.utime(path, (moment, moment))
    python = python_for(str(answers.get("python_min", "3.11")))
    if python is None:
        # Its dependencies come from a twin that an older Python runs.
        twin = shutil.copytree(variant(**{**answers, "python_min": "3.11"}), folder / "twin")
    environment = environments.of(python or oldest_python())
    locked(twin, environment, results)
    return Subject(
        answers=answers,
        folder=project,
        twin=twin,
        environment=environment,
        python=python,
        results=results,
    )


def test_gates_pass(subject: Subject) -> None:
    """Every gate of `uv run poe check` passes, and the tests cover every line and branch.

    Where no Python is new enough to run the variant (3.15 may be missing), its static gates pass.
    """
    runs = [run for task in subject.tasks for run in subject.run_task(task)]

    check(*runs, about=subject.answers)
    # A test that is skipped in every run tests nothing.
    assert not any("got empty parameter set" in run.stdout for run in runs)
    # Ruff finds its configuration in order: it prints no warning.
    assert {run.stderr for run in runs if run.command[0] == "ruff"} == {""}


def test_check_runs_the_gates(subject: Subject) -> None:
    """`poe check` starts the commands that the test above runs, with the minimum of the answers."""
    project = tomllib.loads((subject.folder / "pyproject.toml").read_text(encoding="utf-8"))
    tasks = project["tool"]["poe"]["tasks"]
    *first, side_by_side = tasks["check"]["sequence"]

    output = StringIO()
    status = PoeThePoet(cwd=subject.folder, output=output)(["--no-ansi", "--dry-run", "check"])

    assert status == 0, output.getvalue()
    names = [*first, *side_by_side["parallel"]]
    assert output.getvalue().splitlines() == [
        f"Poe => {tasks[name].get('cmd') or tasks[name]['shell']}" for name in names
    ]


@pytest.fixture(scope="module")
def names(template: Path) -> Any:  # noqa: ANN401  (a template has no types)
    """Return the macros about names."""
    return environment(template).get_template("extensions/names.jinja").module


def test_names_of_locked_packages_are_reserved(
    subject: Subject,
    names: Any,  # noqa: ANN401  (as above)
) -> None:
    """No project can be called as a package of its lock file is: uv would not lock it."""
    locked = tomllib.loads((subject.twin / LOCK).read_text(encoding="utf-8"))["package"]

    free = {
        package["name"]
        for package in locked
        if package["source"] != {"editable": "."}
        if not names.distribution_fault(package["name"]).strip()
    }

    assert free == set()


def test_standalone_tools_plug_into_nothing(subject: Subject) -> None:
    """What only they install plugs into nothing that another gate runs.

    The tools of the release are in no environment of a developer.
    """
    lock = subject.twin / LOCK
    everything, read = (
        json.loads(versions(lock, names)) for names in (frozenset[str](), STANDALONE)
    )
    own = [package["name"] for found in everything if found not in read for package in found]
    program = (
        "import re, sys\nfrom importlib.metadata import distributions\n"
        "for package in distributions():\n"
        "    if re.sub('[-_.]+', '-', package.name).lower() in sys.argv[1:]:\n"
        "        for entry in package.entry_points:\n"
        "            print(f'{entry.group}:{entry.name}')\n"
    )
    command = ("python", "-c", program, *own)

    def install_and_run() -> Run:
        subject.environment.hold_versions(subject.twin)
        return subject.environment.run(subject.folder, *command)

    key = key_of(command, {LOCK: versions(lock, frozenset()), "python": subject.interpreter})
    done = subject.results.get(key, install_and_run)

    check(done)
    plugged = {*done.stdout.split()} - {f"pytest11:{name}" for name in PLUGINS}
    assert {re.split("[.:]", plugin)[0] for plugin in plugged} <= {
        *("console_scripts", "babel", "jinja2", "markdown", "mkdocs", "properdocs", "pygments"),
    }


def test_names_of_installed_modules_are_reserved(
    variant: Variant,
    environments: Environments,
    results: Results,
    names: Any,  # noqa: ANN401  (as above)
    tmp_path: Path,
) -> None:
    """No package can be called as a module that is installed beside it."""
    free = set()
    for kind in KINDS:
        answers = NAMED[f"{kind}-full"]
        full = prepared(answers, variant, environments, results, tmp_path / kind)
        full.environment.hold(full.folder)
        (packages,) = full.environment.venv.glob("**/site-packages")
        free |= {
            path.stem
            for path in packages.iterdir()
            if path.suffix in {"", ".py"} and re.match("[a-z]", path.name)
            if not names.package_fault(path.stem).strip()
        }

    assert free == set()


@pytest.mark.full
def test_outsiders_types_find_nothing(subject: Subject) -> None:
    """`mypy --strict` accepts the package and its tests; it only knows where modules are."""
    helpers = [] if subject.kind == "library" else ["tests"]
    folders = os.pathsep.join([str(subject.package.parent), *helpers])
    command = (
        *("env", f"MYPYPATH={folders}", "mypy", "--strict", "--config-file="),
        *("--explicit-package-bases", f"--python-version={subject.minimum}"),
    )

    done = subject.check_types(
        *command, str(subject.package), "tests", reads=CODE, rules="outsider"
    )

    check(done, about=subject.answers)


def test_outsiders_linter_finds_nothing(subject: Subject) -> None:
    """Every rule of ruff passes, without the project's configuration and its `noqa` comments.

    What is left out are style clashes, each with its reason; the project leaves out no more.
    """
    command = ["ruff", "check", "--isolated", "--select=ALL", "--ignore-noqa", "--quiet", *STYLE]
    command.append(f"--target-version=py{subject.minimum.replace('.', '')}")
    in_tests = CLASHES | CLASHES_IN_TESTS
    runs = [
        subject.run(*command, f"--ignore={','.join(CLASHES)}", str(subject.package), reads=CODE),
        subject.run(*command, f"--ignore={','.join(in_tests)}", "tests", reads=CODE),
    ]

    check(*runs, about=subject.answers)


@pytest.fixture(scope="module")
def validator() -> Validator:
    """Return the check of validate-pyproject, which takes long to make."""
    return Validator()


def test_outsiders_other_tools_find_nothing(subject: Subject, validator: Validator) -> None:
    """No dead code, no security finding, and a pyproject.toml that follows the standards."""
    package = str(subject.package)
    ours = [sys.executable, "-m"]
    vulture = [*ours, "vulture", "--min-confidence"]
    runs = [
        subject.run(*vulture, "80", package, "tests", reads=CODE),
        subject.run(
            *(*vulture, "60", "--exclude=*/versions/*"),  # Alembic reads migrations by name
            f"--ignore-names={','.join(USED_BY_NAME)}",
            *(f"--ignore-decorators={','.join(USED_BY_DECORATOR)}", package),
            reads=CODE,
        ),
        subject.run(*ours, "bandit", "--quiet", "--recursive", package, reads=CODE),
    ]

    check(*runs, about=subject.answers)
    validator(tomllib.loads((subject.folder / "pyproject.toml").read_text(encoding="utf-8")))


def list_wheel(project: Path, folder: Path) -> list[str]:
    """Build a wheel in this process, as `uv build` would; return the paths that it holds."""
    with chdir(project), tempfile.TemporaryDirectory(dir=folder) as built:
        name = build_by_backend(built)
        with zipfile.ZipFile(Path(built, name)) as archive:
            return archive.namelist()


def build_wheel(project: Path, folder: Path, environment: Environment) -> Path:
    """Build the wheel of a project in a folder, unless it is there."""
    if not any(folder.glob("*.whl")):
        check(environment.run(project, "uv", "build", "--wheel", "--quiet", f"--out-dir={folder}"))
    (wheel,) = folder.glob("*.whl")
    return wheel


USER = """
from {name} import Error


def fail() -> None:
    raise Error("The library is here.")


try:
    fail()
except Error as error:
    print(error)
"""
"""A module of another project, which uses a library."""


@pytest.mark.full
def test_wheel_is_complete(subject: Subject, tmp_path: Path) -> None:
    """A wheel builds, holds the package with py.typed and no more, and runs where it is alone.

    mypy knows the types of an installed library. Wheels of equal code and dependencies run once.
    """
    if subject.python is None:
        pytest.skip(f"No Python {subject.minimum} here, so nothing can be installed.")
    name = subject.package.name

    def run_alone() -> Run:
        wheel = build_wheel(subject.folder, tmp_path, subject.environment)
        run = partial(subject.environment.run, tmp_path)
        # The dependencies that two wheels share stay, with their bytecode; all others go.
        alone = subject.environment.folder / "alone"
        if not alone.exists():
            check(run("uv", "venv", "--quiet", f"--python={subject.python}", str(alone)))
        install = ("uv", "pip", "install", "--quiet", "--exact", f"--reinstall-package={name}")
        check(run(*install, f"--python={alone}", str(wheel)))
        python = str(alone / BIN / "python")
        if subject.kind == "library":
            (tmp_path / "user.py").write_text(USER.format(name=name), encoding="utf-8")
            check(run("mypy", "--strict", f"--python-executable={python}", "user.py"))
            return run(python, "user.py")
        return run(python, "-m", name, "--help")

    files = list_wheel(subject.folder, tmp_path)
    done = subject.once(run_alone, ("wheel", name), WHEEL_ALONE)

    folders = {path.partition("/")[0] for path in files}
    assert {folder for folder in folders if not folder.endswith(".dist-info")} == {name}
    assert len(folders) == 2
    assert f"{name}/py.typed" in files
    check(done, about=subject.answers)


@pytest.mark.full
@pytest.mark.parametrize("kind", KINDS)
def test_wheel_is_reproducible(
    kind: str, variant: Variant, environments: Environments, tmp_path: Path
) -> None:
    """Copies of a project that were made at other times build the same wheel, byte for byte."""
    wheels = []
    for moment in (10**9, 2 * 10**9):
        project = shutil.copytree(variant(**NAMED[f"{kind}-full"]), tmp_path / f"{moment}")
        for path in project.rglob("*"):
            os.utime(path, (moment, moment))
        wheels.append(
            build_wheel(project, tmp_path / f"wheel-{moment}", environments.of(oldest_python()))
        )

    first, second = (wheel.read_bytes() for wheel in wheels)
    assert first == second


@pytest.mark.full
@pytest.mark.parametrize("example", [True, False])
def test_public_types_of_a_library_are_known(
    variant: Variant,
    environments: Environments,
    tmp_path: Path,
    *,
    example: bool,
) -> None:
    """Pyright knows the type of every public name, from the installed wheel."""
    project = variant(kind="library", example=example)
    environment = environments.of(oldest_python())
    wheel = build_wheel(project, tmp_path / "wheel", environment)

    done = environment.run(
        tmp_path,
        *("uvx", "--quiet", f"--with={wheel}", "basedpyright"),
        *("--verifytypes", "my_service", "--ignoreexternal"),
    )

    check(done)
    assert "Type completeness score: 100%" in done.stdout


def oldest_python() -> Path:
    """Return the oldest Python that projects support."""
    python = python_for("3.11")
    assert python is not None
    return python


def test_oldest_python_is_here() -> None:
    """The gates that run code ran on the oldest Python that projects support by default."""
    assert "3.11" in oldest_python().resolve().name


def test_all_pairs_are_covered(record_property: Callable[[str, object], None]) -> None:
    """Any two values of two questions of a kind that make sense together are in one variant."""
    everything = [*NAMED.values(), *PAIRS, *FLIPS]
    possible = {
        (kind, frozenset({(one, first), (two, second)}))
        for kind, found in ALL_VALUES.items()
        for one, two in combinations(found, 2)
        for first in found[one]
        for second in found[two]
        if can_meet(kind, {one: first, two: second})
    }
    covered = {
        (kind_of(answers), frozenset(pair))
        for answers in everything
        for pair in combinations(row_of(answers).items(), 2)
    }
    record_property("variants", f"{len(everything)} variants")
    record_property("pairs of answers", f"{len(covered & possible)} of {len(possible)}")

    assert possible <= covered


def can_meet(kind: str, answers: Answers) -> bool:
    """Return whether a variant can have both answers, with some answers to what they need."""
    needed = {need.needed for need in NEEDS} & POOLS[kind].keys() - answers.keys()
    free = {name: POOLS[kind][name] for name in needed}
    return any(
        makes_sense({**answers, **dict(zip(free, chosen, strict=True))})
        for chosen in product(*free.values())
    )
