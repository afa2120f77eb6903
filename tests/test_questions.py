"""The questions of copier.yml: their defaults, and the answers that each way in refuses."""

import keyword
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import copier
import pexpect
import pyte
import pytest
import yaml
from hypothesis import given
from hypothesis import settings as budget
from hypothesis import strategies as st
from jinja2 import nodes

from conftest import Variant
from harness import (
    COPIER,
    DEFAULTS,
    KINDS,
    NEEDS,
    ROOT,
    Need,
    applies,
    choices_of,
    commit_all,
    completed,
    copier_command,
    copy_template,
    environment,
    fast,
    git,
    git_template,
    imported,
    labels_of,
    makes_sense,
    only,
    questions,
    refused,
    render,
    settings,
    tree,
)

# How each question is asked: its type, its choices in order, and its default in each preset.
CHOICES: dict[str, tuple[str, list[object]]] = {
    "project_name": ("str", []),
    "kind": ("str", ["service", "cli", "library"]),
    "project_description": ("str", []),
    "preset": ("str", ["minimal", "standard", "full"]),
    "user_name": ("str", []),
    "user_email": ("str", []),
    "repository_url": ("str", []),
    "license": (
        "str",
        ["MIT", "Apache-2.0", "BSD-3-Clause", "MPL-2.0", "GPL-3.0-or-later", "Proprietary"],
    ),
    "python_min": ("str", ["3.11", "3.12", "3.13", "3.14", "3.15"]),
    "customize": ("bool", []),
    "package_name": ("str", []),
    "distribution_name": ("str", []),
    "src_layout": ("bool", [True, False]),
    "strict_mypy": ("bool", []),
    "coverage_minimum": ("int", []),
    "pre_commit": ("bool", []),
    "ci": ("str", ["none", "github", "gitlab"]),
    "dependency_updates": ("str", ["none", "renovate", "dependabot"]),
    "docs_site": ("bool", []),
    "agents_guide": ("bool", []),
    "release_workflow": ("bool", [True, False]),
    "structured_logging": ("bool", []),
    "health_checks": ("bool", []),
    "metrics": ("bool", []),
    "tracing": ("bool", []),
    "database": ("str", ["none", "sqlite", "postgresql"]),
    "cache": ("str", ["none", "memory", "redis"]),
    "http_client": ("bool", []),
    "background_jobs": ("str", ["none", "in_process", "taskiq"]),
    "example": ("bool", [True, False]),
}
COMPUTED = ["package_path", "jobs_module", "env_prefix", "database_url", "practices_on"]
ASKED_FIRST = list(CHOICES)[: list(CHOICES).index("customize") + 1]
ASKED_ON_REQUEST = list(CHOICES)[len(ASKED_FIRST) :]
OF_SERVICES = ["health_checks", "metrics", "tracing", "database", "cache", "background_jobs"]
"""Practices that only services have."""
OF_PROGRAMS = ["structured_logging", "http_client"]
"""Practices that a library does not have."""
QUESTIONS = {
    "service": list(CHOICES),
    "cli": [name for name in CHOICES if name not in OF_SERVICES],
    "library": [name for name in CHOICES if name not in (*OF_SERVICES, *OF_PROGRAMS)],
}
"""The questions of each kind, in order."""

PRESETS: dict[str, tuple[object, object, object]] = {
    "src_layout": (True, True, True),
    "strict_mypy": (True, True, True),
    "coverage_minimum": (0, 90, 100),
    "pre_commit": (False, True, True),
    "ci": ("none", "github", "github"),
    "dependency_updates": ("none", "renovate", "renovate"),
    "docs_site": (False, False, True),
    "agents_guide": (False, True, True),
    "release_workflow": (False, False, True),
    "structured_logging": (False, True, True),
    "health_checks": (True, True, True),
    "metrics": (False, True, True),
    "tracing": (False, False, True),
    "database": ("none", "sqlite", "postgresql"),
    "cache": ("none", "memory", "redis"),
    "http_client": (False, False, True),
    "background_jobs": ("none", "in_process", "taskiq"),
    "example": (False, True, True),
}

DERIVED = {
    "My Service": ("my_service", "my-service"),
    "billing-api": ("billing_api", "billing-api"),
    "  ".join("abc"): ("a_b_c", "a-b-c"),
    "JSON": ("json_service", "json-service"),
    "import": ("import_service", "import-service"),
    "Match": ("match_service", "match-service"),
    "Tests": ("tests_service", "tests-service"),
    "FastAPI": ("fastapi_service", "fastapi-service"),
    "9 lives": ("project_9_lives", "project-9-lives"),
    "Größe": ("grosse", "grosse"),
    "Gro\u0308ße": ("grosse", "grosse"),
    "Ünï “Shöp”": ("uni_shop", "uni-shop"),
    "Œuvre Łódź İzmir": ("oeuvre_lodz_izmir", "oeuvre-lodz-izmir"),
    "Объект Щит": ("obekt_shchit", "obekt-shchit"),
    "Љубав Џез": ("ljubav_dzez", "ljubav-dzez"),
    "Αθήνα": ("athina", "athina"),
    "Ｆｕｌｌ": ("full", "full"),  # noqa: RUF001  (full width)
    "Packaging": ("packaging_service", "packaging-service"),
    "日本": ("my_project", "my-project"),
    "!?": ("my_project", "my-project"),
    "X": ("x", "x"),
    "_Private_": ("private", "private"),
    "a" * 60: ("a" * 30, "a" * 30),
    "abcdefghi " * 5 + "abcdefghij": (
        "abcdefghi_abcdefghi_abcdefghi",
        "abcdefghi-abcdefghi-abcdefghi",
    ),
    "9" * 60: ("project_" + "9" * 30, "project-" + "9" * 30),
}

SETTINGS = {
    "_min_copier_version",
    "_subdirectory",
    "_templates_suffix",
    "_envops",
    "_external_data",
    "_skip_if_exists",
    "_exclude",
    "_message_after_copy",
    "_message_after_update",
}
KEYS = {"type", "help", "choices", "default", "validator", "when", "ask"}

