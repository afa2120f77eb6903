"""Updates: the law, the user's own work, older releases, refusals, and docs/updating.md."""

import itertools
import json
import os
import re
import shutil
import signal
import subprocess
import time
import tomllib
from collections.abc import Callable, Collection, Iterator, Mapping
from pathlib import Path

import copier
import jinja2
import pytest
import yaml
from covertable import make  # type: ignore[import-untyped]  # it has no types
from jinja2 import nodes

from conftest import Variant
from harness import (
    COPIER,
    DEFAULTS,
    KINDS,
    NEEDS,
    ROOT,
    Need,
    commit_all,
    git,
    questions,
    render,
    settings,
    tree,
    update,
    values,
)

ANSWERS_FILE = ".copier-answers.yml"
PACKAGE = "src/my_service"
INIT = f"{PACKAGE}/__init__.py"
HEALTH_TEST = "tests/core/web/test_health.py"
"""A file that goes with the health checks."""


# Projects that can be updated


@pytest.fixture(scope="session")
def release(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the template as release 1.0.0, in git; for reading only."""
    folder = tmp_path_factory.mktemp("release") / "tenon"
    return tagged(shutil.copytree(template, folder), "v1.0.0")


def tagged(template: Path, version: str) -> Path:
    """Commit a template and give it the tag of a release."""
    commit_all(template, f"Release {version}")
    git(template, "tag", version)
    return template


@pytest.fixture(scope="session")
def committed(release: Path, tmp_path_factory: pytest.TempPathFactory) -> Variant:
    """Return a function that renders release 1.0.0 and commits it; for reading only."""
    folder = tmp_path_factory.mktemp("committed")
    made: dict[str, Path] = {}

    def committed(**answers: object) -> Path:
        key = json.dumps(answers, sort_keys=True)
        if key not in made:
            made[key] = started(folder / f"{len(made):04}" / "my-service", release, **answers)
        return made[key]

    return committed


@pytest.fixture
def start(committed: Variant, tmp_path: Path) -> Variant:
    """Return a function that gives a fresh project of release 1.0.0, committed to git."""
    numbers = itertools.count()

    def start(**answers: object) -> Path:
        folder = tmp_path / f"start{next(numbers)}" / "my-service"
        return shutil.copytree(committed(**answers), folder)

    return start


def started(folder: Path, template: Path, **answers: object) -> Path:
    """Render a released template into `folder` and commit what came out."""
    render(folder, template, {**DEFAULTS, **answers})
    commit_all(folder, "Start from Tenon")
    return folder


def recorded(project: Path) -> dict[str, object]:
    """Return the answers of a project."""
    loaded = yaml.safe_load((project / ANSWERS_FILE).read_text("utf-8"))
    return {name: answer for name, answer in loaded.items() if not name.startswith("_")}


def content(project: Path) -> dict[str, bytes]:
    """Return the files of a project, without the lines that name the template and its release."""
    files = tree(project)
    files[ANSWERS_FILE] = re.sub(rb"(?m)^_(commit|src_path): .*\n", b"", files[ANSWERS_FILE])
    return files


def move_package(project: Path, *, into_src: bool) -> None:
    """Move the package by hand, as the guide says to do before its layout changes."""
    root = str(recorded(project)["package_name"])
    old, new = (root, f"src/{root}") if into_src else (f"src/{root}", root)
    (project / new).parent.mkdir(exist_ok=True)
    git(project, "mv", old, new)
    commit_all(project, "Move the package")


def status(project: Path) -> str:
    """Return the uncommitted changes."""
    return git(project, "status", "--porcelain", "--untracked-files=all")


def conflicts(project: Path) -> set[str]:
    """Return the files that `git ls-files -u` lists."""
    return {line.split("\t")[1] for line in git(project, "ls-files", "-u").splitlines()}


def substitute(file: Path, old: str, new: str) -> None:
    """Replace a text that stands once in a file."""
    text = file.read_text("utf-8")
    assert text.count(old) == 1, f"{file}: {old!r} stands there {text.count(old)} times"
    file.write_text(text.replace(old, new), encoding="utf-8")


# The law

TEXTS: Mapping[str, list[object]] = {
    "project_name": ["My Service", "Ours & Yours"],
    "project_description": ["It does.", 'It says "no" \\ \N{SNOWMAN}.'],
    "distribution_name": ["my-service", "ours"],
}
"""Answers to questions that harness.values() leaves out."""

FIXED = {"package_name"}
"""Questions whose answer can't be changed."""

VALUES_OF = {
    kind: {
        name: pool[name]
        for name in questions()
        if name in pool and name not in FIXED and len(pool[name]) > 1
    }
    for kind in KINDS
    for pool in [{**values(kind), **TEXTS}]
}
"""Answers to every question that has two, by kind."""
VALUES = VALUES_OF["service"]
OF_A_LIBRARY = {name: found for name, found in VALUES_OF["library"].items() if name != "src_layout"}
"""Those that a library can change while the package stays where it is."""
OF_A_TOOL = VALUES_OF["cli"]

PRACTICES = tuple(
    name
    for name, question in questions().items()
    if name in VALUES and question.get("ask") == "{{ customize }}" and name != "distribution_name"
)


def full(*cases: object) -> list[object]:
    """Mark cases as slow."""
    return [pytest.param(case, marks=pytest.mark.full, id=named(case)) for case in cases]


def named(case: object) -> str:
    """Return a readable id of a case."""
    if isinstance(case, tuple):
        return "-".join(str(item) for item in case)
    if isinstance(case, Mapping):
        return ",".join(f"{name}={answer}" for name, answer in case.items()) or "defaults"
    return str(case)


def there_and_back(
    project: Path, variant: Variant, there: Mapping[str, object], back: Mapping[str, object]
) -> None:
    """Change answers and change them back; each time the result is that of a fresh render."""
    answers = recorded(project)
    for goal in (there, back):
        update(project, goal)
        assert content(project) == content(variant(**{**answers, **goal})), named(goal)
        commit_all(project)


@pytest.mark.parametrize(
    "names",
    [
        ("structured_logging",),
        pytest.param(tuple(VALUES), marks=pytest.mark.full, id="everything"),
        *full(*((n,) for n in VALUES if n != "structured_logging")),
    ],
    ids=named,
)
def test_law(names: tuple[str, ...], start: Variant, variant: Variant) -> None:
    """An update to other answers equals a render with them, and the way back the first render."""
    first, second = ({name: VALUES[name][which] for name in names} for which in (0, 1))

    there_and_back(start(**first), variant, second, first)


@pytest.mark.parametrize(
    "names",
    [("example",), *full(tuple(OF_A_LIBRARY), *((n,) for n in OF_A_LIBRARY if n != "example"))],
    ids=named,
)
def test_law_of_a_library(names: tuple[str, ...], start: Variant, variant: Variant) -> None:
    """The law holds for a library too."""
    first, second = ({name: OF_A_LIBRARY[name][which] for name in names} for which in (0, 1))

    there_and_back(start(kind="library", **first), variant, second, first)


@pytest.mark.parametrize(
    "names",
    [("example",), *full(tuple(OF_A_TOOL), *((n,) for n in OF_A_TOOL if n != "example"))],
    ids=named,
)
def test_law_of_a_tool(names: tuple[str, ...], start: Variant, variant: Variant) -> None:
    """The law holds for a command-line tool too."""
    first, second = ({name: OF_A_TOOL[name][which] for name in names} for which in (0, 1))

    there_and_back(start(kind="cli", **first), variant, second, first)


@pytest.mark.full
@pytest.mark.parametrize(
    ("name", "answer"),
    [(name, answer) for name, answers in VALUES.items() for answer in answers[2:]],
)
def test_law_of_other_choices(name: str, answer: object, start: Variant, variant: Variant) -> None:
    """The law holds for the choices beyond the first two."""
    first = {name: VALUES[name][0]}

    # With everything on, no choice lacks what it needs.
    there_and_back(start(**{"preset": "full", **first}), variant, {name: answer}, first)


@pytest.mark.full
def test_law_of_a_crossed_pair(start: Variant, variant: Variant) -> None:
    """One practice goes off while another comes on, and the way back."""
    first = {"structured_logging": True, "health_checks": False}
    second = {"structured_logging": False, "health_checks": True}

    there_and_back(start(**first), variant, second, first)


def changes(pool: Mapping[str, list[object]]) -> dict[str, list[tuple[object, ...]]]:
    """Return two answers to every question before an update, each with two after it."""
    return {name: list(itertools.product(found[:2], repeat=2)) for name, found in pool.items()}


def sensible(need: Need) -> dict[str, object]:
    """Return the constraint that no practice lacks what it needs, before and after an update."""

    def holds(row: Mapping[str, tuple[object, object]]) -> bool:
        return not any(
            (answer, without) == (need.answer, need.without)
            for answer, without in zip(row[need.name], row[need.needed], strict=True)
        )

    return {"operator": "fn", "requires": [need.name, need.needed], "evaluate": holds}


def updates_of(
    kind: str, pool: Mapping[str, list[object]]
) -> list[dict[str, tuple[object, object]]]:
    """Return updates in which every pair of changes of a kind occurs."""
    needs = [sensible(need) for need in NEEDS if {need.name, need.needed} <= pool.keys()]
    return list(make({"kind": [(kind, kind)], **changes(pool)}, constraints=needs))


ROWS = [
    *updates_of("service", VALUES),
    *updates_of("cli", OF_A_TOOL),
    *updates_of("library", OF_A_LIBRARY),
]
"""Updates in which every pair of changes of a kind occurs."""


@pytest.mark.full
@pytest.mark.parametrize("changes", ROWS, ids=[f"row{number}" for number in range(len(ROWS))])
def test_law_of_pairs(
    changes: Mapping[str, tuple[object, ...]], start: Variant, variant: Variant
) -> None:
    """Whatever two answers are, and whatever they become, the update equals a fresh render."""
    project = start(**{name: pair[0] for name, pair in changes.items()})
    goal = {name: pair[1] for name, pair in changes.items()}
    answers = recorded(project)

    update(project, goal)

    assert content(project) == content(variant(**{**answers, **goal}))


# The user's own work

SEEDED_OF: Mapping[str, tuple[str, ...]] = {
    "service": (
        INIT,
        f"{PACKAGE}/settings.py",
        f"{PACKAGE}/components.py",
        f"{PACKAGE}/commands.py",
        f"{PACKAGE}/__main__.py",
        "tests/conftest.py",
        "CHANGELOG.md",
    ),
    "cli": (
        INIT,
        f"{PACKAGE}/settings.py",
        f"{PACKAGE}/cli.py",
        f"{PACKAGE}/__main__.py",
        "tests/conftest.py",
        "CHANGELOG.md",
    ),
    "library": (
        INIT,
        f"{PACKAGE}/_core.py",
        f"{PACKAGE}/errors.py",
        "tests/public_names/__init__.txt",
        "tests/public_names/errors.txt",
        "tests/typing/test_errors.py",
        "CHANGELOG.md",
    ),
}
"""Files that no update touches, by kind."""
SEEDED = SEEDED_OF["service"]

OWN_FILES_OF = {
    "service": {
        f"{PACKAGE}/api/routes/orders.py": '"""Orders."""\n',
        f"{PACKAGE}/core/logging/own.py": '"""Own, in a folder of a practice."""\n',
        "tests/api/test_orders.py": '"""Orders."""\n',
    },
    "cli": {
        f"{PACKAGE}/orders.py": '"""Orders."""\n',
        f"{PACKAGE}/core/logging/own.py": '"""Own, in a folder of a practice."""\n',
        f"{PACKAGE}/example_commands/own.py": '"""Own, in a folder of the example."""\n',
        "tests/test_orders.py": '"""Orders."""\n',
    },
    "library": {
        f"{PACKAGE}/_orders.py": '"""Orders."""\n',
        f"{PACKAGE}/readings/own.py": '"""Own, in a folder of the example."""\n',
        "tests/test_orders.py": '"""Orders."""\n',
    },
}
"""Files that the user adds, by kind."""
OWN_FILES = OWN_FILES_OF["service"]

CHANGELOG_LINE = ("CHANGELOG.md", "## Unreleased\n", "## Unreleased\n\n- Orders.\n")
OWN_SECTION = (
    "README.md",
    "## Development\n",
    "## Orders\n\nThey are kept.\n\n## Development\n",
)
OF_A_SERVICE = (
    (f"{PACKAGE}/components.py", "    return ()", "    return (orders.component(),)"),
    (f"{PACKAGE}/commands.py", "= ()", "= (REPORT,)"),
    (f"{PACKAGE}/__main__.py", "Run the command", "Run the command of the orders"),
    (
        f"{PACKAGE}/settings.py",
        '`SettingsGroup` of core.settings.\n    """\n',
        '`SettingsGroup` of core.settings.\n    """\n\n    orders: int = 7\n',
    ),
    (
        "tests/conftest.py",
        'pytest_plugins = ["support.fixtures"]',
        'pytest_plugins = ["support.fixtures", "orders"]',
    ),
    (
        "README.md",
        "Settings come from environment",
        "As the handbook says, they come from environment",
    ),
    OWN_SECTION,
    CHANGELOG_LINE,
)
OF_PROGRAMS = (f"{PACKAGE}/__main__.py", f"{PACKAGE}/settings.py", "tests/conftest.py")
OWN_LINES_OF = {
    "service": OF_A_SERVICE,
    "cli": (
        (f"{PACKAGE}/cli.py", "= ()", "= (REPORT,)"),
        *(line for line in OF_A_SERVICE if line[0] in OF_PROGRAMS),
        OWN_SECTION,
        CHANGELOG_LINE,
    ),
    "library": (
        (INIT, '["Error"]', '["Error", "Order"]'),
        (f"{PACKAGE}/_core.py", '"""Implementations', '"""Orders.\n\nImplementations'),
        (f"{PACKAGE}/errors.py", '__all__ = ["Error"]', '__all__ = ["Error", "OrderError"]'),
        ("tests/public_names/__init__.txt", "Error\n", "Error\nOrder\n"),
        ("tests/public_names/errors.txt", "Error\n", "Error\nOrderError\n"),
        OWN_SECTION,
        CHANGELOG_LINE,
    ),
}
"""Edits where the user is meant to make them, by kind: file, old text and new."""

SHARED = (
    *("pyproject.toml", "README.md", ".env.example", ".gitattributes", ".gitignore"),
    *(".pre-commit-config.yaml", ".gitlab-ci.yml", "AGENTS.md", "zensical.toml"),
    *("docs/index.md", "docs/llms.txt", "docs/reference.md"),
)

MARKER = re.compile(r"(?m)^((?:  )?)(?:# |<!-- )Your own (.+) go below this line\.(?: -->)?\n")

BELOW: Mapping[tuple[str, str], str] = {
    ("pyproject.toml", "  authors"): '  { name = "Ann" },\n',
    ("pyproject.toml", "bans"): '"tinydb.queries".msg = "Write a function."\n',
    ("pyproject.toml", "  calls"): '  "my_service.api.dependencies.paged",\n',
    ("pyproject.toml", "  classifiers"): '  "Topic :: Office/Business",\n',
    ("pyproject.toml", "  dependencies"): '  "tinydb>=4",\n',
    ("pyproject.toml", "  development tools"): '  "ipython>=9",\n',
    ("pyproject.toml", "exceptions"): '"notebooks/**" = ["T201"]\n',
    ("pyproject.toml", "  excluded lines"): '  "if TYPE_CHECKING:",\n',
    ("pyproject.toml", "  filters"): '  "ignore::ResourceWarning",\n',
    ("pyproject.toml", "  first-party modules"): '  "helpers",\n',
    ("pyproject.toml", "  exceptions"): '  "my_service.domain.orders -> fastapi.encoders",\n',
    ("pyproject.toml", "  ignored rules"): '  "E501",\n',
    ("pyproject.toml", "  markers"): '  "nightly: runs once a day",\n',
    ("pyproject.toml", "  modules in tests/"): '  "helpers",\n',
    ("pyproject.toml", "options of coverage.py"): 'omit = ["*/notebooks/*"]\n',
    ("pyproject.toml", "options of mypy"): "show_error_context = true\n",
    ("pyproject.toml", "options of pytest"): "verbosity_assertions = 2\n",
    ("pyproject.toml", "options of ruff"): "preview = true\n",
    ("pyproject.toml", "options of uv"): 'required-version = ">=0.9"\n',
    ("pyproject.toml", "options of the linter"): "task-tags = []\n",
    ("pyproject.toml", "  packages"): '  "tinydb",\n',
    ("pyproject.toml", "scripts"): 'orders = "my_service.orders:main"\n',
    ("pyproject.toml", "tables"): "\n[tool.bandit]\nexclude_dirs = []\n",
    ("pyproject.toml", "tasks"): 'seed = { cmd = "my-service seed", help = "Store orders" }\n',
    ("pyproject.toml", "URLs"): 'Support = "https://example.org"\n',
    ("README.md", "sections"): "\n## Support\n\nAsk the team.\n",
    (".env.example", "settings"): "MY_SERVICE_ORDERS=7\n",
    (".gitattributes", "rules"): "*.png binary\n",
    (".gitignore", "patterns"): "/exports/\n",
    ("docs/index.md", "sections"): "\n## Orders\n\nThey are kept.\n",
    ("docs/llms.txt", "pages"): "\n- [Orders](orders/index.html)\n",
    ("docs/reference.md", "modules"): "\n::: my_service\n",
    ("zensical.toml", "options of the project"): 'copyright = "Ours"\n',
    ("AGENTS.md", "rules"): "\n- Ask before you delete an order.\n",
    (".pre-commit-config.yaml", "  repositories of hooks"): "  - {repo: builtin, hooks: []}\n",
    (".gitlab-ci.yml", "jobs"): "orders:\n  script: [uv run my-service orders]\n",
}
"""What the user writes where a shared file says so, by file, indentation and name of the place."""


def work(project: Path, untouched: Collection[str] = ()) -> Path:
    """Add files and lines to a project, as its owner does; leave some shared files as they are."""
    kind = str(recorded(project)["kind"])
    for path, text in OWN_FILES_OF[kind].items():
        (project / path).parent.mkdir(parents=True, exist_ok=True)
        (project / path).write_text(text, encoding="utf-8")
    for path, old, new in OWN_LINES_OF[kind]:
        substitute(project / path, old, new)
    for path in SHARED:
        file = project / path
        # A library has no settings, and there is one pipeline.
        if path in untouched or not file.exists():
            continue
        text = file.read_text("utf-8")
        parts: list[str] = []
        for line in text.splitlines(keepends=True):
            found = MARKER.fullmatch(line)
            parts += [line, BELOW[path, found[1] + found[2]] if found else ""]
        file.write_text("".join(parts), encoding="utf-8")
    return project


INCLUDED = {
    "init": INIT,
    "main": f"{PACKAGE}/__main__.py",
    "practices": f"{PACKAGE}/practices.py",
}
"""The files that include a text of a kind, by its name."""

NEWS = (
    ("pyproject.toml", "line-length = 100", "line-length = 99"),
    ("README.md", "## Updating", "## Keeping up to date"),
    (".env.example", "# Every setting with its default.", "# All settings with their defaults."),
    (
        "../extensions/kinds/service/practices",
        '"""The practices that are on',
        '"""Practices that are on',
    ),
    ("{{ package_path }}/app.py", '"""The application: ', '"""Application: '),
    ("../extensions/kinds/service/init", '"""Everything', '"""All'),
    ("{{ package_path }}/settings.py", '"""The settings of this', '"""Settings of this'),
    ("{{ package_path }}/components.py", '"""The components of this', '"""Components of this'),
    ("{{ package_path }}/commands.py", '"""The sub-commands of this', '"""Sub-commands of this'),
    ("../extensions/kinds/service/main", '"""The command of this', '"""Command of this'),
    ("tests/conftest.py", '"""Fixtures for every test', '"""Fixtures of every test'),
    ("CHANGELOG.md", "newest first", "the newest first"),
)
"""Changes of the next release: template file, old text and new. It adds lines at its ends too."""


def next_release(template: Path) -> None:
    """Release 1.1.0, which changes other lines of the files that the user has edited."""
    for path, old, new in NEWS:
        substitute(template / "template" / path, old, new)
    for path in ("pyproject.toml", ".env.example", ".gitignore"):
        file = template / "template" / path
        text = file.read_text("utf-8")
        file.write_text(MARKER.sub(r"\1# New in this release.\n\g<0>", text), encoding="utf-8")
    tagged(template, "v1.1.0")


def test_every_place_for_own_lines_is_tried(variant: Variant) -> None:
    """`work` writes to every place for own lines that a file of the project names."""
    project = shutil.copytree(variant(preset="full"), variant(preset="full").parent / "own")
    pipeline = variant(ci="gitlab") / ".gitlab-ci.yml"
    places = {
        (path, indentation + name)
        for path, text in {**tree(project), pipeline.name: pipeline.read_bytes()}.items()
        if b"go below this line" in text
        for indentation, name in MARKER.findall(text.decode())
    }

    work(project)

    assert places == set(BELOW)
    tables = tomllib.loads((project / "pyproject.toml").read_text("utf-8"))
    assert tables["project"]["scripts"]["orders"] == "my_service.orders:main"
    assert tables["tool"]["pytest"]["verbosity_assertions"] == 2
    assert tables["tool"]["ruff"]["preview"] is True


@pytest.mark.parametrize("kind", KINDS)
def test_no_op(start: Variant, kind: str) -> None:
    """An update that has nothing to do leaves git clean, whatever the user has done."""
    project = work(start(kind=kind))
    (project / "CONTRIBUTING.md").unlink()
    commit_all(project)

    update(project, {})

    assert status(project) == ""


@pytest.mark.parametrize(
    "names",
    [
        ("service", "health_checks", "structured_logging"),
        ("cli", "structured_logging", "example"),
        ("library", "example", "coverage_minimum"),
        *full(*(("cli", name) for name in OF_A_TOOL if name != "src_layout")),
        *full(*(("service", name) for name in VALUES if name != "src_layout")),
        *full(*(("library", name) for name in OF_A_LIBRARY)),
    ],
    ids=named,
)
def test_own_work_survives_toggles(
    names: tuple[str, ...], start: Variant, variant: Variant, tmp_path: Path
) -> None:
    """Own files and lines merge cleanly while practices go off and on; nothing else differs.

    A file that goes with its practice takes the lines in it along.
    """
    kind, *toggled = names
    pool = VALUES_OF[kind]
    first, second = ({name: pool[name][which] for name in toggled} for which in (0, 1))
    project = work(start(kind=kind, **first))
    commit_all(project)
    answers = recorded(project)
    gone: set[str] = set()

    for step, goal in enumerate((second, first)):
        expected = shutil.copytree(variant(**{**answers, **goal}), tmp_path / str(step))
        update(project, goal)
        gone |= {path for path in SHARED if not (expected / path).exists()}
        assert conflicts(project) == set()
        assert content(project) == content(work(expected, gone))
        commit_all(project)


def test_own_work_survives_a_newer_release(tmp_path: Path, release: Path) -> None:
    """A release that changes other lines of the same files merges, while a practice goes off."""
    template = shutil.copytree(release, tmp_path / "tenon")
    project = work(started(tmp_path / "old" / "my-service", template))
    commit_all(project)
    before = {path: (project / path).read_bytes() for path in SEEDED}
    next_release(template)

    update(project, {"structured_logging": False}, newest=True)

    expected = started(tmp_path / "new" / "my-service", template, structured_logging=False)
    work(expected)
    for path, text in before.items():
        assert (expected / path).read_bytes() != text, "the release changes a seeded file"
        (expected / path).write_bytes(text)
    assert conflicts(project) == set()
    assert content(project) == content(expected)
    assert yaml.safe_load((project / ANSWERS_FILE).read_text("utf-8"))["_commit"] == "v1.1.0"


@pytest.mark.full
@pytest.mark.parametrize("had_attributes", [True, False], ids=["with", "without"])
def test_line_endings_make_no_conflict(
    tmp_path: Path, release: Path, *, had_attributes: bool
) -> None:
    """Edits beside changes of a release merge if git writes CRLF, as on Windows.

    This holds for the update that brings .gitattributes, too.
    """
    template = shutil.copytree(release, tmp_path / "tenon")
    attributes = template / "template" / ".gitattributes"
    rules = attributes.read_bytes()
    if not had_attributes:
        attributes.unlink()
        tagged(template, "v1.0.1")
    project = started(tmp_path / "my-service", template)
    substitute(project / "README.md", "generated this project", "made our project")
    commit_all(project)
    git(project, "config", "core.autocrlf", "true")
    git(project, "rm", "-r", "--quiet", "--cached", ".")
    git(project, "reset", "--quiet", "--hard")  # writes every file again
    assert (b"\r\n" in (project / "README.md").read_bytes()) is not had_attributes
    attributes.write_bytes(rules)
    next_release(template)

    update(project, {}, newest=True)

    text = (project / "README.md").read_bytes()
    assert conflicts(project) == set()
    assert b"made our project" in text
    assert b"## Keeping up to date" in text
    assert b"\r" not in text
    commit_all(project)
    changed = set(git(project, "show", "--format=", "--name-only", "HEAD").splitlines())
    rendered = {INCLUDED.get(path.rpartition("kinds/service/")[2], path) for path, _, _ in NEWS}
    news = {path.replace("{{ package_path }}", PACKAGE) for path in rendered} - {*SEEDED}
    assert changed - {".gitattributes"} == {*news, ".gitignore", ANSWERS_FILE}


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("service", "background_jobs"),
        ("cli", "example"),
        ("library", "example"),
        *(
            pytest.param(kind, name, marks=pytest.mark.full)
            for kind, pool in VALUES_OF.items()
            for name in PRACTICES
            if name in pool
            and (kind, name)
            not in {("service", "background_jobs"), ("cli", "example"), ("library", "example")}
            if name != "src_layout"
        ),
    ],
)
def test_toggles_leave_seeded_files(kind: str, name: str, start: Variant) -> None:
    """Whatever a practice changes to, the seeded files stay byte for byte as the owner wrote them.

    The owner has replaced all of their lines. `src_layout` moves them: see "The layout".
    """
    seeded, answers = SEEDED_OF[kind], VALUES_OF[kind][name]
    project = start(kind=kind, preset="full", **{name: answers[0]})
    written = {path: f"Ours: {path}.\r\n\tNo newline at the end".encode() for path in seeded}
    for path, text in written.items():
        (project / path).write_bytes(text)
    commit_all(project)

    for answer in (*answers[1:], answers[0]):
        update(project, {name: answer})
        assert conflicts(project) == set()
        assert {path: (project / path).read_bytes() for path in seeded} == written
        assert [line for line in status(project).splitlines() if line[3:] in seeded] == []
        commit_all(project)


