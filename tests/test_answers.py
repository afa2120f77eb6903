"""Hostile text in every free-text question: refused, or written so that it reads back unchanged."""

import ast
import re
import shutil
import tomllib
import uuid
from collections.abc import Callable, Mapping
from functools import lru_cache
from itertools import chain
from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, given
from hypothesis import settings as budget
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from conftest import Variant
from harness import DEFAULTS, KINDS, environment, refused, render, tree

FREE = ("project_name", "project_description", "user_name")

SMALLEST: Mapping[str, object] = {"preset": "minimal", "agents_guide": True, "docs_site": True}
"""The answers of the smallest project in which a free text stands in every file that has one."""
NARROW = ("user_email", "repository_url", "package_name", "distribution_name")

# Text that people may write. Every question that takes free text takes all of it.
PLAIN = {
    "double quotes": 'a "b" c',
    "single quotes": "a 'b' c",
    "three double quotes": '"""a"""',
    "three single quotes": "'''a'''",
    "a quote at the end": 'a"',
    "backslashes": r"\a\n\u0041\\",
    "a backslash at the end": "a\\",
    "combining marks": "e\u0301le\u0300ve",
    "emoji": "😀 👩\u200d💻 🇩🇪",
    "right to left": "שלום עולם",
    "wide": "日本語　テキスト",
    "beyond the basic plane": "\U00020000 \U0001d4b3",
    "a private character": "a\ue000b",
    "a no-break space": "a\u00a0b",
    "many spaces": "a     b",
    "the number sign": "C# # c ##",
    "YAML mapping": "a: b",
    "YAML list": "- a",
    "YAML flow": "{a: [b]}",
    "YAML anchor": "&a *b !c",
    "YAML null": "null",
    "YAML bool": "no",
    "YAML number": "1e3",
    "YAML date": "2020-01-01",
    "YAML octal": "0o17",
    "YAML document": "---",
    "YAML end": "...",
    "YAML block": "|",
    "YAML directive": "%YAML 1.1",
    "YAML merge": "<<",
    "YAML value": "=",
    "TOML table": "[tool.x]",
    "TOML key": 'a = "b" # c',
    "Jinja expression": "{{ 7 * 7 }}",
    "Jinja block": "# {% if x %} {% raw %} {% endif %}",
    "Jinja comment": "# {# a #}",
    "workflow expression": "${{ secrets.X }}",
    "shell": "$(touch x); `id` && rm -rf / | $HOME > x",
    "format string": "%s %(a)s {0} {a} {}",
    "HTML": "<script>alert(1)</script> &amp; &#65; <!-- a -->",
    "Markdown link": "[a](javascript:b) ![c](d) <https://e.example>",
    "Markdown reference": "[a]: b",
    "Markdown emphasis": "*a* _b_ **c** __d__ ~~e~~",
    "Markdown code": "`a` ``b``",
    "Markdown table": "| a | b |",
    "Markdown list": "* a",
    "Markdown plus": "+ a",
    "Markdown number": "1. a",
    "Markdown number in brackets": "12) a",
    "Markdown heading": "# a",
    "Markdown underline": "=== a",
    "Markdown rule": "***",
    "Markdown dashes": "- - -",
    "Markdown quote": "> a",
    "Markdown fence": "~~~ a",
    "Markdown entity": "&copy; &",
    "Markdown break": "a\\",
    "a path": "../../etc/passwd",
    "a Windows path": "C:\\new\\table",
    "a NUL in words": "\\0 %00 \\x00",
    "a number": "1",
    "a minus": "-",
    "an equals sign": "=",
}

# Text that can break a file, or shows another text than it holds. No question takes it.
BROKEN = {
    "line feed": "a\nb",
    "line feed at the end": "a\n",
    "carriage return": "a\rb",
    "both": "a\r\nb",
    "tab": "a\tb",
    "vertical tab": "a\vb",
    "form feed": "a\fb",
    "next line": "a\x85b",
    "line separator": "a\u2028b",
    "paragraph separator": "a\u2029b",
    "NUL": "a\0b",
    "backspace": "a\bb",
    "escape": "\x1b[31ma",
    "delete": "a\x7fb",
    "C1 control": "a\x9bb",
    "high surrogate": "a\ud800b",
    "low surrogate": "\udfff",
    "both surrogates": "\ud83d\ude00",
    "override": "a\u202eb",
    "isolate": "a\u2067b",
    "Arabic mark": "a\u061cb",
    "zero width space": "a\u200bb",
    "word joiner": "a\u2060b",
    "byte order mark": "\ufeffa",
    "interlinear": "a\ufffab",
    "a space at the start": " a",
    "a space at the end": "a ",
    "a wide space at the end": "a\u3000",
    "only a space": " ",
    "5 kB": "a" * 5000,
}


