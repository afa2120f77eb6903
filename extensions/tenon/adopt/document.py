"""Edit a rendered pyproject.toml by lines: an update then finds every line of Tenon as it was."""

import re
import tomllib
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import tomlkit
from tomlkit.items import AoT, Item, Table

MARKER = re.compile(r"(\s*)(?:# |<!-- )Your own (.+) go below this line\.(?: -->)?")
Path = tuple[str, ...]


def names(dotted: str) -> Path:
    """Return the parts of a dotted key."""
    found: Any = tomllib.loads(f"{dotted} = 0")
    path: list[str] = []
    while isinstance(found, dict):
        ((name, found),) = found.items()
        path.append(name)
    return tuple(path)


def literal(value: object) -> str:
    """Return a value in TOML, on one line."""
    if isinstance(value, Mapping):
        pairs = (f"{tomlkit.key(name).as_string()} = {literal(v)}" for name, v in value.items())
        return f"{{ {', '.join(pairs)} }}"
    if isinstance(value, list):
        return f"[{', '.join(map(literal, value))}]"
    return tomlkit.item(value).as_string()


@dataclass(slots=True)
class Document:
    """The lines of a rendered pyproject.toml, whose form is the template's."""

    lines: list[str]
    tables: dict[Path, int] = field(default_factory=dict)
    """The line before which a new key goes."""
    arrays: dict[Path, int] = field(default_factory=dict)
    """The line before which a new item goes, of arrays of several lines."""
    marked: set[Path] = field(default_factory=set)
    """The arrays with a place for the owner's items."""
    keys: dict[Path, int] = field(default_factory=dict)
    added: defaultdict[int, list[str]] = field(default_factory=lambda: defaultdict(list))
    new_tables: defaultdict[Path, list[str]] = field(default_factory=lambda: defaultdict(list))
    appended: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, text: str) -> "Document":  # noqa: C901  (one case for each form of line)
        """Find the places for new lines in a text: below the markers, else at the end."""
        document = cls(text.splitlines())
        table: Path = ()
        array: Path | None = None
        marked: set[Path] = set()
        for number, line in enumerate(document.lines):
            marker = MARKER.fullmatch(line)
            if array is not None and line.startswith("]"):
                document.arrays.setdefault(array, number)
                array = None
            elif array is not None:
                if marker:
                    document.arrays[array] = number + 1
                    document.marked.add(array)
                continue
            elif header := re.fullmatch(r"\[([^\[\]]+)\]", line):
                table = names(header[1])
            elif header := re.fullmatch(r"\[\[(.+)\]\]", line):
                table = (*names(header[1]), "[]")
            elif marker:
                if marker[2] == "tables":
                    continue
                marked.add(table)
                document.tables[table] = number + 1
            elif key := re.match(r"""((?:"[^"]*"|[\w-]+)(?:\.(?:"[^"]*"|[\w-]+))*) = """, line):
                path = (*table, *names(key[1]))
                document.keys[path] = number
                array = path if line.endswith("[") else None
            else:
                continue
            if table not in marked:
                document.tables[table] = number + 1
        return document

    def replace(self, path: Path, value: object) -> None:
        """Give a key of one line another value."""
        number = self.keys[path]
        key = self.lines[number].partition(" = ")[0]
        self.lines[number] = f"{key} = {literal(value)}"

    def add_items(self, path: Path, items: Iterable[object]) -> None:
        """Add items to an array."""
        written = list(map(literal, items))
        if path in self.arrays:
            self.added[self.arrays[path]] += [f"  {item}," for item in written]
        else:
            number = self.keys[path]
            key, _, value = self.lines[number].partition(" = ")
            opened = value.rpartition("]")[0].rstrip()
            between = ", " if opened != "[" else ""
            self.lines[number] = f"{key} = {opened}{between}{', '.join(written)}]"

    def add_key(self, path: Path, value: object) -> None:
        """Add a key to a table, or to a new one."""
        *table, name = path
        text = value.as_string() if isinstance(value, Item) else literal(value)
        comment = value.trivia.comment if isinstance(value, Item) else ""
        if isinstance(value, list) and not isinstance(value, Item) and len(text) > len(path) + 60:
            text = "[\n" + "".join(f"  {literal(item)},\n" for item in value) + "]"
        line = f"{tomlkit.key(name).as_string()} = {text}" + (f"  {comment}" if comment else "")
        if tuple(table) in self.tables:
            self.added[self.tables[tuple(table)]].append(line)
        else:
            self.new_tables[tuple(table)].append(line)

    def add_table(self, path: Path, value: Table | AoT) -> None:
        """Add a table of the owner as it is, with its comments."""
        whole = tomlkit.document()
        inner: Any = whole
        for name in path[:-1]:
            inner.append(name, tomlkit.table(is_super_table=True))
            inner = inner[name]
        inner.append(path[-1], value)
        self.appended.append(tomlkit.dumps(whole).strip())

    def text(self) -> str:
        """Return the whole text."""
        lines: list[str] = []
        for number in range(len(self.lines) + 1):
            lines += self.added.get(number, [])
            lines += self.lines[number : number + 1]
        made = [
            "\n".join((f"[{'.'.join(tomlkit.key(name).as_string() for name in table)}]", *keys))
            for table, keys in self.new_tables.items()
        ]
        return "\n".join(lines) + "\n" + "".join(f"\n{table}\n" for table in made + self.appended)