@pytest.mark.full
def test_file_that_both_bring(start: Variant) -> None:
    """A practice that brings a file where the user has one keeps both texts, in a conflict."""
    path = f"{PACKAGE}/core/web/health.py"
    project = start(health_checks=False)
    (project / path).write_text('"""My own probes."""\n', encoding="utf-8")
    commit_all(project)

    update(project, {"health_checks": True})

    assert conflicts(project) == {path}
    text = (project / path).read_text("utf-8")
    assert '"""My own probes."""' in text
    assert "async def run_probe(" in text


def test_removed_file_stays_removed(start: Variant, variant: Variant) -> None:
    """A deleted file stays deleted, but a seeded file and a file of a new practice come back."""
    project = start()
    for path in ("CONTRIBUTING.md", HEALTH_TEST, f"{PACKAGE}/components.py"):
        (project / path).unlink()
    commit_all(project)

    for goal in ({"health_checks": False}, {"health_checks": True}):
        update(project, goal)
        expected = content(variant(**goal))
        del expected["CONTRIBUTING.md"]
        assert content(project) == expected
        commit_all(project)


def test_seeded_files_are_named_without_answers() -> None:
    """_skip_if_exists has no answer: Copier renders it without any once a file is gone."""
    assert [entry for entry in settings()["_skip_if_exists"] if "{" in entry] == []


