"""Show where the time of the tests goes: read pytest's JUnit files, print and write docs/proof.md.

`uv run poe report` runs all tests first, each of which records its CPU time. Workers share the
cores, so CPU seconds can be compared with those of another day; wall time can't.
"""

import ast
import os
import platform
import sys
import xml.etree.ElementTree as ET
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tenon.chart import bar_chart

ROOT = Path(__file__).parents[2]
DOCUMENT = ROOT / "docs" / "proof.md"
CHART = ROOT / "docs" / "proof.svg"
SLOWEST = 15

INTRODUCTION = """\
Written by `uv run poe report`, which runs every test. CPU seconds include the processes that a test
waits for, but not servers that outlive it."""
SHARED = """\
A gate is shared if everything that it reads is, byte for byte, what another variant gave it in the
same run."""


@dataclass(slots=True)
class Group:
    """The tests of one file.

    Attributes:
        claim: What they show, by the first line of the file.
        cases: How many there are.
        cpu: Seconds of CPU, with those of the processes that the tests waited for.
        wall: Seconds from start to end, on a machine that other tests use too.
    """

    claim: str = ""
    cases: int = 0
    cpu: float = 0.0
    wall: float = 0.0


@dataclass(slots=True)
class Proof:
    """What one or more runs of the tests have shown.

    Attributes:
        groups: By the name of the file.
        cases: CPU seconds by the name of the test.
        counts: Sums of what tests have recorded, such as "gates run".
        facts: Texts that tests have recorded, such as "pairs of answers".
        wall: Seconds that the runs took, one after the other.
    """

    groups: dict[str, Group] = field(default_factory=dict)
    cases: dict[str, float] = field(default_factory=dict)
    counts: Counter[str] = field(default_factory=Counter)
    facts: dict[str, str] = field(default_factory=dict)
    wall: float = 0.0


def claim_of(name: str) -> str:
    """Return the first sentence of a test file."""
    tree = ast.parse((ROOT / "tests" / f"{name}.py").read_text(encoding="utf-8"))
    return (ast.get_docstring(tree) or "").partition("\n")[0].rstrip(".")


def read(files: Iterable[Path]) -> Proof:
    """Return what the JUnit files of pytest say.

    Raises:
        SystemExit: A test failed, so the run proves nothing.
    """
    proof = Proof()
    for file in files:
        for suite in ET.parse(file).iter("testsuite"):  # noqa: S314  (pytest wrote it)
            if int(suite.attrib["failures"]) or int(suite.attrib["errors"]):
                raise SystemExit(f"{file}: a test failed; run it again when all pass.")
            proof.wall += float(suite.attrib["time"])
            for case in suite.iter("testcase"):
                add(proof, case)
    return proof


def add(proof: Proof, case: ET.Element) -> None:
    """Add a test to what is known."""
    name = case.attrib["classname"].rpartition(".")[2]
    group = proof.groups.setdefault(name, Group(claim=claim_of(name)))
    recorded = {
        item.attrib["name"]: item.attrib["value"] for item in case.iterfind("properties/property")
    }
    cpu = float(recorded.pop("cpu seconds", 0))
    group.cases += 1
    group.cpu += cpu
    group.wall += float(case.attrib["time"])
    proof.cases[f"{name}::{case.attrib['name']}"] = cpu
    for key, value in recorded.items():
        if value.isdecimal():
            proof.counts[key] += int(value)
        else:
            proof.facts[key] = value


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table in Markdown; all columns but the first are numbers."""
    lines = [head, ["---", *["---:"] * (len(head) - 1)], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def document(proof: Proof, machine: str) -> str:
    """Return the report in Markdown."""
    total = sum(group.cpu for group in proof.groups.values()) or 1.0
    groups = sorted(proof.groups.items(), key=lambda item: -item[1].cpu)
    slowest = sorted(proof.cases.items(), key=lambda item: -item[1])[:SLOWEST]
    sections = (
        "# Where the time of the tests goes",
        INTRODUCTION,
        f"{machine}. {len(proof.cases)} tests, {total:.0f} CPU s, {proof.wall / 60:.0f} minutes.",
        "![CPU seconds by group of tests](proof.svg)",
        table(
            ["group", "cases", "CPU s", "wall s", "share"],
            [
                [
                    f"`{name}`: {group.claim}",
                    f"{group.cases}",
                    f"{group.cpu:.0f}",
                    f"{group.wall:.0f}",
                    f"{group.cpu / total:.0%}",
                ]
                for name, group in groups
            ],
        ),
        "## What is covered",
        table(
            ["what", "how much"],
            [*proof.facts.items(), *((key, str(count)) for key, count in proof.counts.items())],
        ),
        SHARED,
        "## The slowest tests",
        table(["test", "CPU s"], [[f"`{name}`", f"{cpu:.0f}"] for name, cpu in slowest]),
    )
    return "\n\n".join(sections) + "\n"


def picture(groups: Mapping[str, Group]) -> str:
    """Return the CPU seconds of the groups as a chart."""
    ordered = sorted(groups.items(), key=lambda item: -item[1].cpu)
    return bar_chart(
        "CPU seconds by group of tests", {name: group.cpu or 0.1 for name, group in ordered}
    )


def main() -> int:
    """Print the report, and write it to docs."""
    proof = read(map(Path, sys.argv[1:]))
    machine = f"{os.cpu_count()} cores, {platform.system()}, Python {platform.python_version()}"
    text = document(proof, machine)
    DOCUMENT.write_text(text, encoding="utf-8")
    CHART.write_text(picture(proof.groups), encoding="utf-8")
    print(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
