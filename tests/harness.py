"""Render the template quickly, release it to a git repository, and list the rendered files."""

import ast
import atexit
import re
import shutil
import stat
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from copy import deepcopy
from functools import cache
from pathlib import Path
from types import CodeType
from typing import Any, ClassVar, NamedTuple
from unittest import mock

import copier
import copier._main
import copier._template
import yaml
from copier._cli import CopierApp
from copier._jinja_ext import CopierTemplateLoader, SandboxedEnvironment
from copier._main import Worker
from copier._template import load_template_config
from copier._vcs import clone, get_repo
from covertable import make  # type: ignore[import-untyped]  # it has no types
from jinja2 import Environment, FileSystemLoader, nodes
from jinja2.nativetypes import NativeEnvironment

ROOT = Path(__file__).parents[1]
COPIER = ROOT / ".venv" / "bin" / "copier"

DEFAULTS: Mapping[str, object] = {"project_name": "My Service"}
"""The answers of every render that does not give others."""

Compiled = dict[tuple[str, str | None], CodeType]


class UnknownAnswerError(ValueError):
    """An answer to a question that copier.yml does not ask; Copier would ignore it in silence."""


class RememberingEnvironment(SandboxedEnvironment):
    """Jinja as Copier sets it up, which compiles each source once a process, not once a copy."""

    compiled: ClassVar[Compiled] = {}

    def compile(  # type: ignore[override]  # we never ask for the raw Python
        self,
        source: str | nodes.Template,
        name: str | None = None,
        filename: str | None = None,
    ) -> CodeType:
        """Return the code of a source; a `yield` tag has effects when it is parsed.

        The file name, which only tracebacks show, is that of the first one: each update clones the
        template to a new folder.
        """
        if not isinstance(source, str) or re.search(r"\{%-?\s*yield\b", source):
            return super().compile(source, name, filename)
        key = (source, name)
        if key not in self.compiled:
            self.compiled[key] = super().compile(source, name, filename)
        return self.compiled[key]


CONFIGS: dict[bytes, dict[str, Any]] = {}
"""Parsed copier.yml files, by their text."""


def _config(path: Path) -> dict[str, Any]:
    """Read copier.yml, once for each content; ours includes no other file."""
    content = path.read_bytes()
    if content not in CONFIGS:
        CONFIGS[content] = load_template_config(path)
    return deepcopy(CONFIGS[content])


def _repository(url: str, found: Callable[[str], str | None] = get_repo) -> str | None:
    """Ask git about a template's address, but not about a folder that has no repository."""
    return None if Path(url).is_dir() and not Path(url, ".git").exists() else found(url)


CLONES: dict[tuple[str, str, str], str] = {}
"""Clones of templates, by address, reference and the state of the repository; Copier only reads."""


def _clone(url: str, ref: str = "HEAD", location: str | None = None) -> str:
    """Clone a release once a process; an update would clone the same one five times."""
    if ref == "HEAD" or not Path(url).is_dir():  # it may have changes that are not committed
        return clone(url, ref, location)
    key = (url, ref, git(Path(url), "for-each-ref", "--format=%(objectname) %(refname)"))
    if key not in CLONES:
        folder = tempfile.mkdtemp()
        atexit.register(shutil.rmtree, folder)
        CLONES[key] = clone(url, ref, folder)
    return CLONES[key]


RENDER_STRING = vars(Worker)["_render_string"]
ANSWERS_PATH = vars(Worker)["answers_relpath"].fget


def _render_string(worker: Worker, string: str, *arguments: Any, **options: Any) -> str:  # noqa: ANN401  (Copier's)
    """Render a part of a path, or return it if it is plain: its context takes most of the time."""
    if "{" not in string:
        return string
    rendered: str = RENDER_STRING(worker, string, *arguments, **options)
    return rendered


def _answers_path(worker: Worker) -> Path:
    """Return the path of the answers file, which Copier asks for at each part of a path."""
    path = str(worker.answers_file or worker.template.answers_relpath)
    if "{" not in path:
        return Path(path)
    rendered: Path = ANSWERS_PATH(worker)
    return rendered


