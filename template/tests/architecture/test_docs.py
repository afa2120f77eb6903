"""The documentation is complete."""

from pathlib import Path

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"


def test_every_page_is_listed() -> None:
    """`llms.txt` names every page of the site."""
    listed = (DOCS / "llms.txt").read_text(encoding="utf-8")
    pages = {path.relative_to(DOCS).with_suffix("").as_posix() for path in DOCS.rglob("*.md")}

    missing = {
        page
        for page in pages
        if f"({page}.html)" not in listed and f"({page}/index.html)" not in listed
    }

    advice = "Add a line for each to docs/llms.txt, such as [Title](page/index.html)."
    assert missing == set(), advice