REFUSED = refused()
REFUSALS = [
    pytest.param(name, value, sentence, id=f"{name}-{number}")
    for name, rows in REFUSED.items()
    for number, (value, sentence) in enumerate(rows)
]


def answers_of(project: Path) -> dict[str, Any]:
    """Return the content of the project's answers file."""
    recorded: dict[str, Any] = yaml.safe_load(
        (project / ".copier-answers.yml").read_text(encoding="utf-8")
    )
    return recorded


def refusal(name: str, sentence: str) -> str:
    """Return the pattern of the message with which Copier refuses an answer."""
    return f"^(Validation error for question|Invalid choice for) '{name}': {re.escape(sentence)}$"


# The text of copier.yml


def test_settings_are_known_and_need_no_trust() -> None:
    """copier.yml has only settings that Copier knows, and none for which it wants --trust."""
    used = {name for name in settings() if name.startswith("_")}

    assert used == SETTINGS
    assert not used & {"_tasks", "_migrations", "_jinja_extensions"}


def test_question_keys_are_known() -> None:
    """No question has a key that Copier would ignore in silence."""
    used = {
        key for name, question in settings().items() if not name.startswith("_") for key in question
    }

    assert used <= KEYS


def test_questions_and_choices() -> None:
    """The questions, their order, types and choices are those that users' scripts rely on."""
    asked = {
        name: (question["type"], choices_of(question)) for name, question in questions().items()
    }

    assert asked == CHOICES
    assert list(asked) == list(CHOICES)


def test_computed_values() -> None:
    """Every other name is computed: never asked and never stored."""
    names = [name for name in settings() if not name.startswith("_")]

    assert [name for name in names if name not in CHOICES] == COMPUTED
    assert names == [*CHOICES, *COMPUTED]


def test_every_question_has_help() -> None:
    """Every question has a help text, which fits in a line of a terminal with its answer."""
    lengths = {name: len(question.get("help", "")) for name, question in questions().items()}

    assert {name for name, length in lengths.items() if not 10 <= length <= 70} == set()


def test_practices_are_asked_on_request() -> None:
    """The names and the practices are asked only with `customize`; the rest always."""
    ask = {name: question.get("ask") for name, question in questions().items()}

    assert [name for name, when in ask.items() if when == "{{ customize }}"] == ASKED_ON_REQUEST
    assert [name for name, when in ask.items() if when is None] == ASKED_FIRST
    assert {name for name, question in questions().items() if len(choices_of(question)) == 1} == (
        set()
    )


@pytest.mark.parametrize("kind", KINDS)
def test_practices_of_a_kind(kind: str) -> None:
    """A practice is asked of the kinds that have it."""
    asked = [name for name, question in questions().items() if applies(question, kind)]

    assert asked == QUESTIONS[kind]


# Defaults


@pytest.mark.parametrize("preset", ["minimal", "standard", "full"])
@pytest.mark.parametrize("kind", KINDS)
def test_preset_defaults(variant: Variant, kind: str, preset: str) -> None:
    """A preset sets the default of every practice of the kind, and only these."""
    column = ["minimal", "standard", "full"].index(preset)
    recorded = answers_of(variant(kind=kind, preset=preset))

    assert {name: recorded[name] for name in PRESETS if name in recorded} == {
        name: row[column] for name, row in PRESETS.items() if name in QUESTIONS[kind]
    }
    assert set(PRESETS) == set(ASKED_ON_REQUEST) - {"package_name", "distribution_name"}


@pytest.mark.parametrize("preset", ["minimal", "standard", "full"])
@pytest.mark.parametrize("name", PRESETS)
def test_answer_wins_over_preset(variant: Variant, preset: str, name: str) -> None:
    """A practice that is answered is as answered, whatever the preset says."""
    others = {
        "coverage_minimum": 55,
        "ci": "gitlab",
        "dependency_updates": "dependabot",
        "database": "none" if preset == "full" else "postgresql",
        "background_jobs": "in_process" if preset == "minimal" else "none",
        "cache": "none" if preset == "full" else "redis",
    }
    value = others.get(name, not PRESETS[name][1])
    given = {name: value}
    for needed, choice in {"database": "sqlite", "ci": "github"}.items():
        if not makes_sense({needed: PRESETS[needed][0]} | given):
            given[needed] = choice

    assert answers_of(variant(preset=preset, **given))[name] == value


def test_other_defaults(variant: Variant) -> None:
    """These are the defaults of the questions that are always asked."""
    recorded = answers_of(variant())

    assert {name: recorded[name] for name in ASKED_FIRST} == {
        "project_name": "My Service",
        "project_description": "My Service, an HTTP service in Python.",
        "kind": "service",
        "preset": "standard",
        "user_name": "",
        "user_email": "",
        "repository_url": "",
        "license": "MIT",
        "python_min": "3.11",
        "customize": False,
    }


@pytest.mark.parametrize("kind", KINDS)
def test_answers_file_records_every_answer(variant: Variant, kind: str) -> None:
    """The answers file holds each question of the kind, the template's path, and nothing else."""
    assert set(answers_of(variant(kind=kind))) == {"_src_path", *QUESTIONS[kind]}


@pytest.mark.parametrize("kind", KINDS)
def test_description_names_the_kind(variant: Variant, kind: str) -> None:
    """The default description says what kind of project it is."""
    words = {"cli": "command-line tool"}.get(kind, kind)

    assert words in answers_of(variant(kind=kind))["project_description"].lower()


