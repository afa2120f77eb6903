"""Adopting a repository: what becomes of its files and metadata, updates afterwards, refusals."""

import re
import shutil
import subprocess
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from importlib.metadata import PathDistribution
from pathlib import Path
from typing import Any

import pytest
from validate_pyproject import api

from environment import Environments, check, python_for
from harness import ROOT, commit_all, fast, git, git_template, tree, update
from tenon.adopt import answers, command, document, metadata
from tenon.adopt.report import Report
from tenon.adopt.requirements import requirements

REPOSITORIES = ROOT / "tests" / "repositories"
SHAPES = ("library", "service", "scripts")
PACKAGES = {
    "library": "tariffs",
    "service": "src/parcel_tracker",
    "scripts": "src/scripts_service",
}
MERGED = {"README.md", ".gitignore", ".gitattributes", ".env.example", "tests/conftest.py"}
"""Files that end with the owner's text, or begin with it."""
CHANGED = MERGED | {"pyproject.toml", ".editorconfig", "src/parcel_tracker/core/__init__.py"}
LONG = pytest.mark.full


@pytest.fixture(scope="session")
def release(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the template as release 1.0.0, in git; for reading only."""
    return git_template(tmp_path_factory.mktemp("release") / "tenon")


@dataclass(frozen=True, slots=True)
class Adoption:
    """A run of the command."""

    root: Path
    status: int
    output: str
    errors: str

    @property
    def items(self) -> list[str]:
        """The lines of the report about pyproject.toml, without alignment."""
        _, _, rest = self.output.partition("\npyproject.toml:\n")
        return [" ".join(line.split()) for line in rest.partition("\n\n")[0].splitlines()]

    @property
    def to_do(self) -> list[str]:
        """What the report leaves to do."""
        _, _, rest = self.output.partition("\nFor you to do:\n")
        return [line.removeprefix("  - ") for line in rest.partition("\n\n")[0].splitlines()]

    @property
    def project(self) -> dict[str, Any]:
        """The merged pyproject.toml."""
        return tomllib.loads((self.root / "pyproject.toml").read_text("utf-8"))


Adopt = Callable[..., Adoption]


@pytest.fixture(scope="session")
def run_adopt(release: Path) -> Adopt:
    """Return a function that adopts the project in a folder, in this process."""

    def adopt(root: Path, *arguments: str, given: tuple[str, ...] = ("--defaults",)) -> Adoption:
        out: list[str] = []
        errors: list[str] = []
        with pytest.MonkeyPatch.context() as patch, fast():
            patch.chdir(root)
            patch.setattr(
                "builtins.print",
                lambda text, file=None: (errors if file else out).append(str(text)),
            )
            given = (*given, "--data", "preset=minimal", *arguments)
            status = command.main([str(release), *given])
        return Adoption(root, status, "\n".join(out), "\n".join(errors))

    return adopt


def committed(folder: Path, shape: str) -> Path:
    """Copy a repository of tests/repositories and commit it."""
    shutil.copytree(REPOSITORIES / shape, folder / shape)
    commit_all(folder / shape, "Start")
    return folder / shape


@pytest.fixture(scope="session")
def adopted(
    run_adopt: Adopt, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[str], Adoption]:
    """Return a function that adopts a repository once, for reading only."""
    made: dict[str, Adoption] = {}

    def adopted(shape: str) -> Adoption:
        if shape not in made:
            made[shape] = run_adopt(committed(tmp_path_factory.mktemp("adopted"), shape))
            assert made[shape].errors == ""
        return made[shape]

    return adopted


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """Return a small repository, to change at will."""
    folder = tmp_path / "my-tool"
    (folder / "my_tool").mkdir(parents=True)
    (folder / "my_tool" / "__init__.py").write_text('"""A tool."""\n\nANSWER = 42\n', "utf-8")
    (folder / "pyproject.toml").write_text(
        '[project]\nname = "my-tool"\nversion = "1.2.3"\nlicense = "MIT"\n', "utf-8"
    )
    commit_all(folder, "Start")
    return folder


def branch(root: Path) -> str:
    """Return the name of the current branch."""
    return git(root, "branch", "--show-current").strip()


def settled(adoption: Adoption, folder: Path) -> Path:
    """Return a copy of an adopted project in which conflicts are solved and all is committed."""
    root = shutil.copytree(adoption.root, folder / adoption.root.name)
    for line in git(root, "ls-files", "-u").splitlines():
        git(root, "checkout", "--ours", "--", line.split("\t")[1])
    commit_all(root, "Adopt Tenon")
    return root


# What becomes of the files


@pytest.mark.parametrize("shape", SHAPES)
def test_owner_keeps_every_file(shape: str, adopted: Callable[[str], Adoption]) -> None:
    """Every file of the owner is there, with its mode; shared files have the owner's text too."""
    after = tree(adopted(shape).root)
    before = tree(REPOSITORIES / shape)

    kept = {path for path in before if path not in CHANGED}
    assert {path: after[path] for path in kept} == {path: before[path] for path in kept}
    for path in MERGED & before.keys():
        assert before[path].strip() in after[path]
    assert branch(adopted(shape).root) == "adopt-tenon"


def test_conflicts_are_marked_as_by_an_update(adopted: Callable[[str], Adoption]) -> None:
    """A managed file with another text has both; git lists it, and `git status` calls it AA."""
    root = adopted("service").root
    text = (root / ".editorconfig").read_text("utf-8")

    stages = git(root, "ls-files", "-u").split()[2::4]
    assert stages == ["2", "3"]
    assert "AA .editorconfig" in git(root, "status", "--porcelain")
    assert "<<<<<<< yours\nindent_style = space\nindent_size = 4\nmax_line_length = 120\n" in text
    assert text.endswith("trim_trailing_whitespace = false\n>>>>>>> Tenon\n")
    assert git(root, "show", ":2:.editorconfig") == (
        REPOSITORIES / "service" / ".editorconfig"
    ).read_text("utf-8")
    assert "  conflict  .editorconfig (both texts are in it)" in adopted("service").output


def test_tests_get_the_fixtures(adopted: Callable[[str], Adoption]) -> None:
    """conftest.py of the owner loads Tenon's fixtures."""
    text = (adopted("service").root / "tests" / "conftest.py").read_text("utf-8")

    assert text.endswith('\n\npytest_plugins = ["support.fixtures"]\n')


# What becomes of the metadata

EXPECTED: Mapping[str, Mapping[str, Any]] = {
    "library": {
        "name": "tariffs",
        "version": "2.4.1",
        "description": "Shipping tariffs: zones, rates and surcharges of parcel carriers",
        "license": "BSD-3-Clause",
        "requires-python": ">=3.11",
        "authors": [{"name": "Ines Kowalski", "email": "ines@tariffs.example.org"}],
        "keywords": ["shipping", "tariffs", "parcels"],
        "urls": {
            "Homepage": "https://git.example.org/logistics/tariffs",
            "Issues": "https://git.example.org/logistics/tariffs/issues",
            "Repository": "https://git.example.org/logistics/tariffs",
        },
        "scripts": {"tariffs": "tariffs.__main__:main", "tariffs-cli": "tariffs.cli:main"},
        "optional-dependencies": {"excel": ["openpyxl>=3.1"]},
        "entry-points": {"tariffs.carriers": {"post": "tariffs.rates:post"}},
    },
    "service": {
        "name": "parcel-tracker",
        "version": "1.8.0",
        "license": "Apache-2.0",
        "authors": [
            {"name": "Ada Okafor", "email": "ada@parcels.example.org"},
            {"name": "Team Logistics", "email": "logistics@parcels.example.org"},
        ],
        "urls": {
            "Repository": "https://git.example.org/logistics/parcel-tracker",
            "Documentation": "https://docs.example.org/parcel-tracker",
            "Runbook": "https://wiki.example.org/parcel-tracker",
        },
        "scripts": {
            "parcel-tracker": "parcel_tracker.__main__:main",
            "parcel-report": "parcel_tracker.report:main",
        },
        "optional-dependencies": {"fast": ["orjson>=3.10,<4"]},
        "entry-points": {"parcel_tracker.carriers": {"post": "parcel_tracker.carriers.post:Post"}},
    },
    "scripts": {"name": "scripts-service", "version": "0.1.0"},
}
OWN_DEPENDENCIES: Mapping[str, list[str]] = {
    "library": [
        "click>=8.1",
        "python-dateutil>=2.8",
        'importlib-metadata>=6; python_version < "3.10"',
        "tabulate~=0.9",
    ],
    "service": [
        "uvicorn[standard]",
        "python-dateutil>=2.9,<3",
        "tenacity>=8.2,<10",
        "tzdata ; sys_platform == 'win32'",
    ],
    "scripts": ["python-dateutil>=2.9", "tabulate==0.9.0", "click~=8.1"],
}
OWN_TOOLS: Mapping[str, list[str]] = {
    "library": ["black==24.3.0", "flake8>=7", "freezegun>=1.4"],
    "service": ["freezegun>=1.4,<2"],
    "scripts": [],
}
REPORTED: Mapping[str, list[str]] = {
    "library": [
        "kept project.version 2.4.1",
        "updated project.requires-python >=3.11 (before, >=3.8)",
        "removed project.classifiers License :: OSI Approved :: BSD License (`license` says it)",
        (
            "removed project.classifiers Programming Language :: Python :: 3.8 "
            "(`requires-python` excludes it)"
        ),
        "kept project.dependencies tabulate~=0.9",
        "added project.dependencies fastapi>=0.165",
        "updated dependency-groups.dev pytest>=9.2 (before, pytest>=7.0)",
        "kept tool.black",
        'kept tool.pytest.markers ["slow: reads whole tariff tables"]',
        "removed build-system.requires wheel (hatchling builds the project)",
        'removed comments "Built by setuptools; the metadata is in setup.cfg."',
    ],
    "service": [
        "updated project.dependencies fastapi>=0.165 (before, fastapi>=0.110.0,<0.111)",
        (
            "updated project.dependencies uvicorn>=0.54 and uvicorn[standard] "
            "(before, uvicorn[standard]>=0.29,<0.30)"
        ),
        (
            "removed project.scripts.parcel-tracker parcel_tracker.run:main "
            '(Tenon has "parcel_tracker.__main__:main")'
        ),
        "removed tool.ruff.line-length 120 (Tenon has 100)",
        'removed tool.coverage.run.source ["src"] (Tenon has ["parcel_tracker"])',
        'kept tool.ruff.lint.ignore ["E741"]',
        "kept tool.mypy.overrides",
        (
            'removed tool.pytest.addopts ["-q", "--strict-markers"] '
            '(Tenon has ["--import-mode=importlib", "-ra"])'
        ),
        (
            'removed comments "The parcel tracker. Ask team Logistics before you change '
            'versions.", "the clock of the tests"'
        ),
        (
            "removed tool.ruff.format { docstring-code-format = true } "
            "(Tenon's files are formatted and linted without it)"
        ),
    ],
    "scripts": [
        "kept project.dependencies click~=8.1",
        'kept tool.pytest.pythonpath ["."]',
        'kept tool.pytest.testpaths ["test_readings.py"]',
    ],
}


def own_lines(root: Path, name: str) -> list[str]:
    """Return the strings below a marker of pyproject.toml."""
    text = (root / "pyproject.toml").read_text("utf-8")
    block = re.search(rf"(?sm)  # Your own {name} go below this line\.\n(.*?)^\]", text)
    assert block
    found = tomllib.loads(f"items = [{block[1]}]")["items"]
    assert isinstance(found, list)
    return found


@pytest.mark.parametrize("shape", SHAPES)
def test_metadata_is_merged(shape: str, adopted: Callable[[str], Adoption]) -> None:
    """pyproject.toml is valid, and has the owner's metadata and dependencies below the markers."""
    adoption = adopted(shape)
    project = adoption.project

    api.Validator()(project)
    assert {name: project["project"][name] for name in EXPECTED[shape]} == EXPECTED[shape]
    assert own_lines(adoption.root, "dependencies") == OWN_DEPENDENCIES[shape]
    assert own_lines(adoption.root, "development tools") == OWN_TOOLS[shape]
    assert [line for line in REPORTED[shape] if line not in adoption.items] == []


def test_tables_of_other_tools_keep_their_comments(adopted: Callable[[str], Adoption]) -> None:
    """A table that Tenon does not have is copied as it is; options go below Tenon's own."""
    library = (adopted("library").root / "pyproject.toml").read_text("utf-8")
    service = (adopted("service").root / "pyproject.toml").read_text("utf-8")

    assert (
        '\n[tool.black]\nline-length = 88  # as flake8 has it\ntarget-version = ["py38"]\n'
        in library
    )
    assert '\n[tool.towncrier]\ndirectory = "changes" # one file a change\n' in service
    assert "\nignore_missing_imports = true  # dateutil has no types\n" in service
    assert '\n"docs/**" = ["T201"]  # examples print\n' in service
    assert adopted("service").project["tool"]["mypy"]["overrides"][0]["module"] == "dateutil.*"


def test_what_is_not_merged_is_named(adopted: Callable[[str], Adoption]) -> None:
    """The report names the lines that no table of pyproject.toml can hold, and dead files."""
    scripts, library = adopted("scripts").to_do, adopted("library").to_do

    line = "requirements.txt: --extra-index-url https://pypi.example.org/simple"
    assert f"{line} is not merged. Write what you need into [tool.uv], or run `uv add`." in scripts
    assert any(sentence.startswith("No licence that Tenon knows") for sentence in scripts)
    assert any("does not read setup.py and setup.cfg" in sentence for sentence in library)
    version = "The version was dynamic. It is 2.4.1 in pyproject.toml now: change it there"
    assert f"{version} for the next release." in library


# Updates afterwards


NEWS = {
    "pyproject.toml": [
        ('  "fastapi>=0.165",\n', '  "fastapi>=0.166",\n  "jinja2>=3",\n'),
        ('  "ruff>=0.17",\n', '  "ruff>=0.18",\n'),
        ("line-length = 100", "line-length = 99"),
    ],
    "README.md": [("## Updating", "## Keeping up to date")],
    ".gitignore": [("# Tools\n", "# Tools\n.cache/\n")],
    "{{ package_path }}/core/cli.py": [('"""', '"""Of release 1.1: ')],
    "{{ package_path }}/settings.py": [("The settings of this", "Settings of this")],
    "tests/conftest.py": [("Fixtures for every test", "Fixtures of every test")],
    "CHANGELOG.md": [("newest first", "the newest first")],
}


TOGGLES = {
    "database": ("sqlite", "none"),
    "http_client": (True, False),
    "metrics": (True, False),
    "structured_logging": (True, False),
    "tracing": (True, False),
}
"""Practices, and the answers that switch them on and off."""


@pytest.fixture
def next_release(release: Path, adopted: Callable[[str], Adoption]) -> Iterator[None]:
    """Release 1.1.0 of the template, which changes files that owners have, too."""
    for shape in SHAPES:
        adopted(shape)  # from release 1.0.0
    for path, changes in NEWS.items():
        file = release / "template" / path
        text = file.read_text("utf-8")
        for old, new in changes:
            assert old in text
            text = text.replace(old, new, 1)
        file.write_text(text, "utf-8")
    commit_all(release, "Release 1.1.0")
    git(release, "tag", "v1.1.0")
    yield
    git(release, "tag", "--delete", "v1.1.0")
    git(release, "reset", "--quiet", "--hard", "v1.0.0")


@pytest.mark.parametrize("shape", SHAPES)
def test_first_update_changes_nothing(
    shape: str, adopted: Callable[[str], Adoption], tmp_path: Path
) -> None:
    """An update to the same release leaves git clean."""
    root = settled(adopted(shape), tmp_path)

    update(root, {})

    assert git(root, "status", "--porcelain") == ""


@LONG
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.usefixtures("next_release")
def test_later_release_merges(
    shape: str, adopted: Callable[[str], Adoption], tmp_path: Path
) -> None:
    """A release that changes shared and managed files merges while a practice comes and goes."""
    root = settled(adopted(shape), tmp_path)
    before = tree(root)

    update(root, {name: on for name, (on, _) in TOGGLES.items()}, newest=True)

    assert git(root, "ls-files", "-u") == ""
    text = (root / "pyproject.toml").read_text("utf-8")
    assert '"fastapi>=0.166"' in text
    assert '"prometheus-client' in text
    assert own_lines(root, "dependencies") == OWN_DEPENDENCIES[shape]
    assert "## Keeping up to date" in (root / "README.md").read_text("utf-8")
    assert "Of release 1.1" in (root / PACKAGES[shape] / "core" / "cli.py").read_text("utf-8")
    own = [path for path in tree(REPOSITORIES / shape) if path not in CHANGED]
    assert {path: before[path] for path in own} == {path: tree(root)[path] for path in own}
    commit_all(root)
    update(root, {name: off for name, (_, off) in TOGGLES.items()}, newest=True)
    assert git(root, "ls-files", "-u") == ""


# The adopted project works


@pytest.fixture(scope="session")
def environments(tmp_path_factory: pytest.TempPathFactory) -> Environments:
    """Return the environments of this worker."""
    return Environments(tmp_path_factory.mktemp("environments"))


OWNERS_TESTS = {"library": 9, "service": 8, "scripts": 5}


@LONG
@pytest.mark.parametrize("shape", SHAPES)
def test_project_works(
    shape: str, adopted: Callable[[str], Adoption], tmp_path: Path, environments: Environments
) -> None:
    """`uv lock` and `uv sync` work, the owner's tests pass, and the wheel has the data files."""
    root = settled(adopted(shape), tmp_path)
    python = python_for("3.11")
    assert python
    environment = environments.of(python)
    check(environment.run(root, "uv", "lock", "--quiet"))
    environment.install(root)

    ignored = ("--ignore=tests/core", "--ignore=tests/architecture")
    tests = environment.run(root, "pytest", *ignored)
    wheel = environment.run(root, "uv", "build", "--quiet", "--wheel", "--out-dir", str(tmp_path))

    check(tests, wheel)
    assert f"{OWNERS_TESTS[shape]} passed" in tests.output
    if shape == "library":
        names = subprocess.run(
            ["unzip", "-Z1", *tmp_path.glob("*.whl")], capture_output=True, text=True, check=True
        ).stdout
        assert "tariffs/data/zones.csv" in names.splitlines()


@LONG
def test_library_becomes_a_library(
    run_adopt: Adopt, tmp_path: Path, environments: Environments
) -> None:
    """With `kind=library`, public names and errors are merged, and both sides' tests pass."""
    before = committed(tmp_path / "before", "library")
    adoption = run_adopt(before, "--data", "kind=library", "--data", "example=false")
    conflicts = {line.split("\t")[1] for line in git(before, "ls-files", "-u").splitlines()}
    assert conflicts == {"tariffs/__init__.py", "tariffs/errors.py"}

    root = settled(adoption, tmp_path / "after")
    for path, old, new in (
        ("tariffs/__init__.py", "import TariffError,", "import Error, TariffError,"),
        ("tariffs/__init__.py", '["TariffError"', '["Error", "TariffError"'),
        ("tariffs/errors.py", "class TariffError(Exception)", "class TariffError(Error)"),
    ):
        text = (root / path).read_text("utf-8")
        assert text.count(old) == 1
        (root / path).write_text(text.replace(old, new), encoding="utf-8")
    errors = (root / "tariffs" / "errors.py").read_text("utf-8")
    base = 'class Error(Exception):\n    """Base of all errors."""\n\n\n'
    (root / "tariffs" / "errors.py").write_text(base + errors, encoding="utf-8")
    python = python_for("3.11")
    assert python
    environment = environments.of(python)
    check(environment.run(root, "uv", "lock", "--quiet"))
    environment.install(root)

    own = environment.run(root, "pytest", "--ignore=tests/architecture", "tests", "README.md")

    check(own)


@LONG
def test_scripts_become_a_tool(
    run_adopt: Adopt, tmp_path: Path, environments: Environments
) -> None:
    """With `kind=cli`, scripts get a tool beside them, and both sides' tests pass."""
    before = committed(tmp_path / "before", "scripts")
    adoption = run_adopt(before, "--data", "kind=cli", "--data", "preset=minimal")
    root = settled(adoption, tmp_path / "after")
    python = python_for("3.11")
    assert python
    environment = environments.of(python)
    check(environment.run(root, "uv", "lock", "--quiet"))
    environment.install(root)

    own = environment.run(root, "pytest", "--ignore=tests/core", "--ignore=tests/architecture")
    core = environment.run(root, "pytest", "tests/core", "tests/architecture/test_commands.py")

    check(own, core)
    assert f"{OWNERS_TESTS['scripts']} passed" in own.output


# Refusals

Prepare = Callable[[Path], None]


def nothing(_root: Path) -> None:
    """Change nothing."""


def wrote(path: str, content: str | bytes, **more: str) -> Prepare:
    """Return a function that commits files."""

    def write(root: Path) -> None:
        for name, text in {path: content, **more}.items():
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_bytes(text.encode() if isinstance(text, str) else text)
        commit_all(root)

    return write


def linked(path: str, target: str) -> Prepare:
    """Return a function that commits a symbolic link."""

    def link(root: Path) -> None:
        (root / target).mkdir()
        (root / target / "text").touch()
        (root / path).symlink_to(target)
        commit_all(root)

    return link


def touched(root: Path) -> None:
    """Leave an untracked file."""
    (root / "notes.txt").touch()


def without_git(root: Path) -> None:
    """Take the folder out of git."""
    shutil.rmtree(root / ".git")


def with_branch(root: Path) -> None:
    """Make a branch of the name that the command uses."""
    git(root, "branch", "adopt-tenon")


def detached(root: Path) -> None:
    """Check out a commit without a branch."""
    git(root, "checkout", "--quiet", "--detach")


def hidden(root: Path) -> None:
    """Leave a file that git ignores."""
    wrote(".gitignore", ".editorconfig\n")(root)
    (root / ".editorconfig").write_text("indent_size = 8\n", "utf-8")


def single_module(root: Path) -> None:
    """Make the package a module."""
    git(root, "mv", "my_tool/__init__.py", "my_tool.py")
    commit_all(root)


def nested(root: Path) -> None:
    """Make a repository in the folder of the tests, and commit a reference to it."""
    commit_all_in = root / "tests"
    commit_all_in.mkdir()
    (commit_all_in / "test_tool.py").touch()
    commit_all(commit_all_in)
    git(root, "-c", "advice.addEmbeddedRepo=false", "add", "tests")
    git(root, "commit", "--quiet", "--message", "Refer to the tests")


REFUSALS = [
    (
        "not in git",
        without_git,
        (),
        "{root} is not in a git repository. Run git init and commit first.",
    ),
    (
        "uncommitted",
        touched,
        (),
        "The folder has uncommitted changes. Commit or stash them (git stash -u).",
    ),
    (
        "adopted",
        wrote(".copier-answers.yml", "{}"),
        (),
        ".copier-answers.yml is there already. Run copier update instead.",
    ),
    ("branch", with_branch, (), "There is a branch adopt-tenon already. Rename or delete it."),
    (
        "no branch",
        detached,
        (),
        "No branch is checked out. Switch to one first (git switch NAME).",
    ),
    (
        "ignored file",
        hidden,
        (),
        "git ignores .editorconfig, and Tenon has one. Commit yours (git add -f) or move it.",
    ),
    (
        "module with the name of the package",
        single_module,
        (),
        (
            "my_tool.py has the import name of the package that Tenon makes. Move it to "
            "my_tool/__init__.py, or add --data package_name=NAME."
        ),
    ),
    (
        "module that hides the package",
        wrote("src/tool/__init__.py", "", **{"tool.py": "X = 1\n"}),
        ("--data", "package_name=tool"),
        "tool.py has the import name of src/tool. Rename it (git mv).",
    ),
    ("TOML", wrote("pyproject.toml", "[project\n"), (), "pyproject.toml is not valid TOML: "),
    (
        "encoding of pyproject.toml",
        wrote("pyproject.toml", "# caf\xe9".encode("latin-1")),
        (),
        "pyproject.toml is not UTF-8. Convert it, for example by iconv, and commit it.",
    ),
    (
        "encoding of README",
        wrote("README.md", "caf\xe9".encode("latin-1")),
        (),
        "README.md is not UTF-8. Convert it, for example by iconv, and commit it.",
    ),
    (
        "two packages",
        wrote("other/__init__.py", "", **{"pyproject.toml": ""}),
        (),
        (
            "The repository has several packages (my_tool, other). Name the one that becomes the "
            "service by --data package_name=NAME."
        ),
    ),
    (
        "link to a file",
        linked("README.md", "docs"),
        (),
        "README.md is a symbolic link. Replace it by a file.",
    ),
    (
        "link to a folder",
        linked("tests", "checks"),
        (),
        "tests is a symbolic link. Replace it by a folder.",
    ),
    (
        "file",
        wrote("tests", "none yet"),
        (),
        "tests is a file where Tenon has a folder. Rename it (git mv).",
    ),
    (
        "folder",
        wrote("README.md/index.md", "text"),
        (),
        "README.md is a folder where Tenon has a file. Rename it (git mv).",
    ),
    (
        "case",
        wrote("readme.md", "text"),
        (),
        "readme.md differs from Tenon's README.md only by case. Rename it (git mv).",
    ),
    (
        "nested repository",
        nested,
        (),
        "tests is a repository of its own. Move it out of Tenon's way.",
    ),
    (
        "module of the core",
        wrote("my_tool/core/settings.py", "DEBUG = True\n"),
        (),
        "my_tool/core/settings.py is a module of Tenon's core. Rename yours (git mv).",
    ),
    (
        "module that a package hides",
        wrote("my_tool/core.py", "X = 1\n"),
        (),
        (
            "my_tool/core.py has the import name of Tenon's my_tool/core/__init__.py."
            " Rename it (git mv)."
        ),
    ),
    (
        "package that hides a module",
        wrote("my_tool/app/__init__.py", "X = 1\n"),
        (),
        (
            "my_tool/app/__init__.py has the import name of Tenon's my_tool/app.py."
            " Rename it (git mv)."
        ),
    ),
    (
        "reserved name",
        wrote("uvicorn/__init__.py", ""),
        ("--data", "package_name=uvicorn"),
        (
            "package_name: Python or the project uses it."
            " Give another value by --data package_name=VALUE."
        ),
    ),
    (
        "unknown question",
        nothing,
        ("--data", "metricks=yes"),
        "project_name: No question is named metricks.",
    ),
    ("unknown release", nothing, ("--vcs-ref", "v9"), "Copier can't render the template: "),
    (
        "Poetry",
        wrote(
            "pyproject.toml",
            '[tool.poetry]\nname = "x"\n[tool.poetry.dependencies]\nfoo = ">1 || <0"\n',
        ),
        (),
        "migrate-to-uv can't convert the metadata of Poetry or Pipenv: ",
    ),
]
"""What is wrong, how it comes about, arguments, and the start of the sentence."""


@pytest.mark.parametrize(
    ("prepare", "arguments", "sentence"),
    [pytest.param(*case, id=name) for name, *case in REFUSALS],
)
def test_refused_in_one_sentence(
    prepare: Prepare,
    arguments: tuple[str, ...],
    sentence: str,
    repository: Path,
    run_adopt: Adopt,
) -> None:
    """A repository that can't be adopted is left as it is, with a sentence that says what to do."""
    prepare(repository)
    before = tree(repository)

    adoption = run_adopt(repository, *arguments)

    assert (adoption.status, adoption.output) == (1, "")
    assert adoption.errors.startswith(sentence.format(root=repository))
    assert "\n" not in adoption.errors
    assert tree(repository) == before
    if (repository / ".git").exists():
        assert branch(repository) != "adopt-tenon"


def test_questions_need_a_terminal(repository: Path, run_adopt: Adopt) -> None:
    """Without --defaults and without a terminal, the sentence says what to add."""
    adoption = run_adopt(repository, given=())

    assert adoption.errors == "There is no terminal to ask questions at. Add --defaults."
    assert branch(repository) == "main"


def test_package_named_core(tmp_path: Path, run_adopt: Adopt) -> None:
    """A package may have the name of the folder that has Tenon's own code."""
    wrote("core/__init__.py", "X = 1\n", **{"core/settings.py": "Y = 1\n"})(tmp_path)

    adoption = run_adopt(tmp_path)

    assert adoption.errors == ""
    assert (tmp_path / "core" / "core" / "app.py").is_file()
    assert "core/settings.py" in git(tmp_path, "ls-files", "-u")


def test_every_obstacle_is_named_at_once(repository: Path, run_adopt: Adopt) -> None:
    """Each obstacle has a sentence of its own, so that one run names all."""
    wrote("tests", "x")(repository)
    linked("README.md", "docs")(repository)

    errors = run_adopt(repository).errors.splitlines()

    assert sorted(errors) == [
        "README.md is a symbolic link. Replace it by a file.",
        "tests is a file where Tenon has a folder. Rename it (git mv).",
    ]


def test_failure_leaves_everything(repository: Path, run_adopt: Adopt) -> None:
    """If a file can't be written, the files, the branch and the index are as before."""
    wrote("README.md", "Mine.\n", **{"my_tool/app.py": "X = 1\n"})(repository)
    before = tree(repository)
    write = Path.write_bytes
    failures = [repository / "pyproject.toml"]

    def full_disk(path: Path, content: bytes) -> int:
        if path in failures:
            failures.clear()
            raise OSError(28, "No space left on device")
        return write(path, content)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Path, "write_bytes", full_disk)
        adoption = run_adopt(repository)

    assert adoption.errors == (
        "A file can't be written: [Errno 28] No space left on device. Nothing was changed."
    )
    assert tree(repository) == before
    assert branch(repository) == "main"
    assert git(repository, "branch", "--list", "adopt-tenon") == ""
    assert git(repository, "status", "--porcelain") == ""


