"""Every variant is clean text that parses, and the template's sources keep to the rules."""

import re
import subprocess
import sys
import tomllib
import warnings
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from jinja2 import nodes

from conftest import Variant
from harness import DEFAULTS, ROOT, answer_sets, covering, environment, git, tree

# Only these files may have conditionals; elsewhere whole files are toggled.
WITH_CONDITIONALS = re.compile(
    r"^(pyproject\.toml|\.\./extensions/kinds/\w+/practices|\.github/.*|\.gitlab-ci\.yml)$"
)
# These files collect texts of the practices.
WITH_LOOPS = re.compile(
    rf"{WITH_CONDITIONALS.pattern}"
    r"|^(\.env\.example|\.pre-commit-config\.yaml|README\.md|docs/reference\.md"
    r"|\.\./extensions/kinds/\w+/\w+\.md|\{\{ package_path \}\}/practice_commands\.py)$"
)

# Python in Markdown.
PYTHON = re.compile(r"(?ms)^```python\n.*?^```$")

# Only their presence counts.
EMPTY = re.compile(r"(^|/)py\.typed$")

# The licences are their authors' texts, letter by letter.
VERBATIM = re.compile(r"/LICENSE$")

# `${{ }}` is a workflow's own.
LEFTOVERS = re.compile(
    r"(?<!\$)\{\{[ -]|\{%|%\}|\{#|#\}"
    r"|<<<<<<<|>>>>>>>"
    r"|\b(?:Undefined|package_name|package_path|distribution_name|project_name)\b"
)


@pytest.fixture(scope="session")
def variants(variant: Variant) -> dict[str, Path]:
    """Return the named answer sets, and a covering set in which all pairs of answers occur."""
    pairs = {f"pairs-{number:02}": answers for number, answers in enumerate(covering())}
    return {
        name: variant(**{**DEFAULTS, **answers})
        for name, answers in {**answer_sets(), **pairs}.items()
    }


@pytest.fixture(scope="session")
def files(variants: dict[str, Path]) -> dict[str, bytes]:
    """Return the content of every file of every variant, by variant and path."""
    return {
        f"{name}/{path}": content
        for name, project in variants.items()
        for path, content in tree(project).items()
    }


def test_covering_set_covers(variants: dict[str, Path]) -> None:
    """The variants are many, and no two of their answers files are the same."""
    recorded = [(path / ".copier-answers.yml").read_bytes() for path in variants.values()]

    assert len(variants) > 20
    assert len(set(recorded)) >= len(recorded) - 2  # the first pairs may be named sets too


def test_no_leftover_syntax(files: dict[str, bytes]) -> None:
    """No file shows a trace of the template language, of its names, or of a conflict."""
    left = {
        name: found.group()
        for name, content in files.items()
        if not name.endswith(".copier-answers.yml")
        and (found := LEFTOVERS.search(content.decode()))
    }

    assert left == {}


def test_everything_parses(files: dict[str, bytes]) -> None:
    """Python compiles without a warning, and TOML and YAML can be read."""
    parsers: dict[str, Callable[[str], object]] = {
        "py": lambda text: compile(text, "rendered", "exec", dont_inherit=True),
        "toml": tomllib.loads,
        "yml": lambda text: list(yaml.safe_load_all(text)),
        "yaml": lambda text: list(yaml.safe_load_all(text)),
    }
    parsed: Counter[str] = Counter()
    for name, content in files.items():
        suffix = name.rpartition(".")[2]
        if suffix in parsers:
            with warnings.catch_warnings():
                warnings.simplefilter("error")
                parsers[suffix](content.decode())
            parsed[suffix] += 1

    assert parsed.keys() >= {"py", "toml", "yml"}


def test_no_empty_file_or_folder(files: dict[str, bytes]) -> None:
    """Every file says something, and every folder holds something."""
    empty = {
        name
        for name, content in files.items()
        if name.endswith("/") or (not content.strip() and not EMPTY.search(name))
    }

    assert empty == set()


def test_white_space(files: dict[str, bytes]) -> None:
    """Lines end where their text ends, by a single line feed; two blank lines are Python's."""
    faults = {}
    for name, content in files.items():
        text = content.decode()
        if not text:
            continue
        found = [
            fault
            for fault, bad in {
                "carriage return": "\r" in text,
                "tab": "\t" in text,
                "white space at the end of a line": not VERBATIM.search(name)
                and re.search(r"[ \t]$", text, re.MULTILINE),
                "no final line feed": not text.endswith("\n"),
                "blank line at the end": text.endswith("\n\n"),
                "blank line at the start": not VERBATIM.search(name) and text.startswith("\n"),
                "blank lines": "\n\n\n" in PYTHON.sub("python", text)
                and not name.endswith((".py", ".mako")),
                "more than two blank lines": "\n\n\n\n" in text,
            }.items()
            if bad
        ]
        if found:
            faults[name] = found

    assert faults == {}