SENTENCES = {
    name: {f"Validation error for question '{name}': {sentence}" for _, sentence in rows}
    for name, rows in refused().items()
}


def refusal(name: str) -> str:
    """Return the pattern of any sentence with which an answer to the question is refused."""
    return "^(?:" + "|".join(map(re.escape, SENTENCES[name])) + ")$"


@lru_cache(maxsize=1000)  # most files of a project hold no answer
def parse(suffix: str, text: str) -> None:
    """Parse a file of a language that has a parser here."""
    if suffix == "py":
        compile(text, "rendered", "exec", dont_inherit=True)
    elif suffix in {"yml", "yaml"}:
        list(yaml.safe_load_all(text))
    elif suffix == "toml":
        tomllib.loads(text)


def check(project: Path, name: str, value: str) -> None:
    """Check that each file of a project parses, and that the answer is where it belongs."""
    files = {path: content.decode() for path, content in tree(project).items()}
    for path, text in files.items():
        parse(path.rpartition(".")[2], text)
    package = tomllib.loads(files["pyproject.toml"])["project"]
    author: dict[str, str] = next(iter(package["authors"]), {})
    answers = yaml.safe_load(files[".copier-answers.yml"])
    holder = answers["user_name"] or f"the authors of {answers['project_name']}"
    found: dict[str, Callable[[], object]] = {
        "project_name": lambda: blocks(files["README.md"])[0],
        "project_description": lambda: package["description"],
        "user_name": lambda: author.get("name", ""),
        "user_email": lambda: author.get("email", ""),
        "repository_url": lambda: package["urls"].get("Repository", ""),
        "package_name": lambda: next(iter(package["scripts"].values())).partition(".")[0],
        "distribution_name": lambda: package["name"],
    }

    assert answers[name] == value
    assert found[name]() == value
    assert f"Copyright (c) {holder}\n" in files["LICENSE"]
    if name == "project_description":
        assert blocks(files["README.md"])[1] == value
    elif name == "package_name":
        assert f"src/{value}/__init__.py" in files


def blocks(text: str) -> list[str]:
    """Return the text of a document's heading and first paragraph; markup in them fails."""
    tokens = MarkdownIt("commonmark").parse(text)
    assert [token.tag for token in (tokens[0], tokens[3])] == ["h1", "p"]
    children = [tokens[number].children or [] for number in (1, 4)]
    assert {child.type for child in chain(*children)} <= {"text"}, text[:500]
    return ["".join(child.content for child in inline) for inline in children]


@pytest.mark.parametrize("kind", PLAIN)
def test_free_text_reads_back(tmp_path: Path, template: Path, kind: str) -> None:
    """Plain text is in every file that shows it, letter by letter.

    The smallest project has every file that holds such an answer.
    """
    value = PLAIN[kind]
    answers = dict.fromkeys(FREE, value)

    project = render(tmp_path / "new", template, {**answers, **SMALLEST})

    for name in FREE:
        check(project, name, value)


@pytest.mark.parametrize("kind", BROKEN)
@pytest.mark.parametrize("name", FREE + NARROW)
def test_broken_text_is_refused(tmp_path: Path, template: Path, name: str, kind: str) -> None:
    """Every question refuses text that can break a file, with one of its sentences."""
    with pytest.raises(ValueError, match=refusal(name)):
        render(tmp_path / "new", template, {**DEFAULTS, name: BROKEN[kind]})

    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize("kind", PLAIN)