# Other repositories


def test_hooks_do_not_run(repository: Path, run_adopt: Adopt) -> None:
    """A hook that fails on every checkout, as that of a missing Git LFS does, changes nothing."""
    hook = repository / ".git" / "hooks" / "post-checkout"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\nexit 2\n", "utf-8")
    hook.chmod(0o755)

    adoption = run_adopt(repository)

    assert adoption.errors == ""
    assert branch(repository) == "adopt-tenon"


OLD_TOOLS = """
[project]
name = "my-tool"
version = "1"
license = "MIT"

[project.optional-dependencies]
web = ["uvicorn[standard]<0.30", "jinja2"]

[dependency-groups]
test = [{ include-group = "lint" }, "pytest<8; python_version < '3.15'", "pytest-mock>=3"]
lint = ["Ruff == 0.4.1"]

[tool.pdm.dev-dependencies]
docs = ["sphinx"]

[tool.uv]
default-groups = ["dev"]
dev-dependencies = ["mypy<1", "rich"]
"""


def test_bounds_hold_in_every_group(repository: Path, run_adopt: Adopt) -> None:
    """Groups and extras get Tenon's bounds, because uv locks them together; older forms count."""
    wrote("pyproject.toml", OLD_TOOLS)(repository)

    adoption = run_adopt(repository)

    groups = adoption.project["dependency-groups"]
    assert groups["lint"] == ["Ruff>=0.17"]
    assert groups["test"] == [
        {"include-group": "lint"},
        'pytest>=9.2; python_version < "3.15"',
        "pytest-mock>=3",
    ]
    assert groups["docs"] == ["sphinx"]
    assert groups["dev"][-1] == "rich"
    assert adoption.project["project"]["optional-dependencies"] == {
        "web": ["uvicorn[standard]>=0.54", "jinja2"]
    }
    assert adoption.project["tool"]["uv"] == {"default-groups": ["dev"]}
    assert "pdm" not in adoption.project["tool"]
    assert "updated dependency-groups.lint Ruff>=0.17 (before, Ruff == 0.4.1)" in adoption.items
    assert "updated dependency-groups.dev mypy>=2.4 (before, mypy<1)" in adoption.items