@pytest.mark.parametrize(
    ("kind", "name", "sentence"),
    [
        *((kind, name, "Only services have this.") for kind in KINDS[1:] for name in OF_SERVICES),
        *(("library", name, "Libraries do not have this.") for name in OF_PROGRAMS),
    ],
)
def test_practice_of_another_kind(
    tmp_path: Path, template: Path, kind: str, name: str, sentence: str
) -> None:
    """A practice that a kind does not have is refused for it; to leave it out is not."""
    choices = choices_of(questions()[name]) or [False, True]
    new = tmp_path / "new"
    for value in choices[1:]:
        given = {"kind": kind, "project_name": "My Project", name: value}
        with pytest.raises(ValueError, match=refusal(name, sentence)), fast():
            copier.run_copy(str(template), new, data=given, defaults=True, quiet=True)
    assert not new.exists()

    render(new, template, {"kind": kind, name: choices[0]})

    assert name not in answers_of(new)


@pytest.mark.parametrize("name", DERIVED)
def test_derived_names(variant: Variant, name: str) -> None:
    """The import name and the name to install follow from the project's name."""
    recorded = answers_of(variant(project_name=name))

    assert (recorded["package_name"], recorded["distribution_name"]) == DERIVED[name]


def test_distribution_follows_package(variant: Variant) -> None:
    """The name to install follows from the import name where that is given."""
    recorded = answers_of(variant(package_name="a_b__c9_"))

    assert recorded["distribution_name"] == "a-b-c9"


@pytest.mark.parametrize(
    ("folder", "name"),
    [
        ("billing-api", "Billing Api"),
        ("billing_api.v2", "Billing Api V2"),
        ("größe", "Größe"),
        ("gro\u0308ße", "Gro\u0308ße"),
        ("日本", "日本"),
        ("!?", "My Project"),
        ("x" * 70, "X" + "x" * 59),
        ("my [odd] folder", "My Odd Folder"),
    ],
)
def test_name_follows_from_the_folder(
    tmp_path: Path, template: Path, folder: str, name: str
) -> None:
    """The default name is made from the folder's."""
    render(tmp_path / folder, template, {})

    assert answers_of(tmp_path / folder)["project_name"] == name