# The layout


@pytest.mark.parametrize(
    "own",
    [
        "reports.py",
        pytest.param("domain/models.py", id="a module that the example would have"),
        pytest.param("web/static/vendor/css/print.css", id="deep in the package"),
    ],
)
def test_package_is_never_left_behind(start: Variant, own: str) -> None:
    """A change of the layout is refused while own modules stand in the old place."""
    project = start(example=False)
    file = project / PACKAGE / own
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("# Ours.\n", "utf-8")
    commit_all(project)
    before = tree(project)

    with pytest.raises(
        ValueError, match=r"src_layout': Move the package there first \(git mv\)\.$"
    ):
        update(project, {"src_layout": False})

    assert tree(project) == before


def test_package_of_a_library_moves_first(start: Variant, variant: Variant) -> None:
    """A library's modules are its owner's: the layout changes when the package has been moved."""
    project = start(kind="library")
    before = tree(project)
    with pytest.raises(ValueError, match=r"Move the package there first \(git mv\)\.$"):
        update(project, {"src_layout": False})
    assert tree(project) == before

    for into_src in (False, True):
        move_package(project, into_src=into_src)
        update(project, {"src_layout": into_src})
        assert content(project) == content(variant(kind="library", src_layout=into_src))
        commit_all(project)


def test_layout_keeps_own_work(start: Variant) -> None:
    """With the package moved, own modules and seeded files stay; an edit of another file conflicts.

    Git knows no earlier version of a file in the other place, so each edit is a conflict.
    """
    project = work(start())
    substitute(project / PACKAGE / "app.py", "nothing is opened yet", "it has no orders")
    commit_all(project)
    seeded = {path: (project / path).read_bytes() for path in SEEDED}

    move_package(project, into_src=False)
    update(project, {"src_layout": False})

    assert not (project / "src").exists()
    assert conflicts(project) == {"my_service/app.py"}
    merged = (project / "my_service" / "app.py").read_text("utf-8")
    ours = merged.partition("<<<<<<< before updating\n")[2].partition("=======\n")[0]
    assert ours == '    """Return an application that has not started; it has no orders."""\n'
    for path, text in seeded.items():
        assert (project / path.removeprefix("src/")).read_bytes() == text
    for path, own in OWN_FILES.items():
        assert (project / path.removeprefix("src/")).read_text("utf-8") == own
    assert '"tinydb>=4"' in (project / "pyproject.toml").read_text("utf-8")