def test_package_beside_the_service(repository: Path, run_adopt: Adopt) -> None:
    """A package that does not become the service stays in the wheel."""
    adoption = run_adopt(repository, "--data", "package_name=tool_service")

    wheel = adoption.project["tool"]["hatch"]["build"]["targets"]["wheel"]
    assert wheel["packages"] == ["src/tool_service", "my_tool"]
    assert any(line.startswith("None of your packages becomes") for line in adoption.to_do)


def test_seeded_modules_are_conflicts(repository: Path, run_adopt: Adopt) -> None:
    """A settings module of the owner ends in a conflict, with the owner's line endings."""
    wrote("my_tool/settings.py", "DEBUG = True\r\n")(repository)

    run_adopt(repository)

    text = (repository / "my_tool" / "settings.py").read_bytes()
    assert text.startswith(b"<<<<<<< yours\r\nDEBUG = True\r\n=======\r\n")
    assert b"class Settings(PracticeSettings):\r\n" in text
    assert text.count(b"\n") == text.count(b"\r\n")
    assert "my_tool/settings.py" in git(repository, "ls-files", "-u")


def test_binary_file_stays(repository: Path, run_adopt: Adopt) -> None:
    """A file that is no text stays as it is, and git lists it as a conflict."""
    wrote("CONTRIBUTING.md", b"\x00\xff\x00")(repository)

    adoption = run_adopt(repository)

    assert (repository / "CONTRIBUTING.md").read_bytes() == b"\x00\xff\x00"
    assert "CONTRIBUTING.md (it is no text, and stays as it is)" in adoption.output
    assert "CONTRIBUTING.md" in git(repository, "ls-files", "-u")