def test_name_follows_from_the_current_folder(
    tmp_path: Path, template: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The name comes from the folder also where that is written as a dot."""
    (tmp_path / "billing-api").mkdir()
    monkeypatch.chdir(tmp_path / "billing-api")

    assert copier_command("copy", "--defaults", "--quiet", template, ".") == 0
    assert answers_of(tmp_path / "billing-api")["project_name"] == "Billing Api"


def test_settings_of_the_user(
    tmp_path: Path, template: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Name and address come from the user's settings file of Copier where it has them."""
    file = tmp_path / "settings.yml"
    file.write_text(
        "defaults: {user_name: Jane Doe, user_email: jane@example.org}\n", encoding="utf-8"
    )
    monkeypatch.setenv("COPIER_SETTINGS_PATH", str(file))

    recorded = answers_of(render(tmp_path / "project", template, DEFAULTS))

    assert (recorded["user_name"], recorded["user_email"]) == ("Jane Doe", "jane@example.org")


def test_bad_settings_of_the_user_are_refused(
    tmp_path: Path, template: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A default from the user's settings file must be valid too."""
    file = tmp_path / "settings.yml"
    file.write_text("defaults: {user_email: jane}\n", encoding="utf-8")
    monkeypatch.setenv("COPIER_SETTINGS_PATH", str(file))

    with pytest.raises(ValueError, match=refusal("user_email", "Write it like name@example.org.")):
        render(tmp_path / "project", template, DEFAULTS)
    assert not (tmp_path / "project").exists()


# Refusals


@pytest.mark.parametrize(("name", "value", "sentence"), REFUSALS)
def test_refused_by_option(
    tmp_path: Path, template: Path, name: str, value: object, sentence: str
) -> None:
    """`copier copy -d` refuses a bad answer with its sentence, and makes no folder."""
    with pytest.raises(ValueError, match=refusal(name, sentence)):
        copier_command(
            "copy", "--defaults", "--quiet", "-d", f"{name}={value}", template, tmp_path / "new"
        )

    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize(("name", "value", "sentence"), REFUSALS)
def test_refused_by_file(
    tmp_path: Path, template: Path, name: str, value: object, sentence: str
) -> None:
    """`copier copy --data-file` refuses it too, and leaves an existing folder as it was."""
    data = tmp_path / "data.yml"
    data.write_text(yaml.safe_dump({name: value}), encoding="utf-8")
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "README.md").write_text("mine\n", encoding="utf-8")

    with pytest.raises(ValueError, match=refusal(name, sentence)):
        copier_command(
            "copy", "--defaults", "--quiet", "--overwrite", "--data-file", data, template, folder
        )

    assert tree(folder) == {"README.md": b"mine\n"}


@pytest.mark.parametrize(("name", "value", "sentence"), REFUSALS)
def test_refused_in_old_answers(project: Variant, name: str, value: object, sentence: str) -> None:
    """An old answer that is no longer valid counts as none: the default is used.

    Not so for the package's name and the kind, which are never changed in silence.
    """
    folder = project()
    file = folder / ".copier-answers.yml"
    default = answers_of(folder)[name]
    file.write_text(yaml.safe_dump({**answers_of(folder), name: value}), encoding="utf-8")
    before = tree(folder)
    recopy = ("recopy", "--defaults", "--quiet", "--overwrite", folder)

    if name in {"kind", "package_name"}:
        with pytest.raises(ValueError, match=refusal(name, "It is fixed after the first copy.")):
            copier_command(*recopy)
        assert tree(folder) == before, sentence
    else:
        assert copier_command(*recopy) == 0
        assert answers_of(folder)[name] == default, sentence


def unvalidated(dst: Path) -> Path:
    """Release a template as v0.9.0 that takes every answer, and then this one as v1.0.0."""
    copy_template(dst)
    ours = (dst / "copier.yml").read_text(encoding="utf-8")
    lax = yaml.safe_load(ours)
    for question in lax.values():
        if isinstance(question, dict):
            question.pop("validator", None)
            if isinstance(question.get("choices"), dict):
                values = dict(zip(question["choices"], choices_of(question), strict=True))
                question["choices"] = values
    (dst / "copier.yml").write_text(yaml.safe_dump(lax, sort_keys=False), encoding="utf-8")
    commit_all(dst)
    git(dst, "tag", "v0.9.0")
    (dst / "copier.yml").write_text(ours, encoding="utf-8")
    commit_all(dst)
    git(dst, "tag", "v1.0.0")
    return dst


@pytest.mark.full
def test_old_answers_on_update(tmp_path: Path) -> None:
    """An update from a release without validators drops answers that this one refuses."""
    template = unvalidated(tmp_path / "template")
    folder = tmp_path / "my-service"
    bad = {
        "project_description": " x ",
        "user_name": "Doe, Jane",
        "user_email": "jane",
        "repository_url": "example.org",
        "distribution_name": "My-Service",
        "coverage_minimum": 101,
    }
    copier.run_copy(str(template), folder, data=bad, defaults=True, quiet=True, vcs_ref="v0.9.0")
    commit_all(folder)
    assert answers_of(folder).items() >= bad.items()

    copier.run_update(folder, defaults=True, overwrite=True, quiet=True)

    assert (
        answers_of(folder).items()
        >= {
            "_commit": "v1.0.0",
            "project_description": "My Service, an HTTP service in Python.",
            "user_name": "",
            "user_email": "",
            "repository_url": "",
            "distribution_name": "my-service",
            "coverage_minimum": 90,
        }.items()
    )


each_need = pytest.mark.parametrize(
    "need", NEEDS, ids=lambda need: f"{need.name}-{need.needed}={need.without}"
)
NEEDED = {
    ("background_jobs", "cache"): "It needs cache: redis.",
    ("background_jobs", "database"): "It needs a database.",
    ("dependency_updates", "ci"): "Dependabot runs on GitHub only.",
    ("example", "database"): "It needs a database.",
    ("release_workflow", "ci"): "It needs ci: github or gitlab.",
}
"""The sentence that refuses a practice without the one that it needs."""


def switch_off(name: str) -> str:
    """Return the sentence that refuses to leave a practice without what it needs."""
    no = {False: "no", "none": "none"}[PRESETS[name][0]]
    what = "GitHub" if name == "dependency_updates" else "this"
    return f"Add -d {name}={no}: it needs {what}."


@each_need
@pytest.mark.parametrize("way", ["data", "data file"])
def test_practice_without_what_it_needs(
    tmp_path: Path, template: Path, need: Need, way: str
) -> None:
    """A practice without the one that it needs is refused, naming both; nothing is written."""
    name, answer, needed, without = need
    answers = {needed: without, name: answer}
    file = tmp_path / "answers.yml"
    file.write_text(yaml.safe_dump(answers), encoding="utf-8")
    data = [f"--data={key}={value}" for key, value in answers.items()]
    given = data if way == "data" else [f"--data-file={file}"]

    with pytest.raises(ValueError, match=refusal(name, NEEDED[name, needed])):
        copier_command("copy", "--defaults", *given, template, tmp_path / "new")
    assert not (tmp_path / "new").exists()


@pytest.mark.full
@each_need
def test_practice_that_is_needed_stays(tmp_path: Path, need: Need) -> None:
    """A needed practice is switched off together with the other, or not: never in silence."""
    template = git_template(tmp_path / "template")
    folder = tmp_path / "my-service"
    name, _, needed, without = need
    answers = {"preset": "full", **only(need)}
    with fast():
        copier.run_copy(str(template), folder, data=answers, defaults=True, quiet=True)
    commit_all(folder)
    before = tree(folder)

    def update(**data: object) -> None:
        with fast():
            copier.run_update(folder, data=data, defaults=True, overwrite=True, quiet=True)

    with pytest.raises(ValueError, match=refusal(needed, switch_off(name))):
        update(**{needed: without})
    assert tree(folder) == before
    off = PRESETS[name][0]
    update(**{needed: without, name: off})
    assert {key: answers_of(folder)[key] for key in (needed, name)} == {needed: without, name: off}


@pytest.mark.full
@each_need
def test_recorded_answers_that_make_no_sense(tmp_path: Path, need: Need, variant: Variant) -> None:
    """An update names the way out of answers that an older release took, and goes it."""
    name, _, needed, without = need
    template, folder = unvalidated(tmp_path / "template"), tmp_path / "my-service"
    bad = {"preset": "full", **only(need), needed: without}
    with fast():
        copier.run_copy(
            str(template),
            folder,
            data={**DEFAULTS, **bad},
            defaults=True,
            quiet=True,
            vcs_ref="v0.9.0",
        )
    commit_all(folder)
    before = tree(folder)

    off = PRESETS[name][0]
    choice = {"cache": "redis", "ci": "github", "database": "sqlite"}[needed]
    sentence = f"Add -d {needed}={choice}, or -d {name}={'no' if off is False else off}."
    update = ("update", "--defaults", "--quiet", folder)
    with pytest.raises(ValueError, match=refusal("project_name", sentence)):
        copier_command(*update)
    assert tree(folder) == before
    assert copier_command(*update, "-d", f"{name}={off}") == 0
    after = tree(folder)
    wanted = tree(variant(**bad | {name: off}))
    assert after.pop(".copier-answers.yml") != before[".copier-answers.yml"]
    assert wanted.pop(".copier-answers.yml")
    assert after == wanted


def test_refusal_as_the_shell_sees_it(tmp_path: Path, template: Path) -> None:
    """The program's last line is the sentence, its status 1, and there is no folder."""
    done = subprocess.run(
        [COPIER, "copy", "--defaults", "-d", "user_email=jane", template, tmp_path / "new"],
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.splitlines()[-1] == (
        "ValueError: Validation error for question 'user_email': Write it like name@example.org."
    )
    assert not (tmp_path / "new").exists()


# The sentences


def literals(tree: nodes.Node) -> Iterator[str]:
    """Yield the sentences that a template can print, with `{}` for computed parts."""
    for output in tree.find_all(nodes.Output):
        text = "".join(
            part.data if isinstance(part, nodes.TemplateData) else "{}" for part in output.nodes
        )
        yield from (line.strip() for line in text.splitlines() if line.strip() not in {"", "{}"})


@pytest.fixture(scope="session")
def sentences(template: Path) -> set[str]:
    """Return every sentence that a validator, or a macro that finds faults, can print."""
    jinja = environment(template)
    found = set()
    for question in questions().values():
        found |= set(literals(jinja.parse(question.get("validator", ""))))
    for file in (ROOT / "extensions").glob("*.jinja"):
        for macro in jinja.parse(file.read_text(encoding="utf-8")).find_all(nodes.Macro):
            if macro.name.endswith("_fault"):
                found |= set(literals(macro))
    return found


ELSEWHERE = {
    "Add -d {}={}, or -d {}={}.",
    "Add -d {}={}: it needs {}.",
    "Answer yes or no to {}.",
    "Choose an empty folder, or --overwrite.",
    "Give coverage_minimum a number.",
    "Give the template's path in full, from /.",
    "It is fixed after the first copy.",
    "It needs a database.",
    "It needs cache: redis.",
    "It needs ci: github or gitlab.",
    "Dependabot runs on GitHub only.",
    "Libraries do not have this.",
    "Move the package there first (git mv).",
    "No question is named {}.",
    "Only services have this.",
}


def test_sentences_are_sentences(sentences: set[str]) -> None:
    """Each begins with a capital and ends with a period."""
    assert len(sentences) > 10
    assert {sentence for sentence in sentences if not re.fullmatch(r"[A-Z].*\.", sentence)} == set()


def test_sentences_fit_in_a_terminal() -> None:
    """Each sentence about a typed text fits in 80 columns, after what Copier writes before it."""
    typed = {name: rows for name, rows in REFUSED.items() if not choices_of(questions()[name])}

    assert {
        sentence
        for name, rows in typed.items()
        for _, sentence in rows
        if len(f"Validation error for question '{name}': {sentence}") > COLUMNS
    } == set()


def test_every_sentence_is_tested(sentences: set[str]) -> None:
    """refused.yml shows each sentence at work, but for those of no one question, tested below."""
    shown = {sentence for rows in REFUSED.values() for _, sentence in rows}
    patterns = {
        sentence: re.escape(sentence).replace(re.escape("{}"), r"\d+") for sentence in sentences
    }
    unseen = {
        sentence
        for sentence, pattern in patterns.items()
        if not any(re.fullmatch(pattern, seen) for seen in shown)
    }

    assert unseen == ELSEWHERE


# Names


@pytest.fixture(scope="session")
def names(template: Path) -> Any:  # noqa: ANN401  (a Jinja module has macros as attributes)
    """Return the macros of extensions/names.jinja."""
    return environment(template).get_template("extensions/names.jinja").module


@pytest.fixture(scope="session")
def distribution(template: Path) -> Callable[[str], str]:
    """Return the function that makes the name to install from the import name."""
    default = environment(template).from_string(settings()["distribution_name"]["default"])
    return lambda package: default.render(package_name=package)


def test_reserved_names_are_all_there(names: Any) -> None:  # noqa: ANN401  (see above)
    """No import name is a word of Python, or a module of its standard library."""
    modules = {name for name in sys.stdlib_module_names if not name.startswith("_")}
    taken = {*keyword.kwlist, *keyword.softkwlist, *modules}

    assert taken - {"_"} <= set(names.reserved)
    assert {name for name in taken if not names.package_fault(name).strip()} == set()


@pytest.mark.parametrize("kind", ["service", "cli", "library"])
@budget(max_examples=200, deadline=None)
@given(title=st.text(max_size=60))
def test_derived_names_are_valid(
    names: Any,  # noqa: ANN401  (see above)
    distribution: Callable[[str], str],
    kind: str,
    title: str,
) -> None:
    """Whatever a project is called, the names that follow from that are accepted."""
    package = names.slug(title, kind)

    assert names.package_fault(package).strip() == ""
    assert names.distribution_fault(distribution(package)).strip() == ""


@pytest.mark.parametrize("kind", ["service", "cli", "library"])
def test_derived_names_avoid_reserved(
    names: Any,  # noqa: ANN401  (see above)
    distribution: Callable[[str], str],
    kind: str,
) -> None:
    """A project that is called as something else is gets names of its own."""
    faults = {
        title: fault
        for title in names.reserved
        for package in [names.slug(title, kind)]
        for fault in [
            names.package_fault(package).strip()
            + names.distribution_fault(distribution(package)).strip()
        ]
        if fault
    }

    assert faults == {}


@pytest.mark.parametrize("kind", ["service", "cli"])
def test_names_of_dependencies_are_reserved(
    variant: Variant,
    names: Any,  # noqa: ANN401  (see above)
    kind: str,
) -> None:
    """No project can have the name of a package that it depends on, or of a module of its tests."""
    full = variant(kind=kind, preset="full")
    text = (full / "pyproject.toml").read_text(encoding="utf-8")
    required = set(re.findall(r'^  "([a-z][a-z0-9-]+)>=', text, re.MULTILINE))

    assert len(required) > 10
    assert {name for name in required if not names.distribution_fault(name).strip()} == set()
    modules = {
        name.partition(".")[0]
        for file in full.rglob("*.py")
        for name in imported(file.read_text(encoding="utf-8"))
    }
    assert {name for name in modules if not names.package_fault(name).strip()} == {"my_service"}


# The first copy fixes some answers


def released_project(tmp_path: Path) -> Path:
    """Return a project in git, copied from a released template."""
    template = git_template(tmp_path / "template")
    project = tmp_path / "my-service"
    copier.run_copy(str(template), project, data=dict(DEFAULTS), defaults=True, quiet=True)
    commit_all(project)
    return project


def test_package_name_is_fixed(tmp_path: Path) -> None:
    """An update that would rename the package is refused, and changes nothing."""
    project = released_project(tmp_path)
    before = tree(project)

    with pytest.raises(
        ValueError, match=refusal("package_name", "It is fixed after the first copy.")
    ):
        copier_command("update", "--defaults", "-d", "package_name=other", project)

    assert tree(project) == before
    assert git(project, "status", "--porcelain") == ""


@pytest.mark.full
@pytest.mark.parametrize("kind", KINDS)
def test_kind_is_fixed(tmp_path: Path, kind: str) -> None:
    """An update to another kind is refused by option and can't be picked at a terminal."""
    template = git_template(tmp_path / "template")
    project = render(tmp_path / "my-service", template, {**DEFAULTS, "kind": kind})
    commit_all(project)
    before = tree(project)
    others = [other for other in KINDS if other != kind]
    sentence = "It is fixed after the first copy."

    for other in others:
        with pytest.raises(ValueError, match=refusal("kind", sentence)):
            copier_command("update", "--defaults", "-d", f"kind={other}", project)
    terminal = Terminal("update", "--defaults", "--ask=kind", project)
    terminal.says(f"({sentence})")
    terminal.try_to_pick("kind", others[0], kind)

    assert terminal.end() == 0
    assert tree(project) == before


def test_package_name_is_fixed_in_odd_folders(tmp_path: Path, template: Path) -> None:
    """The name is fixed too in a folder whose name is a pattern."""
    project = render(tmp_path / "my [odd] *", template, DEFAULTS)

    with pytest.raises(
        ValueError, match=refusal("package_name", "It is fixed after the first copy.")
    ):
        copier_command("recopy", "--defaults", "-d", "package_name=other", project)


@pytest.mark.full
def test_package_name_may_be_repeated(tmp_path: Path) -> None:
    """An update that gives the package's name as it is goes through."""
    project = released_project(tmp_path)
    before = tree(project)

    assert copier_command("update", "--defaults", "-d", "package_name=my_service", project) == 0
    assert tree(project) == before


# The way to the template


@pytest.mark.parametrize("path", ["template", "./template", "../here/template", "."])
def test_relative_path_to_the_template(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    """A relative path is refused: it is recorded as typed, and updates look for it elsewhere."""
    here = tmp_path / "here"
    template = git_template(here / "template")
    monkeypatch.chdir(template if path == "." else here)

    with pytest.raises(
        ValueError, match=refusal("project_name", "Give the template's path in full, from /.")
    ):
        copier_command("copy", "--defaults", "--quiet", path, tmp_path / "new")

    assert not (tmp_path / "new").exists()


@pytest.mark.full
@pytest.mark.parametrize("path", ["{}", "~/template", "git+file://{}"])
def test_other_ways_to_the_template(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    """A full path, one from home and an address are recorded so that an update finds them."""
    template = git_template(tmp_path / "template")
    monkeypatch.setenv("HOME", str(tmp_path))
    project = tmp_path / "elsewhere" / "my-service"

    assert copier_command("copy", "--defaults", "--quiet", path.format(template), project) == 0
    commit_all(project)
    monkeypatch.chdir(project)

    assert answers_of(project)["_src_path"] == path.format(template)
    assert copier_command("update", "--defaults", "--quiet") == 0


@pytest.mark.parametrize(
    "source",
    [
        "/srv/tenon",
        "~/tenon",
        "gh:owner/tenon",
        "https://host/tenon.git",
        "git@host:tenon.git",
        "C:\\tenon",
        "\\\\host\\tenon",
    ],
)
def test_addresses_are_accepted(template: Path, source: str) -> None:
    """The check of the template's path knows addresses, which are not looked up here."""
    validator = environment(template).from_string(settings()["project_name"]["validator"])
    context = {
        "project_name": "My Service",
        "_copier_answers": {"_src_path": source},
        "_copier_conf": {"dst_path": "x", "answers_file": "", "overwrite": True, "data": {}},
    }

    assert validator.render(context).strip() == ""


# Answers that no question takes


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"metrcis": True}, "No question is named metrcis."),
        ({"package_path": "../escape"}, "No question is named package_path."),
        ({"x" * 60: 1}, f"No question is named {'x' * 22}."),
        ({"health_checks": "maybe"}, "Answer yes or no to health_checks."),
        ({"structured_logging": "2"}, "Answer yes or no to structured_logging."),
        ({"coverage_minimum": "abc"}, "Give coverage_minimum a number."),
        ({"coverage_minimum": "1.5"}, "Give coverage_minimum a number."),
        ({"coverage_minimum": ""}, "Give coverage_minimum a number."),
        ({"coverage_minimum": True}, "Give coverage_minimum a number."),
    ],
    ids=[
        *("misspelt", "computed", "long", "odd word", "odd number"),
        *("word for a number", "fraction", "no number", "yes for a number"),
    ],
)
def test_what_is_given_must_be_asked(
    tmp_path: Path, template: Path, given: dict[str, object], sentence: str
) -> None:
    """An answer that Copier would ignore, or take for yes, is refused."""
    with pytest.raises(ValueError, match=refusal("project_name", sentence)), fast():
        copier.run_copy(str(template), tmp_path / "new", data=given, defaults=True, quiet=True)

    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize("word", ["no", "No", "FALSE", "off", "0"])
