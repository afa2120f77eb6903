"""Read the options of pytest, and where it finds tests."""

import re
import shlex
from collections.abc import Iterator, Mapping, Sequence
from fnmatch import fnmatch
from typing import Any

LISTS = (
    *("addopts", "doctest_optionflags", "env", "filterwarnings", "markers", "norecursedirs"),
    *("python_classes", "python_files", "python_functions", "pythonpath", "required_plugins"),
    *("testpaths", "usefixtures"),
)
TENONS_TESTS = {
    "python_classes": ["Test"],
    "python_files": ["test_*.py"],
    "python_functions": ["test"],
}
"""What pytest collects Tenon's tests by."""
TEST_FILES = ("test_*.py", "*_test.py")
"""What pytest collects tests by if `python_files` is not set."""
NOT_SEARCHED = re.compile(r"(^|/)(\.[^/]*|build|dist|node_modules|venv)/")
"""Folders in which pytest looks for no tests."""


def options_of(tools: Mapping[str, Any]) -> dict[str, Any]:
    """Return the options of pytest in [tool], as [tool.pytest] takes them."""
    table = tools.get("pytest", {})
    options = {name: value for name, value in table.items() if name != "ini_options"}
    older = table.get("ini_options", {})
    return options | {name: converted(name, value) for name, value in older.items()}


def converted(name: str, value: object) -> object:
    """Return an option of [tool.pytest.ini_options] as [tool.pytest] takes it."""
    if name in LISTS:
        needed = TENONS_TESTS.get(name, [])
        return [*split_words(value), *(item for item in needed if item not in split_words(value))]
    words = {"true": True, "false": False}
    return words.get(str(value).lower(), str(value))


def split_words(value: object) -> list[Any]:
    """Return an option of pytest that ini files write as text as the list that TOML has."""
    if isinstance(value, str):
        return value.strip().splitlines() if "\n" in value else shlex.split(value)
    return list(value) if isinstance(value, list) else [value]


def places_of_tests(files: Sequence[str], options: Mapping[str, Any]) -> list[str]:
    """Return where pytest has found tests outside tests/; [] if `testpaths` says it."""
    if "testpaths" in options:
        return []
    patterns = options.get("python_files", TEST_FILES)
    return sorted({*tops(path for path in files if is_test(path, patterns))} - {"tests"})


def is_test(path: str, patterns: Sequence[str]) -> bool:
    """Return whether pytest collects a file."""
    name = path.rpartition("/")[2]
    return not NOT_SEARCHED.search(path) and any(fnmatch(name, pattern) for pattern in patterns)


def tops(paths: Iterator[str]) -> Iterator[str]:
    """Yield the file itself at the root, else its topmost folder; of src/, the folder below."""
    for path in paths:
        names = path.split("/")
        yield "/".join(names[: 2 if names[0] == "src" else 1])