def test_empty_layers_give_way_to_modules(repository: Path, run_adopt: Adopt) -> None:
    """Where Tenon only has an empty package for modules to come, a module of the owner stays."""
    wrote("my_tool/utils.py", "X = 1\n", **{"my_tool/domain/__init__.py": "Y = 1\n"})(repository)

    adoption = run_adopt(repository)

    assert not (repository / "my_tool" / "utils").exists()
    assert (repository / "my_tool" / "domain" / "__init__.py").read_text("utf-8") == "Y = 1\n"
    assert "my_tool/utils.py (Tenon has an empty package of that name)" in adoption.output


def test_folder_of_a_monorepo(tmp_path: Path, run_adopt: Adopt) -> None:
    """A project below the root of a repository is adopted alone; other folders may be dirty."""
    shutil.copytree(REPOSITORIES / "service", tmp_path / "repo" / "services" / "tracker")
    (tmp_path / "repo" / "web").mkdir()
    (tmp_path / "repo" / "web" / "index.html").write_text("<p>Hi</p>", "utf-8")
    commit_all(tmp_path / "repo", "Start")
    (tmp_path / "repo" / "web" / "new.html").touch()
    root = tmp_path / "repo" / "services" / "tracker"

    adoption = run_adopt(root)

    assert adoption.errors == ""
    assert "services/tracker/.editorconfig" in git(tmp_path / "repo", "ls-files", "-u")
    git(root, "checkout", "--ours", ".editorconfig")
    commit_all(tmp_path / "repo", "Adopt Tenon")
    update(root, {})
    assert git(root, "status", "--porcelain") == ""


