"""Rules of a library that no tool can express."""

import importlib
import importlib.resources
import inspect
import json
import pkgutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from {{ package_name }}.errors import Error

PACKAGE = importlib.import_module("{{ package_name }}")
FRESH_IMPORT = Path(__file__).with_name("fresh_import.py")
PUBLIC_NAMES = Path(__file__).parents[1] / "public_names"


def find_modules(package: ModuleType) -> Iterator[ModuleType]:
    """Import and yield every module of the package but `__main__`."""
    yield package
    for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
        if not module.name.endswith(".__main__"):
            yield importlib.import_module(module.name)


def is_public(module: ModuleType) -> bool:
    """Return whether no part of the dotted name starts with `_`."""
    return not any(part.startswith("_") for part in module.__name__.split("."))


def frozen_names(module: ModuleType) -> Path:
    """Return the file that lists the public names of a module, one a line."""
    _, _, name = module.__name__.partition(".")
    return PUBLIC_NAMES / f"{name or '__init__'}.txt"


def is_own(module_name: str) -> bool:
    """Return whether a module is part of the package."""
    return module_name.partition(".")[0] == PACKAGE.__name__


def has_docstring(value: object) -> bool:
    """Return whether there is a docstring; dataclasses generate one, which does not count."""
    docstring = value.__doc__ or ""
    name = getattr(value, "__name__", "")
    return bool(docstring) and not docstring.startswith(f"{name}(")


def subclasses(base: type[BaseException]) -> Iterator[type[BaseException]]:
    """Yield the direct and indirect subclasses."""
    for subclass in base.__subclasses__():
        yield subclass
        yield from subclasses(subclass)


MODULES = list(find_modules(PACKAGE))
PUBLIC_MODULES = [module for module in MODULES if is_public(module)]
DEFINITIONS = [
    pytest.param(value, id=f"{module.__name__}.{name}")
    for module in PUBLIC_MODULES
    for name in getattr(module, "__all__", [])
    if inspect.isclass(value := getattr(module, name, None)) or inspect.isroutine(value)
]


def run_fresh_import(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run fresh_import.py in an interpreter that ignores `PYTHON*` variables."""
    command = [sys.executable, "-I", str(FRESH_IMPORT), *arguments]
    return subprocess.run(
        command,
        capture_output=True,
        check=False,
        cwd=FRESH_IMPORT.parent,
        text=True,
        timeout=60,
    )


def test_import_has_no_side_effects() -> None:
    """Importing every module prints nothing and leaves the process as it was."""
    listed = run_fresh_import("--list")
    assert listed.returncode == 0, listed.stderr
    *printed, dependencies = listed.stdout.splitlines()
    assert "".join(printed) == "", "An import prints."

    result = run_fresh_import(*json.loads(dependencies))

    assert result.returncode == 0, result.stderr
    assert result.stdout + result.stderr == "", "An import prints."


def test_package_is_typed() -> None:
    """Type checkers ignore the annotations of a package without py.typed."""
    files = importlib.resources.files(PACKAGE)

    assert files.joinpath("py.typed").is_file()


@pytest.mark.parametrize("module", PUBLIC_MODULES, ids=lambda module: module.__name__)
def test_public_module_lists_its_names(module: ModuleType) -> None:
    """Each public module has `__all__`, and each name in it exists."""
    assert hasattr(module, "__all__"), f"Add __all__ to {module.__name__}, or rename it to _*.py."
    missing = [name for name in module.__all__ if not hasattr(module, name)]
    assert missing == []


@pytest.mark.parametrize("module", PUBLIC_MODULES, ids=lambda module: module.__name__)
def test_public_names_are_frozen(module: ModuleType) -> None:
    """A public name is added or removed on purpose: in a file of tests/public_names/, too."""
    file = frozen_names(module)
    names = file.read_text(encoding="utf-8").split() if file.exists() else []

    assert getattr(module, "__all__", []) == names, f"Change tests/public_names/{file.name}, too."


def test_frozen_modules_exist() -> None:
    """A public module is removed on purpose."""
    files = {frozen_names(module) for module in PUBLIC_MODULES}

    assert set(PUBLIC_NAMES.iterdir()) == files


@pytest.mark.parametrize("value", DEFINITIONS)
def test_public_name_has_docstring(value: object) -> None:
    """Each public class and function has a docstring of its own."""
    assert has_docstring(value), "Add a docstring."


@pytest.mark.parametrize("module", PUBLIC_MODULES, ids=lambda module: module.__name__)
def test_public_name_is_defined_here(module: ModuleType) -> None:
    """No public module exports a name of another distribution, whose changes break callers."""
    values = {name: getattr(module, name) for name in getattr(module, "__all__", [])}
    origins = {
        name: value.__name__ if inspect.ismodule(value) else value.__module__ or module.__name__
        for name, value in values.items()
        if inspect.ismodule(value) or inspect.isclass(value) or inspect.isroutine(value)
    }

    foreign = [f"{name} of {origin}" for name, origin in origins.items() if not is_own(origin)]
    assert foreign == []


def test_errors_derive_from_error() -> None:
    """Callers catch every error of the library by `Error`; a warning is not an error."""
    underived = [
        f"{error.__module__}.{error.__qualname__}"
        for error in subclasses(BaseException)
        if is_own(error.__module__) and not issubclass(error, (Error, Warning))
    ]
    assert underived == []