@pytest.mark.parametrize(
    "command",
    [["format", "--check"], ["check", "--output-format=concise"]],
    ids=["format", "check"],
)
def test_ruff_is_content(variants: dict[str, Path], command: list[str]) -> None:
    """Every variant is formatted and linted clean, by its own settings."""
    done = subprocess.run(
        [sys.executable, "-m", "ruff", *command, "--no-cache", "--quiet", *variants.values()],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stdout[:5000]


def test_names_are_portable(files: dict[str, bytes]) -> None:
    """File names are plain, short, and differ by more than case, on any system."""
    paths = {name.partition("/")[2].rstrip("*") for name in files}
    odd = {path for path in paths if not re.fullmatch(r"[A-Za-z0-9._/-]+", path)}
    reserved = {
        path
        for path in paths
        for part in path.split("/")
        if part.split(".")[0].lower() in {"con", "prn", "aux", "nul"} or part.endswith(".")
    }
    clashes = {
        folded: count for folded, count in Counter(map(str.lower, paths)).items() if count > 1
    }

    assert (odd, reserved, clashes) == (set(), set(), {})
    assert max(map(len, paths)) < 120


def test_nothing_is_ignored_by_git(variants: dict[str, Path], tmp_path: Path) -> None:
    """Git ignores no rendered file: an update would overwrite it beyond recovery."""
    git(tmp_path, "init", "--quiet")
    ignored = {}
    for name, project in variants.items():
        done = subprocess.run(
            [
                "git",
                f"--git-dir={tmp_path / '.git'}",
                f"--work-tree={project}",
                "check-ignore",
                "--no-index",
                "--stdin",
            ],
            cwd=project,
            input="\n".join(path.rstrip("*") for path in tree(project)),
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 1:  # the status that says that none is ignored
            ignored[name] = done.stdout + done.stderr

    assert ignored == {}


def test_secrets_are_ignored_by_git(variants: dict[str, Path], tmp_path: Path) -> None:
    """Git ignores what a project must not commit: .env, environments and what tools leave."""
    project = next(iter(variants.values()))
    git(tmp_path, "init", "--quiet")
    (tmp_path / ".gitignore").write_bytes((project / ".gitignore").read_bytes())
    wanted = [".env", ".venv/bin/python", ".coverage", "src/x/__pycache__/a.pyc", "dist/x.whl"]

    ignored = git(tmp_path, "check-ignore", "--no-index", *wanted).splitlines()

    assert ignored == wanted


# The sources


def sources() -> dict[str, str]:
    """Return the text of the template's files by path, with those that a kind has of its own."""
    folder = ROOT / "template"
    found = {
        path.relative_to(folder).as_posix(): path.read_text(encoding="utf-8")
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }
    return found | {
        f"../{path.relative_to(ROOT).as_posix()}": path.read_text(encoding="utf-8")
        for path in sorted((ROOT / "extensions" / "kinds").rglob("*"))
        if path.is_file()
    }


def test_no_symbolic_links() -> None:
    """The template is plain files and folders; Copier would follow a link on some systems only."""
    assert [path for path in (ROOT / "template").rglob("*") if path.is_symlink()] == []
    assert [path for path in (ROOT / "extensions").rglob("*") if path.is_symlink()] == []


def test_conditionals_are_in_few_files(template: Path) -> None:
    """One file and those of CI have conditionals; few more have loops over the practices."""
    jinja = environment(template)
    conditional, looping = set(), set()
    for path, text in sources().items():
        parsed = jinja.parse(text)
        loops = list(parsed.find_all(nodes.For))
        if loops:
            looping.add(path)
        if any(parsed.find_all((nodes.If, nodes.CondExpr))) or any(item.test for item in loops):
            conditional.add(path)

    assert {"pyproject.toml", "../extensions/kinds/service/practices"} <= conditional
    assert {".env.example", "../extensions/kinds/cli/guide.md", "docs/reference.md"} <= looping
    assert {path for path in conditional if not WITH_CONDITIONALS.search(path)} == set()
    assert {path for path in looping if not WITH_LOOPS.search(path)} == set()


def test_block_lines_stand_alone() -> None:
    """A block is a comment line of its own, so that the source is valid and the whole line goes."""
    lines = {
        f"{path}:{number}": line
        for path, text in sources().items()
        for number, line in enumerate(text.splitlines(), 1)
        if "{%" in line
    }

    assert {
        place: line
        for place, line in lines.items()
        if not re.fullmatch(r"\s*# \{%-? .* -?%\}", line)
    } == {}


def test_paths_have_no_conditionals() -> None:
    """Paths have two variables only: the package's path and the name of the answers file."""
    tokens = {token for path in sources() for token in re.findall(r"\{[{%#].*?[}%#]\}", path)}

    assert tokens == {"{{ package_path }}", "{{ _copier_conf.answers_file }}"}


# The words


BANNED = re.compile(
    r"\b(?:whoever|nobody|somebody|anew|dear|mend|of\s+ours|is\s+told|let\s+go\s+of)\b"
    r"|\bMOST_|_AT_ONCE\b"
    # A response is no answer: those are the questionnaire's.
    r"|\banswer(?:s|ed)?\s+(?:with\s+)?(?:(?:a|an|the|every)\s+(?:client|error|request|probe|scrape)|\d{3})\b",
    re.IGNORECASE,
)
"""Words that readers, many of whom are no native speakers, have to read twice."""

WRITTEN = (
    "template",
    "extensions",
    "docs",
    "copier.yml",
    *(path.name for path in ROOT.glob("*.md")),
)
"""The folders and files that users and maintainers read."""


def test_words_are_plain() -> None:
    """No text and no name has a banned word."""
    files = [
        file
        for name in WRITTEN
        for file in ([ROOT / name] if (ROOT / name).is_file() else sorted((ROOT / name).rglob("*")))
        if file.is_file() and "__pycache__" not in file.parts and "licenses" not in file.parts
    ]
    found = {
        f"{file.relative_to(ROOT)}:{text.count(chr(10), 0, hit.start()) + 1}": hit.group()
        for file in files
        for text in [file.read_text(encoding="utf-8")]
        for hit in BANNED.finditer(text)
    }

    assert len(files) > 200
    assert found == {}