def test_several_packages(repository: Path, run_adopt: Adopt) -> None:
    """The package that has the project's name becomes the service; the wheel keeps the others."""
    wrote("other/__init__.py", "")(repository)

    wheel = run_adopt(repository).project["tool"]["hatch"]["build"]["targets"]["wheel"]

    assert wheel["packages"] == ["my_tool", "other"]


def test_line_endings_and_comments(repository: Path, run_adopt: Adopt) -> None:
    """pyproject.toml and README.md with CRLF merge into text with LF."""
    wrote(
        "pyproject.toml",
        b'[project]\r\nname = "my-tool"\r\nversion = "1"\r\n\r\n[tool.own]\r\na = 1 # why\r\n',
        **{"README.md": "Mine.\r\n", "my_tool/own.py": "X = 1\r\n"},
    )(repository)

    run_adopt(repository)

    text = (repository / "pyproject.toml").read_bytes()
    assert b"\r" not in text + (repository / "README.md").read_bytes()
    assert text.endswith(b"# Your own tables go below this line.\n\n[tool.own]\na = 1 # why\n")
    assert (repository / "README.md").read_bytes().endswith(b"-->\n\nMine.\n")
    commit_all(repository)
    update(repository, {})
    assert git(repository, "status", "--porcelain") == ""


def test_licence_that_tenon_does_not_offer(repository: Path, run_adopt: Adopt) -> None:
    """Another licence stays in the metadata, and its file in place of Tenon's."""
    wrote(
        "pyproject.toml",
        '[project]\nname = "my-tool"\nversion = "1"\nlicense = "ISC"\n',
        **{"LICENCE.txt": "ISC License\n"},
    )(repository)

    adoption = run_adopt(repository)
    project = adoption.project["project"]

    assert (project["license"], project["license-files"]) == ("ISC", ["LICENCE.txt"])
    assert "Private :: Do Not Upload" not in project["classifiers"]
    assert adoption.to_do[0].startswith("Tenon does not offer the licence ISC, so the answer is")
    assert not (repository / "LICENSE").exists()


LICENCES = ("LICENSE.txt", "NOTICE", "AUTHORS.rst", "third-party/MIT.txt")


@pytest.mark.parametrize(
    ("declared", "names", "line"),
    [
        pytest.param(
            "",
            LICENCES,
            'kept project.license-files ["LICENSE.txt", "NOTICE", "AUTHORS.rst"]',
            id="those that setuptools finds",
        ),
        pytest.param("", ["NOTICE"], 'kept project.license-files ["LICENSE", "NOTICE"]', id="new"),
        pytest.param(
            'license-files = ["LICEN[CS]E*", "third-party/*"]',
            LICENCES,
            'kept project.license-files ["LICEN[CS]E*", "third-party/*"]',
            id="patterns",
        ),
        pytest.param(
            'license-files = ["NOTICE", "GPL"]',
            LICENCES,
            'updated project.license-files ["LICENSE.txt", "NOTICE"] (before, ["NOTICE", "GPL"])',
            id="without the licence, with a missing file",
        ),
        pytest.param(
            'license.file = "third-party/MIT.txt"',
            ["third-party/MIT.txt", "LICENSE"],
            'kept project.license-files ["LICENSE", "third-party/MIT.txt"]',
            id="file of the licence",
        ),
        pytest.param(
            '[tool.setuptools]\nlicense-files = ["NOTICE"]',
            ["LICENSE", "NOTICE"],
            'updated project.license-files ["LICENSE", "NOTICE"] (before, ["NOTICE"])',
            id="setuptools",
        ),
    ],
)
def test_licence_files_stay_in_the_wheel(
    declared: str, names: list[str], line: str, repository: Path, run_adopt: Adopt
) -> None:
    """What the wheel has of licences, notices and authors stays there, and the report says so."""
    wrote(
        "pyproject.toml",
        f'[project]\nname = "my-tool"\nversion = "1"\n{declared}\n',
        **dict.fromkeys(names, "By us.\n"),
    )(repository)

    adoption = run_adopt(repository)

    assert [item for item in adoption.items if "license-files" in item] == [line]
    assert f"license-files {document.literal(adoption.project['project']['license-files'])}" in line