@pytest.mark.parametrize("name", NARROW)
def test_names_and_addresses_are_narrow(
    tmp_path: Path, template: Path, name: str, kind: str
) -> None:
    """Free text is no name, no address and no URL, but for the word that looks like a name."""
    value = PLAIN[kind]
    if value in {"null", "no"} and name in {"package_name", "distribution_name"}:
        check(render(tmp_path / "new", template, {**DEFAULTS, name: value}), name, value)
    else:
        with pytest.raises(ValueError, match=refusal(name)):
            render(tmp_path / "new", template, {**DEFAULTS, name: value})
        assert not (tmp_path / "new").exists()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("project_name", "a" * 60),
        ("project_description", "a" * 200),
        ("project_description", "One, two; three."),
        ("user_name", ""),
        ("user_name", "Zoë O'Neil-Smith (ACME & Co.)"),
        ("user_name", "a" * 80),
        ("user_email", ""),
        ("user_email", "first.last+tag@mail.example.org"),
        ("repository_url", ""),
        ("repository_url", "https://git.example.org:8443/team/my_service.git"),
        ("repository_url", "http://localhost/~jane/x"),
        ("package_name", "a"),
        ("package_name", "a__9_"),
        ("package_name", "a" * 40),
        ("distribution_name", "a"),
        ("distribution_name", "a-9"),
        ("distribution_name", "json"),
        ("distribution_name", "a" * 60),
    ],
)
def test_good_answers_read_back(tmp_path: Path, template: Path, name: str, value: str) -> None:
    """Usual answers, and the longest ones, are accepted unchanged."""
    check(render(tmp_path / "new", template, {**DEFAULTS, name: value}), name, value)


def test_quoted_text_is_read_back_by_every_language(template: Path) -> None:
    """The macro that quotes text serves TOML, Python and YAML, for all of ASCII and beyond."""
    text = environment(template).get_template("extensions/text.jinja").module.text  # type: ignore[attr-defined]  # a macro
    value = "".join(map(chr, range(0x80))) + "é日😀"

    quoted = f'"{text(value)}"'

    assert tomllib.loads(f"a = {quoted}") == {"a": value}
    assert ast.literal_eval(quoted) == value
    assert yaml.safe_load(f"a: {quoted}") == {"a": value}


def test_second_render_is_the_same(tmp_path: Path, template: Path) -> None:
    """The same answers give the same files, byte for byte."""
    answers = {
        "project_name": PLAIN["HTML"],
        "project_description": PLAIN["Markdown link"],
        "user_name": PLAIN["shell"],
        "user_email": "jane@example.org",
        "repository_url": "https://example.org/x",
    }

    first, second = (render(tmp_path / name, template, answers) for name in "ab")

    assert tree(first) == tree(second)


# Any text at all

MARKS = "\"'\\`*_[]<>&#!~|-+=.:;,()1{}%$@/ \n\t\x00\x7f\u2028\u202e\ud800é😀"
TEXT = st.one_of(
    st.text(st.sampled_from(MARKS.replace("\n\t\x00\x7f\u2028\u202e\ud800", "")), max_size=30),
    st.text(st.characters(exclude_categories=["Cc", "Cs"]), max_size=30),
    st.text(st.sampled_from(MARKS), max_size=10),
    st.text(st.characters(exclude_categories=[]), max_size=10),
)


def refuses_or_keeps(folder: Path, template: Path, name: str, value: str) -> None:
    """Check that an answer is refused with a sentence and no trace, or kept unchanged."""
    project = folder / uuid.uuid4().hex
    sentence = ""
    try:
        render(project, template, {**DEFAULTS, **SMALLEST, name: value})
    except ValueError as error:
        sentence = str(error)
    if sentence:
        assert re.search(refusal(name), sentence)
        assert not project.exists()
    else:
        check(project, name, value)
        shutil.rmtree(project)


@budget(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(name=st.sampled_from(FREE), value=TEXT)
def test_any_text(
    tmp_path_factory: pytest.TempPathFactory, template: Path, name: str, value: str
) -> None:
    """Any text is refused with a sentence, or reads back unchanged.

    The smallest project has every file that holds such an answer.
    """
    refuses_or_keeps(tmp_path_factory.getbasetemp(), template, name, value)


@pytest.mark.full
@pytest.mark.parametrize("name", FREE + NARROW)
@budget(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(value=TEXT)
def test_much_text(
    tmp_path_factory: pytest.TempPathFactory, template: Path, name: str, value: str
) -> None:
    """The same for every question, over many more texts."""
    refuses_or_keeps(tmp_path_factory.getbasetemp(), template, name, value)


def test_smallest_project_holds_every_answer(variant: Variant) -> None:
    """The files in which a free text stands are the same in the smallest project and the others."""
    texts = dict.fromkeys(FREE, "Zebra & Son")

    def holders(**answers: object) -> set[str]:
        files = tree(variant(**texts, **answers))
        return {path for path, content in files.items() if b"Zebra" in content}

    assert holders(**SMALLEST) == holders(preset="standard", docs_site=True)
    for kind in KINDS:
        assert holders(**SMALLEST) == holders(kind=kind, preset="full")