# Older releases


def older(template: Path, name: str, value: str) -> Path:
    """Turn a copy of the template into one without a question, which acted on one answer to it."""
    questionnaire = template / "copier.yml"
    text, found = re.subn(rf"(?m)^{name}:\n(?:(?:  .*)?\n)*", "", questionnaire.read_text("utf-8"))
    assert found == 1
    questionnaire.write_text(text, encoding="utf-8")
    # What stands in quotes is text, not an answer; what stands in no tag is neither.
    quoted = r"""("[^"]*"|'[^']*')"""
    answer = re.compile(rf"{quoted}|\b{name}\b(?: \| default\([^)]*\))?")

    def acted(tag: re.Match[str]) -> str:
        return answer.sub(lambda found: found[1] or value, tag.group())

    macros = template / "extensions"
    folders = (template / "template", macros / "kinds", macros / "practices")
    files = [path for folder in folders for path in folder.rglob("*") if path.is_file()]
    lists = (macros / "components.jinja", macros / "practices.jinja")
    for file in (questionnaire, *lists, *files):
        text = re.sub(r"(?s)\{[{%].*?[%}]\}", acted, file.read_text("utf-8"))
        file.write_text(text, encoding="utf-8")
    return tagged(template, "v1.0.0")


def old_values(name: str) -> Iterator[str]:
    """Yield the answers that a release without the question may have acted on, in Jinja."""
    for answer in VALUES[name][:2]:
        yield json.dumps(answer).replace('"', "'")