@pytest.mark.parametrize(
    ("setup", "expected"),
    [
        ("license_files =\n    LICENSE\n    NOTICE*", ["LICENSE", "NOTICE*"]),
        ("license-file = COPYING", ["COPYING"]),
        ("", None),
    ],
)
def test_licence_files_of_setup_cfg(setup: str, expected: list[str] | None, tmp_path: Path) -> None:
    """setup.cfg declares licence files by an old and a new key."""
    (tmp_path / "setup.cfg").write_text(f"[metadata]\n{setup}\n", "utf-8")

    assert metadata.licence_files(tmp_path, metadata.Project()) == expected


def test_licence_that_is_no_expression(repository: Path, run_adopt: Adopt) -> None:
    """What setup.cfg may say, but hatchling refuses, goes, and the report names the answer."""
    wrote("pyproject.toml", '[project]\nname = "my-tool"\nversion = "1"\nlicense = "Ask us"\n')(
        repository
    )

    adoption = run_adopt(repository)

    assert adoption.project["project"]["license"] == "LicenseRef-Proprietary"
    assert adoption.to_do[0].startswith("No licence that Tenon knows")


def test_direct_references_can_be_built(repository: Path, run_adopt: Adopt) -> None:
    """A dependency at an address is kept, and hatchling is told to allow it."""
    wrote(
        "pyproject.toml",
        '[project]\nname = "my-tool"\nversion = "1"\ndependencies = ["a @ https://e.org/a.whl"]\n',
    )(repository)

    project = run_adopt(repository).project

    assert "a @ https://e.org/a.whl" in project["project"]["dependencies"]
    assert project["tool"]["hatch"]["metadata"] == {"allow-direct-references": True}


OPTIONS = """
[build-system]
requires = ["hatchling", "hatch-vcs"]
build-backend = "hatchling.build"

[project]
name = "my-tool"
version = "1"
import-names = ["my_tool"]

[tool.ruff]
ignore = ["E741"]
[tool.ruff.per-file-ignores]
"docs/**" = ["T201"]  # examples print

[tool.ruff.lint]
isort.force-single-line = true

[tool.mypy]
files = ["."]
strict = true
check_untyped_defs = true

[tool.pytest.ini_options]
python_files = "check_*.py"
xfail_strict = true

[tool.poe.tasks]
lint = "flake8"
serve-docs = "mkdocs serve"

[tool.importlinter]
root_package = "my_tool"

[[tool.importlinter.contracts]]
name = "mine"
type = "forbidden"
"""


def test_options_change_nothing_for_tenons_files(repository: Path, run_adopt: Adopt) -> None:
    """Options that would change how Tenon's files are checked are reported, and others kept."""
    wrote("pyproject.toml", OPTIONS)(repository)

    adoption = run_adopt(repository, "--data", "strict_mypy=false")
    tools = adoption.project["tool"]

    assert adoption.project["build-system"]["requires"] == ["hatchling>=1.27", "hatch-vcs"]
    assert adoption.project["project"]["import-names"] == ["my_tool"]
    assert "E741" in tools["ruff"]["lint"]["ignore"]
    assert tools["ruff"]["lint"]["per-file-ignores"]["docs/**"] == ["T201"]
    assert not {"ignore", "per-file-ignores"} & {*tools["ruff"]}
    assert tools["mypy"]["files"] == ["my_tool", "tests"]
    assert tools["mypy"]["check_untyped_defs"] is True
    assert "strict" not in tools["mypy"]
    assert "force-single-line" not in tools["ruff"]["lint"]["isort"]
    assert tools["pytest"]["python_files"] == ["check_*.py", "test_*.py"]
    assert tools["pytest"]["xfail_strict"] is True
    assert tools["poe"]["tasks"]["serve-docs"] == "mkdocs serve"
    assert tools["poe"]["tasks"]["lint"]["cmd"] == "ruff check"
    assert tools["importlinter"]["contracts"][-1]["name"] == "mine"
    lines = "\n".join(adoption.items)
    assert "removed tool.ruff.lint.isort.force-single-line true (Tenon's files are" in lines
    assert "removed tool.mypy.strict true (the answer strict_mypy says it)" in lines
    assert 'removed tool.poe.tasks.lint flake8 (Tenon has { cmd = "ruff check"' in lines


@pytest.mark.parametrize(
    ("files", "options", "expected"),
    [
        pytest.param(["test_tool.py", "tool.py"], "", ["test_tool.py"], id="root"),
        pytest.param(
            ["src/other/tests/unit/test_a.py", "src/other/b_test.py", "testing/test_c.py"],
            "",
            ["src/other", "testing"],
            id="folders",
        ),
        pytest.param(
            ["tests/test_a.py", "docs/conftest.py", "build/test_b.py", ".ci/test_c.py"],
            "",
            [],
            id="none",
        ),
        pytest.param(
            ["test_a.py", "spec/test_b.py"], 'testpaths = "spec"', ["spec"], id="declared"
        ),
        pytest.param(["check/a_spec.py"], 'python_files = ["*_spec.py"]', ["check"], id="pattern"),
    ],
)
def test_tests_elsewhere_are_collected(
    files: list[str], options: str, expected: list[str], repository: Path, run_adopt: Adopt
) -> None:
    """Where pytest found tests outside tests/, it finds them still, and the report says so."""
    wrote(
        "pyproject.toml",
        f'[project]\nname = "my-tool"\nversion = "1"\n[tool.pytest.ini_options]\n{options}\n',
        **dict.fromkeys(files, ""),
    )(repository)

    adoption = run_adopt(repository)

    assert adoption.errors == ""
    assert adoption.project["tool"]["pytest"]["testpaths"] == ["tests", *expected]
    line = f"kept tool.pytest.testpaths {document.literal(expected)}"
    assert [item for item in adoption.items if "testpaths" in item] == [line] * bool(expected)


def test_files_that_hide_options_are_named(repository: Path, run_adopt: Adopt) -> None:
    """pytest.ini is merged, and named, as pytest would read nothing else; so is a dead lock."""
    wrote(
        "pytest.ini",
        "[pytest]\nmarkers =\n    nightly: at night\nlog_cli = true\n",
        **{"poetry.lock": ""},
    )(repository)

    adoption = run_adopt(repository)

    options = adoption.project["tool"]["pytest"]
    assert "nightly: at night" in options["markers"]
    assert options["log_cli"] is True
    assert adoption.to_do == [
        (
            "pytest.ini hides [tool.pytest] of pyproject.toml. "
            "Remove it when that table has the options that you need."
        ),
        "poetry.lock is no longer used: uv.lock locks the versions. Remove it.",
    ]


BUILT = """Metadata-Version: 2.1
Name: a
Version: 1
Home-page: https://a.example.org
Download-URL: https://a.example.org/files
Project-URL: Issues, https://a.example.org/issues
Platform: Linux
License-File: LICENSE
"""


