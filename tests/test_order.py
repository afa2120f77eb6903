"""The tests of a project depend neither on each other nor on being alone."""

import shutil
from pathlib import Path

import pytest

from conftest import Variant
from environment import Environments, check, python_for


@pytest.mark.full
@pytest.mark.parametrize("preset", ["standard", "full"])
def test_tests_pass_in_any_order_and_side_by_side(
    preset: str, variant: Variant, tmp_path: Path
) -> None:
    """They pass shuffled, two at a time, on one database for each process."""
    python = python_for("3.11")
    assert python is not None
    folder = tmp_path / "my-service"
    shutil.copytree(variant(preset=preset), folder)
    environment = Environments(tmp_path / "environments").of(python)
    environment.install(folder)

    tools = ("--with=pytest-xdist", "--with=pytest-randomly")
    check(environment.run(folder, "uv", "run", *tools, "pytest", "-q", "-n", "2"))
