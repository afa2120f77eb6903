"""Schemathesis finds no fault in the API of the example."""

import asyncio
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from conftest import Variant
from environment import Run, check, run, variables
from faults import Project, installed

pytestmark = pytest.mark.full

CONFIG = Path(__file__).with_name("schemathesis.toml")


@pytest.fixture(scope="module")
def project(variant: Variant) -> Iterator[Project]:
    """Yield an installed project that has a database."""
    with installed(variant(preset="full", database="sqlite")) as project:
        check(run(project.folder, ["my-service", "migrate"], project.shell))
        yield project


def examine(folder: Path, port: int) -> Run:
    """Run Schemathesis against a service, with good and bad data from its schema."""
    address = f"http://127.0.0.1:{port}/openapi.json"
    shell = variables(PYTHONPATH=str(CONFIG.parent))
    command = [sys.executable, "-m", "schemathesis.cli", "--config-file", str(CONFIG)]
    return run(folder, [*command, "run", address, "--checks", "all"], shell)


def test_api_does_what_its_schema_says(project: Project, tmp_path: Path) -> None:
    """Good data is accepted, bad data rejected, and every response is in the schema.

    All checks of Schemathesis run. Exceptions are in schemathesis.toml and
    schemathesis_hooks.py, each with its reason.
    """

    async def main() -> Run:
        async with project.served() as service:
            return await asyncio.to_thread(examine, tmp_path, service.port)

    found = asyncio.run(main())

    check(found)
    assert all(f"{phase} (in" in found.stdout for phase in ("Coverage", "Fuzzing", "Stateful"))