def test_every_word_for_no_is_taken(variant: Variant, word: str) -> None:
    """The words that Copier knows are left to it."""
    assert answers_of(variant(health_checks=word))["health_checks"] is False


def test_given_names_are_those_of_the_questions(template: Path) -> None:
    """given.jinja lists all questions, and those that take yes or no."""
    given: Any = environment(template).get_template("extensions/given.jinja").module

    assert sorted(given.questions) == sorted(questions())
    assert sorted(given.flags) == sorted(
        name for name, question in questions().items() if question["type"] == "bool"
    )


# A folder that is not empty


@pytest.mark.parametrize("folder", ["my-service", "my [odd] *"])
@pytest.mark.parametrize("file", ["README.md", "notes.txt", "src/notes.txt", ".env", ".gitignore"])
def test_folder_with_files_of_the_user(
    tmp_path: Path, template: Path, folder: str, file: str
) -> None:
    """A folder that has files is refused without --overwrite, and stays as it is.

    Copier alone would ask about the first file that is there and differs, when it has written
    others; without a terminal it ends and leaves what it wrote.
    """
    mine = tmp_path / folder / file
    mine.parent.mkdir(parents=True)
    mine.write_text("mine\n", encoding="utf-8")

    with pytest.raises(
        ValueError, match=refusal("project_name", "Choose an empty folder, or --overwrite.")
    ):
        copier_command(
            "copy", "--defaults", "-d", "project_name=My Service", template, tmp_path / folder
        )

    assert tree(tmp_path / folder) == {file: b"mine\n"}


