"""Every conditional of the template and of copier.yml is rendered both ways by the variants."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

import copier
import pytest
import yaml
from jinja2 import Environment, nodes

from harness import (
    DEFAULTS,
    NEEDS,
    Compiled,
    RememberingEnvironment,
    answer_sets,
    covering,
    environment,
    fast,
    only,
    refused,
    settings,
)
from tenon.conditionals import FILTER, Condition, Record, conditions, instrument

NEVER: dict[Condition, tuple[set[bool], str]] = {}
"""Conditions with one value only: the values that they never have, and the reason."""


def strings(value: Any, place: str) -> Iterator[tuple[str, str]]:  # noqa: ANN401  (YAML)
    """Yield each string of a YAML value and its place in it."""
    if isinstance(value, str):
        yield value, place
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield from strings(inner, f"{place}.{key}")
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield from strings(inner, f"{place}[{number}]")


PLACES = {
    source: place
    for source, place in strings(settings(), "copier.yml")
    if not place.startswith("copier.yml._envops")
}


def wanted(template: Path) -> list[Condition]:
    """Return every condition of the template's files, the macros and copier.yml."""
    jinja = environment(template)
    sources = {
        path.relative_to(template).as_posix(): path.read_text(encoding="utf-8")
        for folder in ("template", "extensions")
        for path in (template / folder).rglob("*")
        if path.is_file()
    } | {place: source for source, place in PLACES.items()}
    return [
        condition
        for place, source in sources.items()
        for condition in conditions(jinja.parse(source), place)
    ]


@pytest.fixture(scope="session")
def record() -> Iterator[Record]:
    """Make Copier record the value of every condition, and yield the record."""
    found = Record()

    class NotingEnvironment(RememberingEnvironment):
        compiled: ClassVar[Compiled] = {}

        def __init__(self, *arguments: Any, **options: Any) -> None:  # noqa: ANN401  (Jinja's)
            super().__init__(*arguments, **options)
            self.filters[FILTER] = found.note

        def _parse(self, source: str, name: str | None, filename: str | None) -> nodes.Template:
            tree = super()._parse(source, name, filename)
            return instrument(tree, name or PLACES.get(source, "a path"))

    with fast(NotingEnvironment):
        yield found