ARRIVALS = [(name, value) for name in PRACTICES for value in old_values(name)]
QUICK_ARRIVALS = [("health_checks", "false")]


@pytest.fixture
def grown(tmp_path: Path, template: Path) -> Callable[[str, str], tuple[Path, Path]]:
    """Return a function that makes a project from an older release and releases the current one."""

    def grown(name: str, value: str) -> tuple[Path, Path]:
        repository = older(shutil.copytree(template, tmp_path / "tenon"), name, value)
        folder = tmp_path / "old" / "my-service"
        answers = {**DEFAULTS, "license": "MPL-2.0", "user_name": "Ada"}
        render(folder, repository, answers)
        commit_all(folder, "Start from Tenon")
        assert name not in recorded(folder)
        tagged(shutil.copytree(template, repository, dirs_exist_ok=True), "v1.1.0")
        return folder, repository

    return grown


@pytest.mark.parametrize(
    "arrival",
    [*QUICK_ARRIVALS, *full(*(case for case in ARRIVALS if case not in QUICK_ARRIVALS))],
    ids=named,
)
def test_new_question_takes_its_default(
    arrival: tuple[str, str],
    grown: Callable[[str, str], tuple[Path, Path]],
    variant: Variant,
) -> None:
    """A project of a release without the question gets its default, and keeps its old answers."""
    project, _ = grown(*arrival)
    answers = recorded(project)

    update(project, {}, newest=True)

    assert content(project) == content(variant(**answers))
    assert conflicts(project) == set()


@pytest.mark.parametrize(
    "arrival",
    [
        ("health_checks", "true"),
        *full(*(case for case in ARRIVALS if case[1] == "true" and case[0] != "health_checks")),
    ],
    ids=named,
)
def test_new_question_answered_no(
    arrival: tuple[str, str],
    grown: Callable[[str, str], tuple[Path, Path]],
    variant: Variant,
) -> None:
    """A practice that every project had goes if the first update with the question gets "no"."""
    name, _ = arrival
    project, _ = grown(*arrival)

    update(project, {name: False}, newest=True)

    answers = {"license": "MPL-2.0", "user_name": "Ada", name: False}
    assert content(project) == content(variant(**answers))


def test_question_that_is_no_more(tmp_path: Path, release: Path, variant: Variant) -> None:
    """An answer to a dropped question is removed, and the others stay."""
    template = shutil.copytree(release, tmp_path / "tenon")
    questionnaire = template / "copier.yml"
    current = questionnaire.read_text("utf-8")
    questionnaire.write_text(f"{current}\nsoap:\n  type: bool\n  default: true\n", "utf-8")
    tagged(template, "v1.0.1")
    project = started(tmp_path / "old" / "my-service", template, user_name="Ada")
    assert recorded(project)["soap"] is True
    questionnaire.write_text(current, "utf-8")
    tagged(template, "v1.0.2")

    update(project, {}, newest=True)

    assert content(project) == content(variant(user_name="Ada"))