@pytest.mark.parametrize(
    ("more", "download"),
    [
        ("", "https://a.example.org/files"),
        ("Project-URL: Download, https://get.example.org\n", "https://get.example.org"),
    ],
)
def test_every_field_of_a_build_is_kept_or_reported(
    more: str, download: str, tmp_path: Path
) -> None:
    """The download URL becomes one of the URLs; what [project] has no key for is reported."""
    (tmp_path / "METADATA").write_text(BUILT + more, "utf-8")
    report = Report()

    table = metadata.standard(PathDistribution(tmp_path), tmp_path, report)

    assert table == {
        "name": "a",
        "version": "1",
        "license-files": ["LICENSE"],
        "urls": {
            "Homepage": "https://a.example.org",
            "Issues": "https://a.example.org/issues",
            "Download": download,
        },
    }
    assert [item.what for item in report.items] == ['platforms ["Linux"]']


A, B = "https://git.example.org/a", "https://git.example.org/b"


@pytest.mark.parametrize(
    ("urls", "expected", "lines"),
    [
        pytest.param(
            {"Homepage": A, "Source Code": f"{B}.git"},
            {"Repository": B, "Homepage": A},
            [
                f"updated project.urls.Repository {B} (before, Source Code {B}.git)",
                f"kept project.urls.Homepage {A}",
            ],
            id="source code",
        ),
        pytest.param(
            {"repository": B},
            {"Repository": B},
            [f"updated project.urls.Repository {B} (before, repository {B})"],
            id="another case",
        ),
        pytest.param(
            {"Homepage": A},
            {"Repository": A, "Homepage": A},
            [f"added project.urls.Repository {A}", f"kept project.urls.Homepage {A}"],
            id="homepage",
        ),
        pytest.param(
            {"Repository": A, "GitHub": B},
            {"Repository": A, "GitHub": B},
            [f"kept project.urls.Repository {A}", f"kept project.urls.GitHub {B}"],
            id="two",
        ),
    ],
)
def test_url_of_the_repository(
    urls: Mapping[str, str],
    expected: Mapping[str, str],
    lines: list[str],
    repository: Path,
    run_adopt: Adopt,
) -> None:
    """The repository's URL is found by the labels that PyPI knows, and is there once."""
    table = document.literal(dict(urls))
    wrote("pyproject.toml", f'[project]\nname = "my-tool"\nversion = "1"\nurls = {table}\n')(
        repository
    )

    adoption = run_adopt(repository)

    assert adoption.project["project"]["urls"] == expected
    assert [line for line in adoption.items if "project.urls" in line] == lines


FLIT = """
[build-system]
requires = ["flit_core>=3.12,<4"]
build-backend = "flit_core.buildapi"

[tool.flit.metadata]
module = "my_tool"
author = "Ada Okafor"
home-page = "https://git.example.org/my-tool"
requires = ["rich>=13"]
license = "MIT"
"""


def test_older_form_of_flit(repository: Path, run_adopt: Adopt) -> None:
    """The metadata that Flit had before [project] is asked from Flit."""
    module = '"""Does it."""\n\n__version__ = "0.3"\n'
    wrote("pyproject.toml", FLIT, **{"my_tool/__init__.py": module, "NOTICE": ""})(repository)

    adoption = run_adopt(repository)
    project = adoption.project["project"]

    assert (project["name"], project["version"]) == ("my-tool", "0.3")
    assert "rich>=13" in project["dependencies"]
    assert project["license-files"] == ["LICENSE", "NOTICE"]
    assert adoption.to_do[0].startswith("The version was dynamic. It is 0.3 in pyproject.toml now")


POETRY = """
[tool.poetry]
name = "my-tool"
version = "1"
description = ""
authors = []
license = "MIT"
packages = [{ include = "my_tool" }, { include = "more", from = "lib" }]
include = ["data.csv", { path = "docs", format = "sdist" }]
exclude = ["my_tool/secret.txt"]
build = "build.py"
requires-poetry = ">=2"
"""


@pytest.mark.parametrize(
    ("files", "before", "to_move"),
    [
        pytest.param(
            {"pyproject.toml": '[project]\nname = "a"\nversion = "1"\nreadme = "README.rst"\n'},
            "README.rst",
            "README.rst",
            id="pyproject.toml",
        ),
        pytest.param(
            {
                "pyproject.toml": (
                    '[project]\nname = "a"\nversion = "1"\n'
                    'readme = { text = "Hi", content-type = "text/plain" }\n'
                )
            },
            "a text",
            "a text",
            id="text",
        ),
        pytest.param(
            {
                "pyproject.toml": (
                    '[tool.poetry]\nname = "a"\nversion = "1"\ndescription = ""\nauthors = []\n'
                    'readme = ["README.md", "NEWS.md"]\n'
                )
            },
            "README.md, NEWS.md",
            "NEWS.md",
            id="Poetry",
        ),
        pytest.param(
            {
                "pyproject.toml": "",
                "setup.cfg": "[metadata]\nname = a\nlong_description = file: DESCRIPTION.rst\n",
                "DESCRIPTION.rst": "Mine.\n\nAll mine.\n",
            },
            "DESCRIPTION.rst",
            "DESCRIPTION.rst",
            id="setup.cfg",
        ),
    ],
)
def test_another_readme_is_named(
    files: Mapping[str, str], before: str, to_move: str, repository: Path, run_adopt: Adopt
) -> None:
    """The wheel's description becomes README.md; the report names the files that it had before."""
    wrote(".gitignore", "", **files)(repository)

    adoption = run_adopt(repository)

    assert adoption.errors == ""
    assert adoption.project["project"]["readme"] == "README.md"
    assert f"updated project.readme README.md (before, {before})" in adoption.items
    sentence = "The wheel's description is README.md now. Move there what it was before:"
    assert f"{sentence} {to_move}." in adoption.to_do


@pytest.mark.parametrize(
    ("description", "expected"),
    [
        ("", ""),
        ("What it is.\n", "README.rst"),
        ("What it is.\n\n0.1\n\nFirst.", "README.rst, NEWS.rst"),
        ("Something else", "a text of the build"),
    ],
)
def test_files_of_a_description(description: str, expected: str, tmp_path: Path) -> None:
    """The text of a built description tells which files it came from."""
    for name, text in {"README.rst": "What it is.\n", "NEWS.rst": "0.1\n\nFirst.\n"}.items():
        (tmp_path / name).write_text(text, "utf-8")
    (tmp_path / "empty.txt").touch()

    assert metadata.readme_of(description, tmp_path) == expected


def test_every_item_of_poetry_is_reported(repository: Path, run_adopt: Adopt) -> None:
    """What migrate-to-uv leaves out of [tool.poetry] is named, with what to write in its place."""
    wrote("pyproject.toml", POETRY, **{"lib/more/__init__.py": ""})(repository)

    adoption = run_adopt(repository)

    wheel = adoption.project["tool"]["hatch"]["build"]["targets"]["wheel"]
    assert wheel == {"packages": ["my_tool"]}
    assert [line for line in adoption.items if "tool.poetry" in line] == [
        'removed tool.poetry.build "build.py" (hatchling builds the project)',
        'removed tool.poetry.exclude ["my_tool/secret.txt"] (hatchling builds the project)',
        (
            'removed tool.poetry.include ["data.csv", { path = "docs", format = "sdist" }] '
            "(hatchling builds the project)"
        ),
        (
            'removed tool.poetry.packages [{ include = "my_tool" }, '
            '{ include = "more", from = "lib" }] (hatchling builds the project)'
        ),
        'removed tool.poetry.requires-poetry ">=2" (uv locks the project)',
    ]
    assert adoption.to_do[:4] == [
        (
            "[tool.poetry] packages names lib/more. What the wheel needs of it goes to `packages` "
            "of [tool.hatch.build.targets.wheel]."
        ),
        (
            "[tool.poetry] include names data.csv. What the wheel needs of it and is outside the "
            'package goes to [tool.hatch.build.targets.wheel]: force-include."tool.py" = "tool.py".'
        ),
        (
            "[tool.poetry] exclude names my_tool/secret.txt. To keep it out of the wheel, write "
            '`exclude = ["my_tool/secret.txt"]` into [tool.hatch.build.targets.wheel].'
        ),
        '[tool.poetry] build is "build.py". Write a build hook of hatchling in its place.',
    ]