def test_folder_that_is_only_a_repository(tmp_path: Path, template: Path, variant: Variant) -> None:
    """A fresh git repository counts as empty."""
    git(tmp_path, "init", "--quiet")

    command = ("copy", "--defaults", "--quiet", "-d", "project_name=My Service", template, tmp_path)

    assert copier_command(*command) == 0
    assert tree(tmp_path) == tree(variant())


def test_other_files_outlive_an_overwriting_copy(tmp_path: Path, template: Path) -> None:
    """With --overwrite, files that the template does not have are not touched."""
    (tmp_path / "README.md").write_text("mine\n", encoding="utf-8")
    (tmp_path / "notes.txt").write_text("mine\n", encoding="utf-8")

    render(tmp_path, template, DEFAULTS)

    assert (tmp_path / "README.md").read_text(encoding="utf-8") != "mine\n"
    assert (tmp_path / "notes.txt").read_text(encoding="utf-8") == "mine\n"


def test_folder_with_a_changelog(tmp_path: Path, template: Path) -> None:
    """A file that is given only once is the user's from the start, even with --overwrite."""
    (tmp_path / "CHANGELOG.md").write_text("mine\n", encoding="utf-8")

    render(tmp_path, template, DEFAULTS)

    assert (tmp_path / "CHANGELOG.md").read_text(encoding="utf-8") == "mine\n"
    assert (tmp_path / "README.md").exists()