RENDER_PATH = vars(Worker)["_render_path"]
RENDER_TEMPLATE = vars(Worker)["_render_template"]


def _render_path(worker: Worker, path: Path) -> Iterator[tuple[Path, dict[str, Any] | None]]:
    """Render a path, or return it if it is plain: the steps through its parts take long."""
    plain = "{" not in str(path) and str(worker.answers_relpath) not in path.parts
    if plain and not worker.template.templates_suffix:
        yield path, {}
    else:
        yield from RENDER_PATH(worker, path)


def _render_template(worker: Worker) -> None:
    """Render all files with one context: the answers are complete, so it is always the same."""
    context = dict(worker._render_context())  # noqa: SLF001  (Copier offers no switch)

    def same(_: Worker) -> dict[str, Any]:  # a mock would take longer than Copier
        return context

    with mock.patch.object(Worker, "_render_context", same):
        RENDER_TEMPLATE(worker)


@contextmanager
def fast(environment: type[SandboxedEnvironment] = RememberingEnvironment) -> Iterator[None]:
    """Take the slow parts out of Copier: git processes for each file, repeated clones and parsing.

    What comes out is the same, as test_copies.py shows.
    """
    main, source = copier._main, copier._template  # noqa: SLF001  (Copier offers no switch)
    with (
        mock.patch.object(Worker, "_sync_git_index_executable_bit", return_value=None),
        mock.patch.object(Worker, "_render_string", _render_string),
        mock.patch.object(Worker, "_render_path", _render_path),
        mock.patch.object(Worker, "_render_template", _render_template),
        mock.patch.object(Worker, "answers_relpath", property(_answers_path)),
        # Without asking for each file whether it is a link to somewhere else.
        mock.patch.object(CopierTemplateLoader, "get_source", FileSystemLoader.get_source),
        mock.patch.object(main, "SandboxedEnvironment", environment),
        mock.patch.object(source, "load_template_config", _config),
        mock.patch.object(source, "get_repo", _repository),
        mock.patch.object(source, "clone", _clone),
    ):
        yield


@cache
def _parsed(text: str) -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load(text)
    return loaded


def settings(template: Path = ROOT) -> dict[str, Any]:
    """Return the content of copier.yml, which is parsed once a process."""
    return deepcopy(_parsed((template / "copier.yml").read_text("utf-8")))


def questions(template: Path = ROOT) -> dict[str, dict[str, Any]]:
    """Return the questions by name, in order, without the computed ones."""
    return {
        name: question
        for name, question in settings(template).items()
        if not name.startswith("_") and question.get("when") is not False
    }


def refused() -> dict[str, list[tuple[Any, str]]]:
    """Return the answers that are refused, each with its sentence, by question."""
    rows = yaml.safe_load((ROOT / "tests" / "refused.yml").read_text("utf-8"))
    return {name: [(value, sentence) for value, sentence in found] for name, found in rows.items()}


@cache
def _names(template: Path) -> frozenset[str]:
    return frozenset(questions(template))


def render(dst: Path, template: Path, answers: Mapping[str, object]) -> Path:
    """Render the template into `dst` with these answers and the defaults of all others.

    Raises:
        UnknownAnswerError: copier.yml does not ask one of them.
        ValueError: A validator refuses one of them.
    """
    unknown = answers.keys() - _names(template)
    if unknown:
        raise UnknownAnswerError(", ".join(sorted(unknown)))
    with fast():
        copier.run_copy(
            str(template), dst, data=dict(answers), defaults=True, quiet=True, overwrite=True
        )
    return dst


def update(project: Path, answers: Mapping[str, object], *, newest: bool = False) -> None:
    """Update a project in this process; its release stays the same, unless the newest is wanted.

    Raises:
        UnknownAnswerError: copier.yml does not ask one of them.
    """
    unknown = answers.keys() - questions().keys()
    if unknown:
        raise UnknownAnswerError(", ".join(sorted(unknown)))
    with fast():
        copier.run_update(
            project,
            data=dict(answers),
            defaults=True,
            overwrite=True,
            quiet=True,
            vcs_ref=None if newest else copier.VcsRef.CURRENT,
        )


