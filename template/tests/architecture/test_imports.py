"""Imports: the core stands alone, and nothing happens when a module is imported."""

import subprocess
import sys
from pathlib import Path

from support.source_code import PACKAGE, modules


def test_core_imports_nothing_outside_core() -> None:
    """Of the package, the core imports only itself."""
    core = f"{PACKAGE.name}.core"
    found = {
        f"{module.path}: {name}"
        for module in modules(PACKAGE)
        if module.path.startswith("core/")
        for name in module.names.values()
        if name.partition(".")[0] == PACKAGE.name and not f"{name}.".startswith(f"{core}.")
    }

    assert found == set(), "Pass what the core needs as an argument."


def test_nothing_happens_at_import(tmp_path: Path) -> None:
    """Every module can be imported in an empty environment, from an empty folder."""
    script = (
        "import importlib, os, pkgutil, sys; os.environ.clear();"
        "import {{ package_name }} as package;"
        "found = list(pkgutil.walk_packages(package.__path__, package.__name__ + '.'));"
        "[importlib.import_module(module.name) for module in found];"
        "sys.exit(not found)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stderr
