"""A copy made by Copier's own command, or by pytest-copie, is the one that other tests look at."""

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from conftest import Variant
from harness import (
    COPIER,
    DEFAULTS,
    UnknownAnswerError,
    commit_all,
    environment,
    git_template,
    render,
    tree,
)


def copied(template: Path | str, project: Path, *options: str) -> dict[str, bytes]:
    """Return the files that `copier copy` writes, in a process of its own; it must not warn."""
    done = subprocess.run(
        [COPIER, "copy", "--defaults", "--quiet", *options, template, project],
        capture_output=True,
        text=True,
        check=True,
    )
    assert (done.stdout, done.stderr) == ("", "")
    return tree(project)


def guide(template: Path, source: str) -> str:
    """Return what a README calls the template's guide to updates, for an address of it."""
    macro = (
        '# {% from "extensions/guide.jinja" import updating_guide %}\n{{ updating_guide(source) }}'
    )
    return environment(template).from_string(macro).render(source=source)


def test_quick_render_is_copier_s_own(tmp_path: Path, template: Path, variant: Variant) -> None:
    """`copier copy` and the quick render of the tests write the same bytes."""
    assert copied(template, tmp_path / "my-service") == tree(variant())


def test_copy_of_a_release(tmp_path: Path, variant: Variant) -> None:
    """A copy of a release differs only in the answers file, which has its source and version."""
    release = git_template(tmp_path / "template")

    written = copied(release, tmp_path / "flat", "-d", "src_layout=false", "-d", "preset=minimal")
    wanted = tree(variant(project_name="Flat", src_layout=False, preset="minimal"))
    answers = [files.pop(".copier-answers.yml").decode() for files in (written, wanted)]

    assert written == wanted
    assert f"\n_commit: v1.0.0\n_src_path: {release}\n" in answers[0]
    own = re.compile(r"^_(?:commit|src_path): .*\n", re.MULTILINE)
    assert own.sub("", answers[0]) == own.sub("", answers[1])


def test_copy_says_what_is_next(tmp_path: Path, template: Path) -> None:
    """After a copy the terminal shows the next commands, and the practices that are on."""
    folder = tmp_path / "my service"
    done = subprocess.run(
        [COPIER, "copy", "--defaults", template, folder], capture_output=True, text=True, check=True
    )

    assert f"My Service is ready. Next:\n\n  cd '{folder}'\n" in done.stderr
    assert "uv run my-service\n" in done.stderr
    assert "On: src layout, strict mypy, coverage gate, commit hooks, CI," in done.stderr


@pytest.mark.parametrize(
    ("source", "page"),
    [
        ("gh:acme/tenon", "https://github.com/acme/tenon/blob/HEAD/docs/updating.md"),
        ("gl:acme/tenon.git", "https://gitlab.com/acme/tenon/-/blob/HEAD/docs/updating.md"),
        (
            "git@github.acme.example:py/tenon.git",
            "https://github.acme.example/py/tenon/blob/HEAD/docs/updating.md",
        ),
        (
            "ssh://git@gitlab.acme.example:2222/py/tools/tenon.git",
            "https://gitlab.acme.example/py/tools/tenon/-/blob/HEAD/docs/updating.md",
        ),
        ("git+https://jane:secret@acme.example/tenon.git/", "https://acme.example/tenon"),
        ("http://acme.example/~jane/tenon", "https://acme.example/~jane/tenon"),
    ],
)
def test_guide_has_a_page(template: Path, source: str, page: str) -> None:
    """The README links to the template's guide to updates, or to the template, if it is online."""
    assert f"]({page})" in guide(template, source)


@pytest.mark.parametrize(
    "source", ["/srv/github/tenon", "~/tenon", "git+file:///srv/tenon", "C:\\tenon", "/it's (here)"]
)
def test_guide_on_this_machine_has_no_page(template: Path, source: str) -> None:
    """The README names the guide without a link if nobody else can open its address."""
    assert guide(template, source) == "The template's `docs/updating.md`"


def test_copy_from_an_address_links_to_the_guide(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A copy of a template that is online has the link, and an update leaves it as it is."""
    release = git_template(tmp_path / "template")
    for name, value in {
        "COUNT": "1",
        "KEY_0": f"url.{release}.insteadOf",
        "VALUE_0": "https://github.com/acme/tenon.git",
    }.items():
        monkeypatch.setenv(f"GIT_CONFIG_{name}", value)
    files = copied("gh:acme/tenon", tmp_path / "my-service")
    commit_all(tmp_path / "my-service")

    subprocess.run(
        [COPIER, "update", "--defaults", "--quiet"], cwd=tmp_path / "my-service", check=True
    )

    assert b"(https://github.com/acme/tenon/blob/HEAD/docs/updating.md)" in files["README.md"]
    assert tree(tmp_path / "my-service") == files


def test_unknown_answer_is_an_error(tmp_path: Path, template: Path) -> None:
    """A misspelt answer is an error in these tests, not a silent default."""
    with pytest.raises(UnknownAnswerError, match=r"^metrik$"):
        render(tmp_path / "new", template, {**DEFAULTS, "metrik": True})


@pytest.mark.parametrize("preset", ["minimal", "standard", "full"])
def test_preset_by_copie(copie: Any, template: Path, variant: Variant, preset: str) -> None:  # noqa: ANN401
    """pytest-copie, which gives the answers as the user's defaults, makes the same copy."""
    result = copie.copy(extra_answers={**DEFAULTS, "preset": preset}, template_dir=template)

    assert (result.exit_code, result.exception) == (0, None)
    assert tree(result.project_dir) == tree(variant(preset=preset))


def test_refusal_by_copie(copie: Any, template: Path) -> None:  # noqa: ANN401
    """A default of the user that is not valid is refused too."""
    result = copie.copy(extra_answers={"user_email": "jane"}, template_dir=template)

    assert result.exit_code == -1
    assert str(result.exception) == (
        "Validation error for question 'user_email': Write it like name@example.org."
    )