@pytest.mark.full
def test_every_branch_is_rendered(
    record: Record, template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each condition is true and false, over all pairs of answers and all refused answers."""
    variants: list[dict[str, object]] = [
        {**DEFAULTS},
        *({**DEFAULTS, **answers} for answers in covering()),
        *answer_sets().values(),
        {},
    ]
    for number, answers in enumerate(variants):
        # Not quiet, so that the message at the end is rendered.
        copier.run_copy(str(template), tmp_path / f"{number}", data=answers, defaults=True)
    for name, rows in refused().items():
        for value, _ in rows:
            with pytest.raises(ValueError, match=name):
                copier.run_copy(
                    str(template), tmp_path / "none", data={name: value}, defaults=True, quiet=True
                )
    for given in (
        {"metrcis": True},
        {"coverage_minimum": "all"},
        {"health_checks": "x", "src_layout": "maybe"},
    ):
        with pytest.raises(ValueError, match=next(iter(given))):
            copier.run_copy(str(template), tmp_path / "none", data=given, defaults=True)
    for need in NEEDS:
        name, _, needed, without = need
        full = {"preset": "full", **only(need)}
        with pytest.raises(ValueError, match=name):
            copier.run_copy(
                str(template),
                tmp_path / "none",
                data=full | {needed: without},
                defaults=True,
            )
        folder = tmp_path / f"{name}-{needed}-{without}"
        copier.run_copy(str(template), folder, data=full, defaults=True, quiet=True)
        with pytest.raises(ValueError, match=name):
            copier.run_recopy(folder, data={needed: without}, defaults=True, overwrite=True)
        file = folder / ".copier-answers.yml"
        recorded_answers = yaml.safe_load(file.read_text("utf-8"))
        for other in reversed(NEEDS):  # one fault more each time, of which the first is named
            recorded_answers |= {other.name: other.answer, other.needed: other.without}
            file.write_text(yaml.safe_dump(recorded_answers), "utf-8")
            with pytest.raises(ValueError, match="project_name"):
                copier.run_recopy(folder, defaults=True, overwrite=True)
    library = {"kind": "library"}
    for practice in ("metrics", "http_client"):
        with pytest.raises(ValueError, match=practice):
            copier.run_copy(
                str(template), tmp_path / "none", data=library | {practice: True}, defaults=True
            )
    with pytest.raises(ValueError, match="kind"):
        copier.run_recopy(tmp_path / "0", data=library, defaults=True, overwrite=True)
    renamed = {"package_name": "other"}
    with pytest.raises(ValueError, match="package_name"):
        copier.run_recopy(tmp_path / "0", data=renamed, defaults=True, overwrite=True)
    (tmp_path / "0" / "src" / "my_service" / "mine.py").touch()
    with pytest.raises(ValueError, match="src_layout"):
        copier.run_recopy(tmp_path / "0", data={"src_layout": False}, defaults=True, overwrite=True)
    file = tmp_path / "0" / ".copier-answers.yml"
    file.write_text(file.read_text("utf-8").replace("example: true", "example: false"))
    with pytest.raises(ValueError, match="src_layout"):
        copier.run_recopy(tmp_path / "0", data={"src_layout": False}, defaults=True, overwrite=True)
    copier.run_copy(str(template), tmp_path / "library", data=library, defaults=True, quiet=True)
    with pytest.raises(ValueError, match="src_layout"):
        copier.run_recopy(
            tmp_path / "library", data={"src_layout": False}, defaults=True, overwrite=True
        )
    # An update gives this to the renders that it compares.
    recorded = {"_src_path": str(template)}
    copier.run_copy(str(template), tmp_path / "handed", data=recorded, defaults=True, quiet=True)
    with pytest.raises(ValueError, match="project_name"):
        copier.run_copy(str(template), tmp_path, defaults=True, quiet=True)
    monkeypatch.chdir(template)
    with pytest.raises(ValueError, match="project_name"):
        copier.run_copy(".", tmp_path / "none", defaults=True, quiet=True)

    missing = record.missing(wanted(template))

    assert {str(place): gap for place, gap in missing.items()} == {
        str(place): gap for place, (gap, _) in NEVER.items()
    }


def test_there_are_branches(template: Path) -> None:
    """The search finds the conditions of files, of macros and of copier.yml."""
    found = {condition.source for condition in wanted(template)}

    assert {
        "template/pyproject.toml",
        "extensions/components.jinja",
        "extensions/names.jinja",
        "extensions/practices.jinja",
    } < found
    assert any(source.startswith("copier.yml._exclude[") for source in found)
    assert "copier.yml.user_email.validator" in found


@pytest.mark.parametrize(
    ("source", "rendered", "gaps"),
    [
        ("{% if a %}1{% else %}2{% endif %}", "1", {1: {False}}),
        ("{% if b %}1{% elif a %}2{% endif %}", "2", {1: {True}, 2: {False}}),
        ("{% if a %}1{% elif b %}2{% endif %}", "1", {1: {False}, 2: {True, False}}),
        ("{{ 1 if b else 2 }}", "2", {1: {True}}),
        ("{% for i in [0, 1] if i %}{{ i }}{% endfor %}", "1", {}),
        ("{% for i in [0, 1] %}{{ i }}{% endfor %}", "01", {}),
        (
            "{% for i, on in [(1, a), (2, b)] if on %}{{ i }}{% endfor %}",
            "1",
            {2: {False}, 3: {True}},
        ),
        (
            "{{ [(1, a), (2, b), (3, true)] | selectattr(1) | map('first') | join }}",
            "13",
            {1: {False}, 2: {True}},
        ),
    ],
)
def test_record(source: str, rendered: str, gaps: dict[int, set[bool]]) -> None:
    """Values that a condition never had are reported, and the text stays the same."""
    found = Record()
    jinja = Environment(autoescape=True)
    jinja.filters[FILTER] = found.note
    code = jinja.compile(instrument(jinja.parse(source), "here"))
    template = jinja.template_class.from_code(jinja, code, jinja.make_globals(None))

    assert template.render(a=True, b=False) == rendered
    assert found.missing(conditions(jinja.parse(source), "here")) == {
        Condition("here", 1, number): gap for number, gap in gaps.items()
    }


def test_every_text_of_a_practice_is_included(template: Path) -> None:
    """Each file in extensions/practices/ belongs to a practice, and a file of the template has it.

    That each practice is on and off in a variant is in the test of the branches.
    """
    source = (template / "extensions" / "practices.jinja").read_text(encoding="utf-8")
    (table,) = environment(template).parse(source).find_all(nodes.List)
    practices = {row.items[0].as_const() for row in table.find_all(nodes.Tuple)}
    folder = template / "extensions" / "practices"
    included = {
        kind
        for root in (template / "template", template / "extensions" / "kinds")
        for path in root.rglob("*")
        if path.is_file()
        for kind in re.findall(
            r'include "extensions/practices/" ~ practice ~ "/(.+?)" ignore missing',
            path.read_text(encoding="utf-8"),
        )
    }
    files = {path.relative_to(folder).parts for path in folder.rglob("*") if path.is_file()}

    assert {practice for practice, _ in files} == practices
    assert {kind for _, kind in files} == included
