"""Every variant is green: by its own gates, and by those of an outsider who knows nothing of it."""

import shutil
import sys
import tempfile
import tomllib
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
from _pytest.mark import ParameterSet

from conftest import Variant
from environment import Environment, Environments, Run, check, python_for
from harness import answer_sets, defaults, makes_sense, pairs, tree, values

Answers = Mapping[str, object]

NAMED = answer_sets()
QUICK = ("service-standard", "service-minimal", "bare")

POOL = {name: found for name, found in values().items() if len(found) > 1}
NAMES: Sequence[Answers] = ({}, NAMED["short-names"], NAMED["long-names"])


def drawn() -> Iterator[Answers]:
    """Yield answers, some of them with odd names."""
    for row in pairs({**POOL, "names": NAMES}):
        names = row.pop("names")
        assert isinstance(names, Mapping)
        yield {**names, **row}


PAIRS: Sequence[Answers] = list(drawn())
"""Answers in which any two values of two questions meet, and each value meets odd names."""

FLIPS: Sequence[Answers] = [
    {name: value}
    for name, found in POOL.items()
    for value in found
    if name != "preset" and value != defaults()[name]  # the named sets are these
    if makes_sense({**defaults(), name: value})
]
"""Every answer by itself that makes sense with the defaults of all others."""

NO_CODE = ("customize", "license", "repository_url", "user_email", "user_name")
"""Questions whose answers change no line of code, so that one of them alone needs no test run."""

HELPERS = [
    "support",
    "database_server",
    "factories",
    "fake_store",
    "postgresql_server",
    "scratch",
    "source_code",
    "sqlite_server",
]
"""Modules beside a project's tests."""