def copier_command(*arguments: str | Path) -> int:
    """Run a command line of Copier in this process, without the slow parts; return its status.

    Raises:
        ValueError: A validator refuses an answer; the program shows it with its traceback.
    """
    with fast():
        _, status = CopierApp.run(["copier", *map(str, arguments)], exit=False)
    return int(status)


def environment(template: Path) -> SandboxedEnvironment:
    """Return the Jinja environment in which Copier renders the template."""
    return copier._main.Worker(src_path=str(template)).jinja_env  # noqa: SLF001  (as above)


def answer_sets() -> dict[str, dict[str, object]]:
    """Return the named answer sets of tests/answers."""
    return {
        path.stem: yaml.safe_load(path.read_text("utf-8"))
        for path in sorted((ROOT / "tests" / "answers").glob("*.yml"))
    }


SAMPLES: Mapping[str, list[object]] = {
    "coverage_minimum": [0, 90, 100],
    # The first answers to all questions, and the second, make sense.
    "example": [False, True],
    "release_workflow": [False, True],
    "user_name": ["", "Jane Doe"],
    "user_email": ["", "jane@example.org"],
    "repository_url": ["", "https://git.example.org/team/my-service"],
}
"""The values that stand for all of a question, where its choices don't."""


class Need(NamedTuple):
    """A need of a practice: an answer that is refused with an answer to another question."""

    name: str
    answer: object
    needed: str
    without: object


NEEDS: Sequence[Need] = (
    Need("example", True, "database", "none"),  # noqa: FBT003  (an answer)
    Need("background_jobs", "taskiq", "database", "none"),
    Need("background_jobs", "taskiq", "cache", "none"),
    Need("background_jobs", "taskiq", "cache", "memory"),
    Need("dependency_updates", "dependabot", "ci", "gitlab"),
    Need("release_workflow", True, "ci", "none"),  # noqa: FBT003  (an answer)
)
"""Every combination of answers that is refused."""


KINDS = ("service", "cli", "library")


def applies(question: Mapping[str, Any], kind: str) -> bool:
    """Return whether projects of a kind have a practice."""
    return bool(NativeEnvironment().from_string(question.get("when", "True")).render(kind=kind))


def labels_of(question: Mapping[str, Any], kind: str = KINDS[0]) -> dict[Any, Any]:
    """Return the values of a question's choices by what a terminal shows, for a kind of project."""
    choices = question.get("choices", [])
    if isinstance(choices, str):
        blocks = Environment(block_start_string="# {%", trim_blocks=True)  # noqa: S701  (no HTML)
        choices = yaml.safe_load(blocks.from_string(choices).render(kind=kind))
    shown = choices if isinstance(choices, dict) else dict(zip(choices, choices, strict=True))
    return {
        label: choice["value"] if isinstance(choice, dict) else choice
        for label, choice in shown.items()
    }


def choices_of(question: Mapping[str, Any]) -> list[Any]:
    """Return the values of a question's choices."""
    return list(labels_of(question).values())


def values(kind: str = KINDS[0]) -> dict[str, list[object]]:
    """Return the values to combine, by question of a kind; names have answer sets of their own."""
    found: dict[str, list[object]] = {}
    for name, question in questions().items():
        choices = [kind] if name == "kind" else choices_of(question)
        if not applies(question, kind):
            continue
        if name in SAMPLES:
            found[name] = SAMPLES[name]
        elif choices:
            found[name] = choices
        elif question["type"] == "bool":
            found[name] = [True, False]
    return found


@cache
def default_of(name: str) -> Callable[[Mapping[str, object]], object]:
    """Return the function that computes a default from the previous answers."""
    default = questions()[name]["default"]
    # A native render makes a number of "3.11".
    if isinstance(default, str) and "{{" in default:
        return NativeEnvironment().from_string(default).render
    return lambda _: default


