"""Rules of the database that neither ruff nor import-linter can express."""

import pytest

from source_code import calls, refuse


@pytest.mark.parametrize("name", [".begin", ".commit", ".rollback"])
def test_one_module_owns_the_transactions(name: str) -> None:
    """A transaction begins in infrastructure/database.py and ends with its block."""
    refuse(
        calls(name, owner="infrastructure/database.py" if name == ".begin" else ""),
        "Run the work by `database.read` or `database.write`.",
    )


def test_pages_have_no_offset() -> None:
    """An offset reads all rows before it, and skips and repeats rows during writes."""
    refuse(calls(".offset"), "Select the rows after the last one of the page before.")
