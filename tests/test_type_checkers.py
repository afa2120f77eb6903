"""Other type checkers say of rendered projects what decision 44 lists, no more and no fewer."""

import json
import re
from collections import Counter
from pathlib import Path

import pytest

from conftest import Variant
from environment import BIN, Environment, check
from harness import KINDS, ROOT

pytestmark = pytest.mark.full

BASEDPYRIGHT = "basedpyright==1.40.*"
TY = "ty==0.0.108"
DECISION = ROOT / "docs" / "decisions" / "0044-what-other-type-checkers-say.md"
ROW = re.compile(r"\| (\w+) \| (\w+) \| `(\S+)` \| `(\S+)` \| (\d+) \|")
TY_MESSAGE = re.compile(r"(\S+?):\d+:\d+: \w+\[(\S+?)\] ")

Messages = Counter[tuple[str, str]]
"""The number of messages by file and rule."""


def waived(kind: str, checker: str) -> Messages:
    """Return the messages of a checker that the decision lists for a kind of project."""
    rows = ROW.findall(DECISION.read_text(encoding="utf-8"))
    return Counter({(row[2], row[3]): int(row[4]) for row in rows if (kind, checker) == row[:2]})


def place(project: Path, file: str) -> str:
    """Return the path of a file from the package, or from the project in its tests."""
    path = (project / file).resolve().relative_to(project.resolve())
    return path.as_posix().removeprefix("src/my_service/")


def basedpyright(project: Path, environment: Environment) -> Messages:
    """Check a project by the rules of pyright's default mode."""
    config = {"typeCheckingMode": "standard", "pythonVersion": "3.11"}
    (project / "pyrightconfig.json").write_text(json.dumps(config), encoding="utf-8")
    python = environment.venv / BIN / "python"
    command = ("uvx", "--quiet", "--from", BASEDPYRIGHT, "basedpyright", "--outputjson")
    done = environment.run(project, *command, "--pythonpath", str(python))
    assert done.status in {0, 1}, str(done)
    found = json.loads(done.stdout)
    assert found["summary"]["filesAnalyzed"] > 10
    return Counter(
        (place(project, message["file"]), message.get("rule", message["message"]))
        for message in found["generalDiagnostics"]
    )


def ty(project: Path, environment: Environment) -> Messages:
    """Check a project by ty's default rules."""
    command = ("uvx", "--quiet", "--from", TY, "ty", "check", "--output-format", "concise")
    done = environment.run(project, *command, "--python", str(environment.venv))
    assert done.status in {0, 1}, str(done)
    *lines, end = done.stdout.splitlines()
    matches = [TY_MESSAGE.match(line) for line in lines]
    assert end in {"All checks passed!", f"Found {len(lines)} diagnostic{'s'[: len(lines) - 1]}"}
    return Counter((place(project, match[1]), match[2]) for match in matches if match)


CHECKERS = {"basedpyright": basedpyright, "ty": ty}


@pytest.mark.parametrize(
    ("kind", "preset"), [*((kind, "full") for kind in KINDS), ("service", "standard")]
)
def test_messages_are_those_of_the_decision(
    project: Variant, environment: Environment, kind: str, preset: str
) -> None:
    """A message that no row waives is a fault; a row without a message can go."""
    folder = project(kind=kind, preset=preset)
    check(environment.run(folder, "uv", "lock", "--quiet"))
    environment.install(folder)

    for name, messages in CHECKERS.items():
        assert messages(folder, environment) == waived(kind, name), name


def test_each_row_is_read() -> None:
    """Every row of the table is one of a kind and a checker that run here."""
    text = DECISION.read_text(encoding="utf-8").partition("**Waivers**")[2]
    rows = [line for line in text.splitlines() if line.startswith("| ")][1:]

    assert len(rows) == sum(len(waived(kind, name)) for kind in KINDS for name in CHECKERS)
