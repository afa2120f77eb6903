"""The versions of what was measured."""

import json
import subprocess
from collections.abc import Iterable
from pathlib import Path

PACKAGES = (
    "fastapi",
    "starlette",
    "uvicorn",
    "uvloop",
    "httptools",
    "structlog",
    "prometheus-client",
    "granian",
)

STORING = ("fastapi", "pydantic", "sqlalchemy", "uvloop")
"""What all have that keep data."""

QUERY = """
import json, platform, sys
from importlib.metadata import version
found = {name: version(name) for name in sys.argv[1:]}
print(json.dumps({"Python": platform.python_version(), **found}))
"""


def versions(python: Path, packages: Iterable[str]) -> dict[str, str]:
    """Return the versions of packages in an environment, given its Python."""
    printed = subprocess.check_output([python, "-c", QUERY, *packages])
    found: dict[str, str] = json.loads(printed)
    return found
