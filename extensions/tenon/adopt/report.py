"""What becomes of each file and each item of pyproject.toml, and the refusals."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Literal

Status = Literal["added", "updated", "kept", "removed", "conflict"]
DETAILED_DEPTH = 2
"""Added files are counted for each folder of at most this many names."""


class Refusal(Exception):  # noqa: N818  (it is no error of the program)
    """Why the repository can't be adopted, and what to do; nothing was changed."""


@dataclass(frozen=True, slots=True)
class Item:
    """One line of the report."""

    status: Status
    what: str
    why: str = ""

    def __str__(self) -> str:
        """Return the line."""
        return f"  {self.status:<8}  {self.what}" + (f" ({self.why})" if self.why else "")


@dataclass(slots=True)
class Report:
    """What was done, and what is left to do."""

    answers: dict[str, object] = field(default_factory=dict)
    files: list[Item] = field(default_factory=list)
    items: list[Item] = field(default_factory=list)
    """Of pyproject.toml."""
    to_do: list[str] = field(default_factory=list)

    def lines(self) -> Iterator[str]:
        """Yield the lines to print."""
        yield "Answers, from your metadata and --data:"
        yield from (f"  {name}: {value}" for name, value in sorted(self.answers.items()))
        yield "\nFiles:"
        yield from map(str, summed(self.files))
        if self.items:
            yield "\npyproject.toml:"
            yield from map(str, self.items)
        if self.to_do:
            yield "\nFor you to do:"
            yield from (f"  - {sentence}" for sentence in self.to_do)


def summed(items: Sequence[Item]) -> Iterator[Item]:
    """Yield the items, with added files as one item for each folder."""
    folders = Counter(
        "/".join(PurePosixPath(item.what).parts[:-1][: DETAILED_DEPTH + 1])
        for item in items
        if item.status == "added" and "/" in item.what
    )
    for folder, count in sorted(folders.items()):
        yield Item("added", f"{folder}/", f"{count} file" + ("s" if count > 1 else ""))
    for item in items:
        if item.status != "added" or "/" not in item.what:
            yield item