def test_pipfile_is_converted(repository: Path, run_adopt: Adopt) -> None:
    """Dependencies of Pipenv become those of the project and of its group dev."""
    wrote("Pipfile", '[packages]\nrich = "~=13.0"\n[dev-packages]\nnose2 = "*"\n')(repository)

    project = run_adopt(repository).project

    assert "rich~=13.0" in project["project"]["dependencies"]
    assert "nose2" in project["dependency-groups"]["dev"]
    assert project["project"]["version"] == "1.2.3"


def test_sources_of_pip_compile_are_read(tmp_path: Path) -> None:
    """Of a requirement file and its pins, the one that people write is read."""
    for name, text in {
        "requirements.in": "rich",
        "requirements.txt": "rich==13.9\npygments==2",
        "requirements/dev.in": "-r docs.txt\npytest\npytest",
        "requirements/dev.txt": "pytest==8",
        "requirements/docs.in": "sphinx",
        "requirements/docs.txt": "sphinx==7\nbabel==2",
        "requirements/old.txt": "nose",
    }.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(f"{text}\n", "utf-8")
    report = Report()

    project = metadata.read(tmp_path, report)

    assert project.table["dependencies"] == ["rich"]
    assert project.groups == {"dev": ["sphinx", "pytest"]}
    assert report.to_do == [
        (
            "requirements/old.txt is not read. Add what you need by "
            "`uv add --dev -r requirements/old.txt`."
        )
    ]


@pytest.mark.parametrize("answer", [answer for answer, _ in answers.LICENCE_TEXTS])
def test_licence_is_found_by_its_text(answer: str) -> None:
    """The text of each licence that Tenon offers answers the question, and so does its name."""
    text = (ROOT / "extensions" / "licenses" / f"{answer}.txt").read_text("utf-8")

    assert answers.licence_of(metadata.Project(), text) == answer
    assert answers.licence_of(metadata.Project(table={"license": answer}), "") == answer


def test_ignored_files_are_named(repository: Path, run_adopt: Adopt) -> None:
    """If the owner's .gitignore hides a file of Tenon from git, the report says so."""
    wrote(".gitignore", "server/\n")(repository)

    to_do = run_adopt(repository).to_do

    assert (
        ".gitignore ignores my_tool/core/server/run.py, which is Tenon's. "
        "Correct the pattern, or use git add -f."
    ) in to_do


def test_pinned_python(repository: Path, run_adopt: Adopt) -> None:
    """The report says so if the pinned Python is too old for the first `uv lock`."""
    wrote(".python-version", "3.9.18\n")(repository)

    to_do = run_adopt(repository).to_do

    assert ".python-version says 3.9: too old. Run uv python pin 3.11 first." in to_do


def test_build_that_fails_is_named(repository: Path, run_adopt: Adopt) -> None:
    """If a setup.py fails, the rest is adopted, and the report says what is missing."""
    wrote("setup.py", "raise SystemExit(3)\n", **{"pyproject.toml": ""})(repository)

    adoption = run_adopt(repository)

    assert adoption.status == 0
    assert any(line.startswith("The build backend gives no metadata") for line in adoption.to_do)


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("setup.cfg", "[metadata]\nversion = 1.2\n", True),
        ("setup.cfg", "[metadata]\nversion = attr: pkg.__version__\n", False),
        ("setup.cfg", "[metadata]\nversion = file: VERSION\n", False),
        ("setup.py", 'setup(name="a", version="1.2")', True),
        ("setup.py", "setup(version=pkg.__version__)", False),
        ("setup.py", "setup(use_scm_version=True)", False),
    ],
)
def test_version_that_the_build_finds(
    name: str, text: str, tmp_path: Path, *, expected: bool
) -> None:
    """A version that is read from elsewhere is dynamic in setup.cfg and setup.py, too."""
    (tmp_path / name).write_text(text, "utf-8")

    assert metadata.has_literal_version(tmp_path) is expected


@pytest.mark.parametrize("was_dynamic", [True, False])
def test_version_of_a_project_with_releases(
    repository: Path, run_adopt: Adopt, *, was_dynamic: bool
) -> None:
    """With `release_workflow`, the version comes from git tags; the report says what was there."""
    if was_dynamic:
        wrote("pyproject.toml", FLIT)(repository)
        module = repository / "my_tool" / "__init__.py"
        module.write_text('"""Does it."""\n\n__version__ = "1.2.3"\n', "utf-8")
        commit_all(repository)

    adoption = run_adopt(repository, "--data=ci=github", "--data=release_workflow=yes")

    assert "version" not in adoption.project["project"]
    assert "version" in adoption.project["project"]["dynamic"]
    tag = "git tag v1.2.3 COMMIT."
    assert any(sentence.endswith(tag) for sentence in adoption.to_do) != was_dynamic


def test_requirement_files(tmp_path: Path) -> None:
    """Includes, hashes, continued lines and comments are read; a circle of includes ends."""
    (tmp_path / "requirements.txt").write_text(
        "-r more.txt\n# none\nrich==13 \\\n    --hash=sha256:00\n-e .\n./local\n", "utf-8"
    )
    (tmp_path / "more.txt").write_text("--requirement requirements.txt\nclick # cli\n", "utf-8")

    found, rest, files = requirements(tmp_path, "requirements.txt")

    assert list(map(str, found)) == ["click", "rich==13"]
    assert rest == ["requirements.txt: ./local"]
    assert files == {"requirements.txt", "more.txt"}


def test_pinned_requirements_are_not_dependencies(tmp_path: Path) -> None:
    """requirements.txt beside metadata with dependencies is a list of pins: it stays as it is."""
    (tmp_path / "pyproject.toml").write_text(
        '[project]\nname = "a"\ndependencies = ["Rich>=13"]\n', "utf-8"
    )
    (tmp_path / "requirements.txt").write_text("rich==13.9\npygments==2\n", "utf-8")
    report = Report()

    project = metadata.read(tmp_path, report)

    assert project.table["dependencies"] == ["Rich>=13"]
    assert report.to_do == [
        (
            "requirements.txt is not merged, because the metadata has dependencies. "
            "Only this file names: pygments."
        )
    ]


@pytest.mark.parametrize(
    ("requires", "expected"),
    [
        ("", "3.11"),
        (">=3.8", "3.11"),
        (">=3.12,<4", "3.12"),
        ("~=3.13", "3.13"),
        (">=3.99", "3.15"),
    ],
)
def test_oldest_python(requires: str, expected: str) -> None:
    """python_min is the oldest version that both the project and Tenon support."""
    assert answers.lowest(requires, command.PYTHONS) == expected


def test_document_writes_where_the_markers_say() -> None:
    """Keys and items go below the markers, else to the end of their table or array."""
    text = (
        "[a]\nx = [\n  1,\n  # Your own numbers go below this line.\n  2,\n]\n"
        "y = [1]\n# Your own keys go below this line.\nz = 1\n\n[b.'c.d']\nk = 1\n\n"
        "[[e]]\nf = [\n  1,\n]\n\n# Your own tables go below this line.\n"
    )
    edited = document.Document.of(text)

    edited.add_items(("a", "x"), [3])
    edited.add_items(("a", "y"), [2])
    edited.add_key(("a", "own"), {"deep": ["list"]})
    edited.add_key(("b", "c.d", "own"), value=True)
    edited.add_key(("new", "own"), "text")

    assert edited.text() == (
        "[a]\nx = [\n  1,\n  # Your own numbers go below this line.\n  3,\n  2,\n]\n"
        'y = [1, 2]\n# Your own keys go below this line.\nown = { deep = ["list"] }\nz = 1\n\n'
        "[b.'c.d']\nk = 1\nown = true\n\n"
        "[[e]]\nf = [\n  1,\n]\n\n# Your own tables go below this line.\n"
        '\n[new]\nown = "text"\n'
    )