# A person at a terminal

ROWS, COLUMNS = 50, 80
ENTER, DOWN = "\r", "\x1b[B"
DELETE_TEXT = "\x05" + "\x15\x7f" * 3
"""To the end of the line; delete to its start, and the line end before that, of three lines."""
PASTE = "\x1b[200~{}\x1b[201~"
SECONDS = 30


class Terminal:
    """Copier at a terminal of 80 columns."""

    def __init__(self, *arguments: str | Path) -> None:
        self.process: pexpect.spawn[str] = pexpect.spawn(
            str(COPIER),
            [str(argument) for argument in arguments],
            dimensions=(ROWS, COLUMNS),
            encoding="utf-8",
            env={**os.environ, "TERM": "xterm", "PROMPT_TOOLKIT_NO_CPR": "1"},
        )
        self.screen = pyte.Screen(COLUMNS, ROWS)
        self.stream = pyte.Stream(self.screen)

    @property
    def lines(self) -> list[str]:
        """The lines of the screen."""
        return [line.rstrip() for line in self.screen.display]

    def read_until(self, found: Callable[[], bool]) -> None:
        """Read what the program writes until the screen shows what is wanted."""
        end = time.monotonic() + SECONDS
        while not found():
            assert time.monotonic() < end, "\n".join(self.lines)
            with suppress(pexpect.TIMEOUT):
                self.stream.feed(self.process.read_nonblocking(10_000, timeout=0.1))

    def says(self, text: str) -> None:
        """Wait until a line shows the text, and all of it."""
        self.read_until(lambda: any(text in line for line in self.lines))

    def expect(self, name: str, kind: str = KINDS[0]) -> None:
        """Wait for a question and its choices, each whole."""
        question = questions()[name]
        self.says(question["help"])
        for choice in labels_of(question, kind):
            self.says(choice)

    def type(self, text: str) -> None:
        """Replace the text of the answer as if this one were pasted, and press Enter."""
        pasted = PASTE.format(text) if text else ""
        self.process.send(DELETE_TEXT + pasted + ENTER)

    def correct(self, text: str) -> None:
        """Replace a text that was refused by a valid one; the refusal goes."""
        self.process.send(DELETE_TEXT + text)
        self.read_until(lambda: not any("Validation error" in line for line in self.lines))

    def press(self, keys: str) -> None:
        """Press keys."""
        self.process.send(keys)

    def try_to_pick(self, name: str, value: object, default: object) -> None:
        """Press the keys that pick a value where the default is marked, if it can be picked."""
        values = choices_of(questions()[name])
        self.press(DOWN * ((values.index(value) - values.index(default)) % len(values)) + ENTER)

    def end(self) -> int:
        """Wait for the end of the program; return its status."""
        with suppress(pexpect.EOF):
            self.read_until(lambda: False)
        self.process.close()
        return int(self.process.exitstatus or 0)


def test_first_copy_at_a_terminal(tmp_path: Path, template: Path) -> None:
    """A first copy asks ten questions, and again after a refusal; -d and a file give the same.

    The sentence is shown when Enter is pressed, and the question waits for a better answer.
    """
    terminal = Terminal("copy", template, tmp_path / "typed")
    for name in ASKED_FIRST:
        terminal.expect(name)
        if name == "project_name":
            terminal.type("My Service")
        elif name == "user_email":
            terminal.type("jane")
            terminal.says("Write it like name@example.org.")
            terminal.type("jane@example.org")
        else:
            terminal.press(ENTER)
    assert terminal.end() == 0

    answers = {"project_name": "My Service", "user_email": "jane@example.org"}
    data = tmp_path / "data.yml"
    data.write_text(yaml.safe_dump(answers), encoding="utf-8")
    options = [word for name, value in answers.items() for word in ("-d", f"{name}={value}")]
    copier_command("copy", "--defaults", "--quiet", *options, template, tmp_path / "options")
    copier_command(
        "copy", "--defaults", "--quiet", "--data-file", data, template, tmp_path / "file"
    )

    typed = tree(tmp_path / "typed")
    assert len(ASKED_FIRST) == 10
    assert answers_of(tmp_path / "typed")["user_email"] == "jane@example.org"
    assert tree(tmp_path / "options") == typed
    assert tree(tmp_path / "file") == typed