def completed(answers: Mapping[str, object]) -> dict[str, object]:
    """Return the answers to all questions whose values are combined: these, and the defaults."""
    found: dict[str, object] = {}
    for name in values(str(answers.get("kind", KINDS[0]))):
        found[name] = answers[name] if name in answers else default_of(name)(found)
    return found


def makes_sense(answers: Mapping[str, object]) -> bool:
    """Return whether no answer contradicts a need."""
    return not any(
        answers.get(need.name) == need.answer and answers.get(need.needed) == need.without
        for need in NEEDS
    )


def only(need: Need) -> dict[str, object]:
    """Return answers with this need only."""
    off = {other.name: "none" if isinstance(other.answer, str) else False for other in NEEDS}
    return {**off, need.name: need.answer}


def pairs(
    pool: Mapping[str, Sequence[object]],
    known: Sequence[Mapping[str, object]] = (),
    salt: str = "",
) -> list[dict[str, Any]]:
    """Return answers that make sense, in which every pair of values that can meet occurs.

    Args:
        pool: The values of each question.
        known: Answers that are there already. What is returned leaves out their pairs.
        salt: Changes the order in which pairs are taken, and so the number of rows.
    """
    constraints = [
        {
            "operator": "or",
            "conditions": [
                {"operator": "ne", "left": need.name, "value": need.answer},
                {"operator": "ne", "left": need.needed, "value": need.without},
            ],
        }
        for need in NEEDS
    ]
    rows: list[dict[str, Any]] = make(pool, constraints=constraints, presets=list(known), salt=salt)
    return [row for row in rows if row not in known]


def covering() -> list[dict[str, object]]:
    """Return answers in which every pair of values of any two questions of a kind occurs."""
    return [
        {"kind": kind, **row}
        for kind in KINDS
        for row in pairs({name: found for name, found in values(kind).items() if len(found) > 1})
    ]


def copy_template(dst: Path) -> Path:
    """Copy the files of the working tree that Copier reads to `dst`."""
    dst.mkdir(parents=True)
    shutil.copy2(ROOT / "copier.yml", dst)
    shutil.copytree(ROOT / "template", dst / "template")
    macros = dst / "extensions"
    macros.mkdir()
    for source in (ROOT / "extensions").glob("*.jinja"):
        shutil.copy2(source, macros)
    for folder in ("kinds", "licenses", "practices"):
        shutil.copytree(ROOT / "extensions" / folder, macros / folder)
    return dst


def git(folder: Path, *arguments: str) -> str:
    """Run git in a folder and return what it printed; its whole output is the failure's message."""
    done = subprocess.run(
        ["git", *arguments], cwd=folder, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"git {' '.join(arguments)}\n{done.stdout}{done.stderr}"
    return done.stdout


def commit_all(folder: Path, message: str = "change") -> None:
    """Commit everything in a folder, which becomes a repository if it is none."""
    if not (folder / ".git").exists():
        git(folder, "init", "--quiet")
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message", message)


def git_template(dst: Path) -> Path:
    """Release the working tree's template as v1.0.0 of a git repository at `dst`."""
    copy_template(dst)
    commit_all(dst, "Release 1.0.0")
    git(dst, "tag", "v1.0.0")
    return dst


def tree(path: Path) -> dict[str, bytes]:
    """Return the content of each file by its path.

    An executable's path ends in "*"; an empty folder's, whose content is empty, in "/".
    """
    found = {}
    for entry in sorted(path.rglob("*")):
        name = entry.relative_to(path)
        if name.parts[0] == ".git":
            continue
        if entry.is_dir():
            if not any(entry.iterdir()):
                found[f"{name.as_posix()}/"] = b""
        else:
            mark = "*" if entry.stat().st_mode & stat.S_IXUSR else ""
            found[f"{name.as_posix()}{mark}"] = entry.read_bytes()
    return found


def imported(source: str) -> Iterator[str]:
    """Yield the modules that Python code imports; of `from a import b` both a and a.b."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (item.name for item in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module is not None:
            yield node.module
            yield from (f"{node.module}.{item.name}" for item in node.names)
