"""The report of the tests adds up what pytest wrote, and is written from nothing else."""

from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from markdown_it import MarkdownIt

from tenon.report import document, picture, read

JUNIT = """<?xml version="1.0" encoding="utf-8"?>
<testsuites><testsuite name="pytest" errors="0" failures="{failures}" time="90.0">
<testcase classname="tests.test_gates" name="test_gates_pass[a]" time="2.0"><properties>
<property name="gates run" value="5"/><property name="cpu seconds" value="6.50"/>
</properties></testcase>
<testcase classname="tests.test_gates" name="test_gates_pass[b]" time="1.0"><properties>
<property name="gates run" value="1"/><property name="gates shared" value="4"/>
<property name="cpu seconds" value="1.50"/>
</properties></testcase>
<testcase classname="tests.test_update" name="test_law" time="3.0"><properties>
<property name="pairs of answers" value="7 of 7"/><property name="cpu seconds" value="2.00"/>
</properties></testcase>
</testsuite></testsuites>
"""


@pytest.fixture
def junit(tmp_path: Path) -> Path:
    """Return a file as pytest writes it."""
    file = tmp_path / "junit.xml"
    file.write_text(JUNIT.format(failures=0), encoding="utf-8")
    return file


def test_sums(junit: Path) -> None:
    """CPU seconds and counts are summed by file; the share is that of the CPU."""
    proof = read([junit, junit])
    text = document(proof, "2 cores")

    assert (proof.groups["test_gates"].cpu, proof.groups["test_gates"].cases) == (16.0, 4)
    assert proof.counts == {"gates run": 12, "gates shared": 8}
    assert "and those of an outsider without its configuration | 4 | 16 | 6 | 80% |" in text
    assert "| pairs of answers | 7 of 7 |" in text
    assert "2 cores. 3 tests, 20 CPU s, 3 minutes." in text


def test_report_parses(junit: Path) -> None:
    """The Markdown has its tables, and the chart a bar for each group."""
    proof = read([junit])
    tokens = MarkdownIt().enable("table").parse(document(proof, "2 cores"))
    drawing = ET.fromstring(picture(proof.groups))  # noqa: S314  (we wrote it)
    widths = [
        float(bar.attrib["width"]) for bar in drawing.iter("{http://www.w3.org/2000/svg}rect")
    ]

    assert sum(token.type == "table_open" for token in tokens) == 3
    assert widths == [380.0, 95.0]


def test_failed_run_is_no_proof(tmp_path: Path) -> None:
    """A run with a failed test writes no report."""
    file = tmp_path / "junit.xml"
    file.write_text(JUNIT.format(failures=1), encoding="utf-8")

    with pytest.raises(SystemExit, match="a test failed"):
        read([file])