@pytest.mark.parametrize("kind", KINDS)
def test_customizing_at_a_terminal(tmp_path: Path, template: Path, kind: str) -> None:
    """With `customize` every other question of the kind follows, with the preset's defaults.

    Each fits in the 80 columns, with its choices.
    """
    terminal = Terminal("copy", template, tmp_path / "typed")
    for name in QUESTIONS[kind]:
        terminal.expect(name, kind)
        if name == "project_name":
            terminal.type("My Service")
        elif name == "kind":
            terminal.try_to_pick(name, kind, KINDS[0])
        elif name == "package_name":
            terminal.type("ledger")
        elif name == "customize":
            terminal.press("y")
        elif name == "strict_mypy":
            terminal.press("n")
        else:
            terminal.press(ENTER)
    assert terminal.end() == 0

    render(
        tmp_path / "given",
        template,
        {
            "project_name": "My Service",
            "kind": kind,
            "customize": True,
            "package_name": "ledger",
            "strict_mypy": False,
        },
    )

    assert answers_of(tmp_path / "typed")["distribution_name"] == "ledger"
    assert tree(tmp_path / "typed") == tree(tmp_path / "given")


VALID = {
    "project_name": "My Service",
    "project_description": "A service.",
    "package_name": "my_service",
    "distribution_name": "my-service",
    "coverage_minimum": "90",
}
"""A valid text for each question whose answer can't be empty."""


@pytest.mark.full
@pytest.mark.parametrize("name", [name for name in REFUSED if not choices_of(questions()[name])])
def test_refused_at_a_terminal(tmp_path: Path, template: Path, name: str) -> None:
    """Every text that -d refuses is refused at a terminal too, by a sentence that is whole."""
    valid = VALID.get(name, "")
    terminal = Terminal("copy", "--defaults", f"--ask={name}", template, tmp_path / "new")
    terminal.says(questions()[name]["help"])
    for value, sentence in REFUSED[name]:
        terminal.type(str(value))
        terminal.says(f"Validation error for question '{name}': {sentence}")
        terminal.correct(valid)
    terminal.press(ENTER)

    assert terminal.end() == 0
    assert str(answers_of(tmp_path / "new")[name]) == valid


@pytest.mark.full
@pytest.mark.parametrize("name", [name for name in CHOICES if choices_of(questions()[name])])
def test_only_choices_can_be_picked(tmp_path: Path, template: Path, name: str) -> None:
    """Every choice that makes sense can be picked at a terminal, and nothing else."""
    values = choices_of(questions()[name])
    for number in range(len(values)):
        folder = tmp_path / f"{number}"
        given = "--data=preset=full", "--data=project_name=My Service"
        terminal = Terminal("copy", "--defaults", f"--ask={name}", *given, template, folder)
        terminal.expect(name)
        terminal.press(DOWN * number + ENTER)
        assert terminal.end() == 0
        assert answers_of(folder)[name] in values
    picked = {str(answers_of(tmp_path / f"{number}")[name]) for number in range(len(values))}

    assert picked == {str(value) for value in values}


@pytest.mark.full
@each_need
def test_senseless_choice_at_a_terminal(tmp_path: Path, template: Path, need: Need) -> None:
    """A choice that needs another answer is shown with its reason, and can't be picked."""
    name, answer, needed, without = need
    folder = tmp_path / "new"
    given = (f"--data={needed}={without}", "--data=project_name=My Service")
    terminal = Terminal("copy", "--defaults", f"--ask={name}", *given, template, folder)
    terminal.says(f"({NEEDED[name, needed]})")

    terminal.try_to_pick(name, answer, completed({needed: without})[name])

    assert terminal.end() == 0
    assert answers_of(folder)[name] != answer


@pytest.mark.full
@each_need
def test_needed_practice_at_a_terminal(tmp_path: Path, need: Need) -> None:
    """An update at a terminal does not leave a practice without what it needs."""
    template, folder = git_template(tmp_path / "template"), tmp_path / "my-service"
    name, _, needed, without = need
    answers = {"preset": "full", **only(need)}
    with fast():
        copier.run_copy(str(template), folder, data=answers, defaults=True, quiet=True)
    commit_all(folder)
    terminal = Terminal("update", "--defaults", f"--ask={needed}", folder)
    terminal.says(f"({switch_off(name)})")

    terminal.try_to_pick(needed, without, completed(answers)[needed])

    assert terminal.end() == 0
    assert answers_of(folder)[needed] != without


@pytest.mark.full
@pytest.mark.parametrize("src_layout", [True, False])
def test_layout_at_a_terminal(tmp_path: Path, src_layout: bool) -> None:  # noqa: FBT001  (an answer)
    """An update at a terminal does not leave the modules of the owner behind."""
    template, folder = git_template(tmp_path / "template"), tmp_path / "my-service"
    answers = {"src_layout": src_layout, "project_name": "My Service"}
    with fast():
        copier.run_copy(str(template), folder, data=answers, defaults=True, quiet=True)
    mine = folder / ("src" if src_layout else "") / "my_service" / "mine.py"
    mine.write_text('"""Mine."""\n', encoding="utf-8")
    commit_all(folder)
    before = tree(folder)
    terminal = Terminal("update", "--defaults", "--ask=src_layout", folder)
    terminal.says(f"{'No' if src_layout else 'Yes'} (Move the package there first (git mv).)")

    terminal.try_to_pick("src_layout", not src_layout, src_layout)

    assert terminal.end() == 0
    assert tree(folder) == before
