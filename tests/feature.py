"""Build the feature of a project's README in that project."""

import re
from pathlib import Path

BLOCK = re.compile(r"(?ms)`([^`\n]+)`[:,]\n\n```(python|diff|ini)\n(.*?)^```$")
"""The path, the kind and the text of a block."""


def section(project: Path) -> str:
    """Return the README's section about a feature."""
    text = (project / "README.md").read_text(encoding="utf-8")
    return text.partition("## Build a feature\n")[2].partition("\n## ")[0]


def changed(text: str, hunks: str) -> str:
    """Return a text with the changes of a block; each hunk stands there once."""
    for hunk in hunks.split("@@\n"):
        lines = hunk.splitlines(keepends=True)
        old, new = ("".join(line[1:] for line in lines if line[0] != sign) for sign in "+-")
        assert text.count(old) == 1, f"{old!r} stands there {text.count(old)} times"
        text = text.replace(old, new)
    return text


def build_feature(project: Path) -> set[str]:
    """Write what the README of a project says; return the paths."""
    blocks = BLOCK.findall(section(project))
    assert len(blocks) == section(project).count("\n```") // 2 - 1, "all but the commands"
    for path, kind, text in blocks:
        file = project / path
        file.parent.mkdir(parents=True, exist_ok=True)
        before = file.read_text(encoding="utf-8") if file.exists() else ""
        match kind:
            case "diff":
                after = changed(before, text)
            case "ini":
                after = before + text
            case _:
                after = text
        file.write_text(after, encoding="utf-8")
    return {path for path, _, _ in blocks}