# A project's style, which an outsider's tools take from it like its formatting.
STYLE = (
    "--line-length=100",
    "--config=lint.pydocstyle.convention='google'",
    f"--config=lint.isort.known-local-folder={HELPERS}",
)
CLASHES = {
    "COM812": "the formatter sets trailing commas",
    "CPY001": "LICENSE holds for every file",
    "TC": "FastAPI and pydantic read annotations at run time (only from 3.14 on ruff doubts it)",
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

# What vulture takes for unused at 60 %, because a framework uses it.
USED_BY_NAME = (
    "ALTERS_BY_COPY,BEFORE_MIGRATIONS,Base",  # migrations use them, and the owner's models Base
    "build",  # uvicorn imports it by its name
    "build_middleware_stack",  # Starlette calls it
    "capture_signals,handle_exit,on_tick",  # uvicorn calls them
    "connection_lost,data_received,on_headers_complete,on_message_complete",  # so does it these
    "send_400_response",  # and this
    "critical,debug,error,info,warning",  # structlog calls the output by the level
    "draining,probes",  # the probes read them, and the owner's components may
    "force_exit,should_exit",  # uvicorn reads them
    "get_route_handler,matches",  # FastAPI calls them
    "LastGood,enqueue,get,send",  # the owner's code uses them
    "cache_ok,impl,process_bind_param,result_processor",  # SQLAlchemy uses them
    "type_annotation_map",  # and this
    "isolation_level",  # the driver's own attribute
    "model_config",  # pydantic reads it
    "on_start",  # OpenTelemetry calls it
    "operations,admin_operations",  # the admin port reads them, and the owner's components may
    "imported",  # a member of an answer
    "is_broken",  # repositories ask it
    "pointer",  # a key of a TypedDict
    "cached,BytesCodec,JsonCodec,forget,forget_tagged",  # how use cases use the cache
    "gauges",  # the metrics read them, where there are any
    "read,write",  # how routes use the database; where there is none, nobody does
    "created_at",  # a column of the outbox, for who looks into it
    "terminator",  # the handler's own attribute
    "farewell",  # read by whoever answers
)
USED_BY_DECORATOR = ("@router.*", "@model_validator", "@cached_property")


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """A variant, and an environment with its dependencies, and with itself if a Python runs it."""

    answers: Answers
    folder: Path
    environment: Environment
    python: Path | None

    @property
    def minimum(self) -> str:
        """The oldest Python that it supports."""
        return str(self.answers.get("python_min", "3.11"))

    @property
    def same_code(self) -> bool:
        """Is its code that of the defaults?"""
        return len(self.answers) == 1 and self.answers.keys() <= set(NO_CODE)

    @property
    def package(self) -> Path:
        """The folder of its package, from its own."""
        return next(path for path in self.folder.rglob("py.typed")).parent.relative_to(self.folder)

    def run(self, *command: str) -> Run:
        """Run a command in its folder."""
        strict = self.answers.get("strict_mypy", True)
        return self.environment.run(self.folder, *command, cache="strict" if strict else "relaxed")


@pytest.fixture(scope="module")
def environments() -> Iterator[Environments]:
    """Yield the environments of this worker."""
    with tempfile.TemporaryDirectory() as folder:
        yield Environments(Path(folder))


def listed() -> Iterator[ParameterSet]:
    """Yield the variants, the quick ones first."""
    for name in QUICK:
        yield pytest.param(NAMED[name], id=name)
    for name in sorted(NAMED.keys() - set(QUICK)):
        yield pytest.param(NAMED[name], id=name, marks=pytest.mark.full)
    for number, answers in enumerate(PAIRS):
        yield pytest.param(answers, id=f"pairs-{number:02}", marks=pytest.mark.full)
    for answers in FLIPS:
        ((name, value),) = answers.items()
        yield pytest.param(answers, id=f"{name}={value}", marks=pytest.mark.full)


@pytest.fixture(scope="module", params=listed())
def subject(
    request: pytest.FixtureRequest,
    variant: Variant,
    environments: Environments,
    tmp_path_factory: pytest.TempPathFactory,
) -> Subject:
    """Return a variant with its environment."""
    answers: Answers = request.param
    folder = tmp_path_factory.mktemp("subject") / "project"
    shutil.copytree(variant(**answers), folder)
    python = python_for(str(answers.get("python_min", "3.11")))
    # Without a Python that may run it, its dependencies come from a twin that an older one runs.
    twin = {**answers, "python_min": "3.11"}
    oldest = python or python_for("3.11")
    assert oldest is not None
    environment = environments.of(oldest)
    if python is None:
        shutil.copytree(variant(**twin), folder.with_name("twin"))
        environment.install(folder.with_name("twin"))
    else:
        environment.install(folder)
    return Subject(answers=answers, folder=folder, environment=environment, python=python)


def static_tasks(subject: Subject) -> list[str]:
    """Return the gates of a variant's own check that run none of its code."""
    project = tomllib.loads((subject.folder / "pyproject.toml").read_text(encoding="utf-8"))
    gates: list[str] = project["tool"]["poe"]["tasks"]["check"]["sequence"]
    return [gate for gate in gates if gate != "coverage"]


def test_gates_pass(subject: Subject) -> None:
    """`uv run poe check` passes: lint, format, types, tests at their coverage, dependencies.

    Where no Python is new enough to run the variant (3.14 may be missing), its static gates pass.
    """
    if subject.python is None or subject.same_code:
        check(*(subject.run("poe", task) for task in static_tasks(subject)), about=subject.answers)
        if subject.python is None:
            pytest.skip(f"No Python {subject.minimum} here: only the static gates ran, and passed.")
        return

    check(subject.run("uv", "run", "poe", "check"), about=subject.answers)


def test_linter_has_nothing_to_say(subject: Subject) -> None:
    """Ruff finds its configuration in order: it prints no warning."""
    runs = [subject.run("ruff", *words) for words in (["check"], ["format", "--check"])]

    assert not "".join(run.stderr for run in runs)


def test_outsiders_types_find_nothing(subject: Subject) -> None:
    """`mypy --strict` without any configuration accepts the package, and the tests beside it."""
    version = f"--python-version={subject.minimum}"
    runs = [
        subject.environment.run(
            subject.folder, "mypy", "--strict", "--config-file=", version, path, cache="outsider"
        )
        for path in (str(subject.package), "tests")
    ]

    check(*runs, about=subject.answers)


def test_outsiders_linter_finds_nothing(subject: Subject) -> None:
    """Every rule of ruff passes, without the project's configuration and its `noqa` comments.

    What is left out are style clashes, each with its reason; the project leaves out no more.
    """
    command = ["ruff", "check", "--isolated", "--select=ALL", "--ignore-noqa", "--quiet", *STYLE]
    command.append(f"--target-version=py{subject.minimum.replace('.', '')}")
    runs = [
        subject.run(*command, f"--ignore={','.join(CLASHES)}", str(subject.package)),
        subject.run(*command, f"--ignore={','.join(CLASHES | CLASHES_IN_TESTS)}", "tests"),
    ]

    check(*runs, about=subject.answers)


def test_outsiders_other_tools_find_nothing(subject: Subject) -> None:
    """No dead code, no security finding, and a pyproject.toml that follows the standards."""
    package = str(subject.package)
    ours = [sys.executable, "-m"]
    vulture = [*ours, "vulture", "--min-confidence"]
    runs = [
        subject.run(*vulture, "80", package, "tests"),
        subject.run(
            *(*vulture, "60", f"--ignore-names={','.join(USED_BY_NAME)}"),
            *(f"--ignore-decorators={','.join(USED_BY_DECORATOR)}", package),
        ),
        subject.run(*ours, "bandit", "--quiet", "--recursive", package),
        subject.run(*ours, "validate_pyproject", "pyproject.toml"),
    ]

    check(*runs, about=subject.answers)


def test_wheel_is_complete(subject: Subject, tmp_path: Path) -> None:
    """A wheel builds, holds the package with py.typed and no more, and runs where it is alone."""
    if subject.python is None:
        pytest.skip(f"No Python {subject.minimum} here, so nothing can be installed.")
    check(subject.run("uv", "build", "--wheel", "--quiet", f"--out-dir={tmp_path}"))
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
    name = subject.package.name

    assert {part.partition("/")[0] for part in names} == {name, wheel.name[:-17] + ".dist-info"}
    assert f"{name}/py.typed" in names

    alone = ("uv", "run", "--quiet", "--no-project", "--isolated", f"--python={subject.python}")
    check(subject.run(*alone, f"--with={wheel}", "python", "-m", name, "--help"))


def test_oldest_python_is_here() -> None:
    """The gates that run code ran on the oldest Python that projects support by default."""
    python = python_for("3.11")

    assert python is not None
    assert "3.11" in python.resolve().name


@pytest.mark.parametrize("name", NO_CODE)
def test_answers_that_change_no_code(variant: Variant, name: str) -> None:
    """A licence or an author changes neither the package nor its tests."""
    for value in POOL[name]:
        for folder in ("src", "tests"):
            assert tree(variant(**{name: value}) / folder) == tree(variant() / folder)