KNOWN_FOR_EVER = {"package_path"}
"""Computed values of the first release, which no later one may drop."""


def unguarded(pattern: str) -> set[str]:
    """Return the names of a pattern that an older release need not know."""
    options = {**settings()["_envops"], "undefined": jinja2.StrictUndefined}
    environment = jinja2.Environment(**options)  # noqa: S701  (paths, not HTML)
    source = environment.parse(pattern)
    guarded = {
        id(filtered.node)
        for filtered in source.find_all(nodes.Filter)
        if filtered.name == "default" and isinstance(filtered.node, nodes.Name)
    }
    return {
        name.name
        for name in source.find_all(nodes.Name)
        if name.ctx == "load" and id(name) not in guarded
    }


def test_excludes_know_older_answers() -> None:
    """Every answer in _exclude has a default, since an update asks an older release for it."""
    found = {name for pattern in settings()["_exclude"] for name in unguarded(pattern)}

    assert found <= KNOWN_FOR_EVER
    assert unguarded("# {% if a and not b | default(true) %}\n/c\n# {% endif %}") == {"a"}


# Refusals


def copier_update(project: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run `copier update --defaults` in a project."""
    return subprocess.run(
        [COPIER, "update", "--defaults", *arguments],
        cwd=project,
        capture_output=True,
        text=True,
        check=False,
    )


def touch(project: Path) -> None:
    """Leave an untracked file."""
    (project / "notes.txt").touch()


def leave_git(project: Path) -> None:
    """Take the project out of git."""
    shutil.rmtree(project / ".git")


def lose_answers(project: Path) -> None:
    """Commit the loss of the answers file."""
    (project / ANSWERS_FILE).unlink()
    commit_all(project)


def edit_answers(pattern: str, replacement: str) -> Callable[[Path], None]:
    """Return a function that commits an edit of the answers file."""

    def edit(project: Path) -> None:
        file = project / ANSWERS_FILE
        text, found = re.subn(pattern, replacement, file.read_text("utf-8"))
        assert found == 1
        file.write_text(text, encoding="utf-8")
        commit_all(project)

    return edit


def untouched(_project: Path) -> None:
    """Leave the project as it is."""


@pytest.mark.parametrize(
    ("prepare", "arguments", "message"),
    [
        pytest.param(
            touch,
            (),
            "Destination repository is dirty; cannot continue. "
            "Please commit or stash your local changes and retry.",
            id="untracked file",
        ),
        pytest.param(
            leave_git,
            (),
            "Updating is only supported in git-tracked subprojects.",
            id="not in git",
        ),
        pytest.param(
            edit_answers(r"(?m)^_commit: .*\n", ""),
            (),
            "Cannot update because cannot obtain old template references "
            "from `.copier-answers.yml`.",
            id="copied from a plain folder",
        ),
    ],
)
def test_refused_in_one_sentence(
    prepare: Callable[[Path], None], arguments: tuple[str, ...], message: str, start: Variant
) -> None:
    """Copier refuses the update in one sentence, and leaves the project as it was."""
    project = start()
    prepare(project)
    before = tree(project)

    done = copier_update(project, *arguments)

    assert (done.returncode, done.stdout, done.stderr.strip()) == (1, "", message)
    assert tree(project) == before


@pytest.mark.full
def test_older_release_is_refused(tmp_path: Path, release: Path) -> None:
    """A project is not taken back to an older release."""
    template = shutil.copytree(release, tmp_path / "tenon")
    next_release(template)
    project = started(tmp_path / "new" / "my-service", template)

    done = copier_update(project, "--vcs-ref", "v1.0.0")

    sentence = "You are downgrading from 1.1.0 to 1.0.0. Downgrades are not supported."
    assert (done.returncode, done.stderr.strip()) == (1, sentence)
    assert status(project) == ""


@pytest.mark.parametrize(
    ("prepare", "arguments", "last_line"),
    [
        pytest.param(
            lose_answers,
            (),
            "TypeError: Template not found",
            id="no answers file",
            marks=pytest.mark.full,
        ),
        pytest.param(
            edit_answers(r"(?m)^_src_path: .*$", "_src_path: ../tenon"),
            (),
            "ValueError: Local template must be a directory.",
            id="copied from a relative path",
        ),
        pytest.param(
            untouched,
            ("--data", "package_name=other"),
            "ValueError: Validation error for question 'package_name': "
            "It is fixed after the first copy.",
            id="package_name",
        ),
        pytest.param(
            untouched,
            ("--data", "coverage_minimum=101"),
            "ValueError: Validation error for question 'coverage_minimum': "
            "Give a number from 0 to 100.",
            id="bad answer",
            marks=pytest.mark.full,
        ),
    ],
)
def test_refused_under_a_traceback(
    prepare: Callable[[Path], None], arguments: tuple[str, ...], last_line: str, start: Variant
) -> None:
    """A refusal with a traceback ends with the reason, and leaves the project as it was."""
    project = start()
    prepare(project)
    before = tree(project)

    done = copier_update(project, *arguments)

    assert done.returncode == 1
    assert "Traceback" in done.stderr
    assert done.stderr.strip().splitlines()[-1] == last_line
    assert tree(project) == before
    assert status(project) == ""


# Interruption

INTERRUPTIONS: Mapping[str, Callable[[Path], bool]] = {
    "at an early file": lambda project: "HEALTH" not in text(project / ".env.example"),
    "at the answers file": lambda project: "health_checks: false" in text(project / ANSWERS_FILE),
    "at the loss of an own line": lambda project: OWN_LINE not in text(project / "pyproject.toml"),
    "at a removal": lambda project: not (project / HEALTH_TEST).exists(),
}
"""When to kill an update."""


OWN_LINE = '  "tinydb>=4",\n'


def text(file: Path) -> str:
    """Return the text of a file, whatever state it is in."""
    return file.read_text("utf-8") if file.exists() else ""


def killed_update(project: Path, scratch: Path, moment: Callable[[float], bool]) -> None:
    """Start an update that switches the probes off, and kill it as soon as `moment` holds."""
    scratch.mkdir(exist_ok=True)
    command = [COPIER, "update", "--defaults", "--quiet", "--vcs-ref", ":current:", "--data"]
    begin = time.monotonic()
    with subprocess.Popen(
        [*map(str, command), "health_checks=false"],
        cwd=project,
        env={**os.environ, "TMPDIR": str(scratch)},
    ) as process:
        while process.poll() is None and not moment(time.monotonic() - begin):
            time.sleep(0.002)
        process.send_signal(signal.SIGKILL)
    time.sleep(0.2)  # for a git that it may have started


def recovers(project: Path, variant: Variant, tmp_path: Path) -> None:
    """Clean up as the guide says and update again: the user's work is all there."""
    (undo,) = blocks(GUIDE)[UNDO]
    subprocess.run(["sh", "-e", "-c", undo], cwd=project, check=True, capture_output=True)
    assert status(project) == ""

    update(project, {"health_checks": False})

    expected = work(shutil.copytree(variant(health_checks=False), tmp_path / "expected"))
    assert conflicts(project) == set()
    assert content(project) == content(expected)


@pytest.mark.full
@pytest.mark.parametrize("point", INTERRUPTIONS)
def test_killed_update_can_be_undone(
    point: str, start: Variant, variant: Variant, tmp_path: Path
) -> None:
    """After SIGKILL in the middle, git brings the project back and the next update succeeds."""
    project = work(start())
    commit_all(project)

    killed_update(project, tmp_path / "scratch", lambda _: INTERRUPTIONS[point](project))

    assert INTERRUPTIONS[point](project), "the update ended before it was killed"
    recovers(project, variant, tmp_path)


@pytest.mark.full
@pytest.mark.parametrize("seconds", [0.3, 0.6, 0.9, 1.2, 1.5, 1.8])
def test_update_killed_at_any_time_can_be_undone(
    seconds: float, start: Variant, variant: Variant, tmp_path: Path
) -> None:
    """Whenever SIGKILL comes, git brings the project back and the next update succeeds."""
    project = work(start())
    commit_all(project)

    killed_update(project, tmp_path / "scratch", lambda passed: passed > seconds)

    recovers(project, variant, tmp_path)


# What Copier says at the end


def edit_requirement(project: Path) -> None:
    """Commit an edit of a line that an answer decides."""
    substitute(project / "pyproject.toml", '">=3.11"', '">=3.11,<3.15"')
    commit_all(project)


CONFLICT = """\
<<<<<<< before updating
requires-python = ">=3.11,<3.15"
=======
requires-python = ">=3.12"
>>>>>>> after updating
"""


def printed_commands(message: str) -> list[str]:
    """Return the commands of a message: its indented lines, without their explanations."""
    lines = [line for line in message.splitlines() if line.startswith("  ")]
    return [re.sub(r" {2,}\(.*\)$", "", line.strip()) for line in lines if "create" not in line]


def known_to(project: Path, command: str) -> bool:
    """Return whether the project declares the command that `uv run` runs."""
    data = tomllib.loads((project / "pyproject.toml").read_text("utf-8"))
    match command.split():
        case ["uv", "run", "poe", task]:
            return task in data["tool"]["poe"]["tasks"]
        case ["uv", "run", script] | ["uv", "run", script, "migrate"]:
            return script in data["project"]["scripts"]
        case ["uv", "run", "alembic", *_]:
            return any(entry.startswith("alembic>") for entry in data["project"]["dependencies"])
    return False


@pytest.mark.parametrize("name", ["Our 'new' Service", *full("my-service")])
def test_message_after_copy(name: str, tmp_path: Path, release: Path) -> None:
    """The command line says where to go on, and its commands work in a folder of any name."""
    done = subprocess.run(
        [COPIER, "copy", "--defaults", "--data", "health_checks=false", release, name],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    message = done.stderr[done.stderr.index("is ready. Next:") :]

    go, *commands = printed_commands(message)
    where = subprocess.run(
        ["sh", "-c", f"{go} && pwd"], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert where.stdout == f"{tmp_path / name}\n"
    start, *commands = commands
    assert start.startswith("git init -b main && uv lock && git add . && git commit ")
    assert len(commands) == 3
    assert all(known_to(tmp_path / name, command) for command in commands), commands
    on = "src layout, strict mypy, coverage gate, commit hooks, CI, dependency updates, "
    on += "guide for agents, structured logging, metrics, database, cache, background jobs, example"
    assert f"\nOn: {on}.\n" in message


@pytest.mark.full
def test_message_after_update(start: Variant) -> None:
    """The command line says how to find conflicts; its commands find the one that ended with 0."""
    project = start()
    edit_requirement(project)
    answers = ("--data", "python_min=3.12", "--data", "health_checks=false")

    done = copier_update(project, *answers, "--vcs-ref", ":current:")

    assert done.returncode == 0
    assert "My Service is updated." in done.stderr
    unmerged, difference, removed, check = (
        command.split()
        for command in printed_commands(done.stderr[done.stderr.index("is updated.") :])
    )
    assert "\tpyproject.toml\n" in git(project, *unmerged[1:])
    assert conflicts(project) == {"pyproject.toml"}
    assert 'requires-python = ">=3.12"' in git(project, *difference[1:])
    assert HEALTH_TEST in git(project, *removed[1:])
    assert CONFLICT in (project / "pyproject.toml").read_text("utf-8")
    with pytest.raises(copier.errors.UserMessageError, match="dirty"):
        update(project, {})
    git(project, "reset", "--hard")
    assert known_to(project, " ".join(check))


# The guide

UNDO = "Undo an update, or clean up after one that broke off"
GUIDE = (ROOT / "docs" / "updating.md").read_text("utf-8")


def blocks(text: str) -> dict[str, list[str]]:
    """Return the shell blocks of a Markdown text by the heading that they stand under."""
    sections = re.split(r"(?m)^##? (.*)\n", text)[1:]
    found = {
        heading: re.findall(r"(?ms)^```sh\n(.*?)^```$", body)
        for heading, body in zip(sections[::2], sections[1::2], strict=True)
    }
    return {heading: commands for heading, commands in found.items() if commands}


class Shell:
    """Runs blocks of the guide in a project, with the Copier of this repository."""

    def __init__(self, project: Path, tools: Path) -> None:
        self.project = project
        tools.mkdir()
        (tools / "uvx").write_text('#!/bin/sh\nexec "$@"\n', encoding="utf-8")
        (tools / "uvx").chmod(0o755)
        self.path = os.pathsep.join([str(tools), str(COPIER.parent), os.environ["PATH"]])

    def run(self, block: str, status: int = 0) -> str:
        """Run a block, which exits with this status, and return its output."""
        done = subprocess.run(
            ["sh", "-e", "-c", block],
            cwd=self.project,
            env={**os.environ, "PATH": self.path},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == status, f"{block}\n{done.stdout}{done.stderr}"
        return done.stdout


def guide_update(shell: Shell, _variant: Variant, update_block: str) -> None:
    """The project is at the newest release, and git lists no conflict."""
    printed = shell.run(update_block)
    assert "+line-length = 99" in printed
    assert "<<<<<<<" not in printed
    assert not conflicts(shell.project)


def guide_switch(shell: Shell, variant: Variant, switch_block: str) -> None:
    """The project is the one of the other answer, at the same release."""
    shell.run(switch_block)
    assert content(shell.project) == content(variant(health_checks=False))


def guide_conflicts(shell: Shell, variant: Variant, find: str) -> None:
    """Git shows the file and both texts, and can take either."""
    edit_requirement(shell.project)
    update(shell.project, {"python_min": "3.12"})
    printed = shell.run(find)
    assert "\tpyproject.toml\n" in printed
    assert '\n++<<<<<<< before updating\n +requires-python = ">=3.11,<3.15"\n' in printed
    assert ANSWERS_FILE not in printed
    git(shell.project, "checkout", "--theirs", "pyproject.toml")
    assert content(shell.project) == content(variant(python_min="3.12"))


def guide_removed(shell: Shell, _variant: Variant, find: str) -> None:
    """An edited file that went with its practice is listed, and comes back with the edit."""
    file = shell.project / HEALTH_TEST
    file.write_text(f"{file.read_text('utf-8')}# mine\n", encoding="utf-8")
    commit_all(shell.project)
    update(shell.project, {"health_checks": False})
    assert not file.exists()
    assert not conflicts(shell.project)
    assert HEALTH_TEST in shell.run(find)
    assert file.read_text("utf-8").endswith("# mine\n")


def guide_undo(shell: Shell, _variant: Variant, undo: str) -> None:
    """The project is as before, ignored files included."""
    (shell.project / ".env").write_text("SECRET=1\n", encoding="utf-8")
    update(shell.project, {"health_checks": False})
    commit_all(shell.project)
    before = tree(shell.project)
    update(shell.project, {"health_checks": True, "structured_logging": False})
    assert {line[:2] for line in status(shell.project).splitlines()} == {" M", " D", "??"}
    shell.run(undo)
    assert tree(shell.project) == before


@pytest.mark.full
def test_undo_leaves_other_folders_alone(release: Path, tmp_path: Path) -> None:
    """In a repository of several projects, the guide's undo keeps the changes of the others."""
    everything = tmp_path / "everything"
    project = render(everything / "my-service", release, {**DEFAULTS})
    other = everything / "other" / "notes.txt"
    other.parent.mkdir()
    other.write_text("old\n", encoding="utf-8")
    substitute(project / "pyproject.toml", "line-length = 100", "line-length = 88")
    commit_all(everything)
    before = tree(project)
    update(project, {"health_checks": False, "python_min": "3.12"})
    assert tree(project) != before
    other.write_text("new\n", encoding="utf-8")
    (other.parent / "more.txt").touch()

    (undo,) = blocks(GUIDE)[UNDO]
    subprocess.run(["sh", "-e", "-c", undo], cwd=project, check=True, capture_output=True)

    assert tree(project) == before
    assert status(everything) == " M other/notes.txt\n?? other/more.txt\n"


@pytest.mark.full
def test_pretended_update_changes_nothing(start: Variant) -> None:
    """`--pretend` says that the project is updated, as the guide warns, and leaves it alone."""
    project = start()
    answers = ("--data", "health_checks=false", "--vcs-ref", ":current:")

    done = copier_update(project, "--pretend", *answers)

    assert "My Service is updated." in done.stderr
    assert status(project) == ""


@pytest.mark.full
def test_renamed_readme_gets_no_news(start: Variant) -> None:
    """A shared file under another name is left alone, and does not come back."""
    project = start()
    git(project, "mv", "README.md", "README.rst")
    commit_all(project)

    update(project, {"health_checks": False})

    assert not (project / "README.md").exists()
    assert " README.rst" not in status(project)


def guide_layout(shell: Shell, variant: Variant, there: str, back: str) -> None:
    """The package moves out of src/ and back."""
    shell.run(there)
    assert content(shell.project) == content(variant(src_layout=False))
    commit_all(shell.project)
    shell.run(back)
    assert content(shell.project) == content(variant())


def guide_machine(shell: Shell, _variant: Variant, check: str, update_block: str) -> None:
    """The exit status tells whether there is a newer release, and whether it merged."""
    as_json = check.replace("--quiet", "--output-format json")
    assert json.loads(shell.run(as_json)) == {
        "update_available": True,
        "current_version": "1.0.0",
        "latest_version": "1.1.0",
    }
    shell.run(check, status=2)
    shell.run(update_block)
    shell.run(check)
    git(shell.project, "reset", "--hard")
    substitute(shell.project / "pyproject.toml", "line-length = 100", "line-length = 88")
    commit_all(shell.project)
    shell.run(update_block, status=1)
    lose_answers(shell.project)
    shell.run(check, status=1)


SCENARIOS: Mapping[str, Callable[..., None]] = {
    "Update to the newest release": guide_update,
    "Switch a practice on or off": guide_switch,
    "Solve conflicts": guide_conflicts,
    "Find what was removed": guide_removed,
    UNDO: guide_undo,
    "Move the package": guide_layout,
    "Update by a machine": guide_machine,
}
"""The checks of the blocks under each heading of the guide."""

QUICK = "Find what was removed"
"""The heading whose blocks are run with the quick tests."""

NEWER = {"Update to the newest release", "Update by a machine"}
"""Headings that need a newer release."""


@pytest.mark.parametrize(
    "heading",
    [
        pytest.param(heading, marks=() if heading == QUICK else pytest.mark.full)
        for heading in blocks(GUIDE)
    ],
)
def test_guide(
    heading: str, release: Path, start: Variant, variant: Variant, tmp_path: Path
) -> None:
    """The commands that docs/updating.md prints do what it says."""
    if heading in NEWER:
        template = shutil.copytree(release, tmp_path / "tenon")
        project = started(tmp_path / "old" / "my-service", template)
        next_release(template)
    else:
        project = start()

    SCENARIOS[heading](Shell(project, tmp_path / "tools"), variant, *blocks(GUIDE)[heading])


def test_guide_names_every_command_of_the_project(variant: Variant) -> None:
    """Every `uv run` command of the guide exists in a project."""
    commands = re.findall(r"`(uv run [^`]*)`", GUIDE)

    assert commands
    assert all(known_to(variant(), command) for command in commands), commands


def ownership(whose: str) -> set[str]:
    """Return the files that a row of the guide's table names."""
    row = next(line for line in GUIDE.splitlines() if line.startswith(f"| {whose}"))
    return {Path(path).name for path in re.findall(r"`([^`]*)`", row.split("|")[2])}


def test_guide_names_whose_files_are_whose(variant: Variant) -> None:
    """The seeded files are those of _skip_if_exists; a shared one says where to write."""
    shared = {
        Path(path).name
        for ci in ("github", "gitlab")
        for path, text in tree(variant(preset="full", ci=ci)).items()
        if b"go below this line" in text
    }
    seeded = {Path(entry).name for entry in settings()["_skip_if_exists"]}

    paths = {path for seeded_of_kind in SEEDED_OF.values() for path in seeded_of_kind}
    assert ownership("seeded") == seeded == {Path(path).name for path in paths}
    assert ownership("shared") == shared


@pytest.mark.full
def test_answers_file_is_not_for_editing(start: Variant) -> None:
    """As the guide says: an answer changed by hand leaves the files as they are."""
    project = start()
    edit_answers("health_checks: true", "health_checks: false")(project)

    update(project, {})

    assert status(project) == ""
    assert (project / HEALTH_TEST).exists()


@pytest.mark.full
def test_template_can_move(start: Variant, release: Path, tmp_path: Path, variant: Variant) -> None:
    """As the guide says: `_src_path` may be changed by hand when the template has moved."""
    moved = shutil.copytree(release, tmp_path / "moved")
    project = start()
    edit_answers(r"(?m)^_src_path: .*$", f"_src_path: {moved}")(project)

    update(project, {"health_checks": False})

    assert content(project) == content(variant(health_checks=False))
    assert str(moved) in (project / ANSWERS_FILE).read_text("utf-8")
