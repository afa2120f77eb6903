"""Rules of the database that neither ruff nor import-linter can express."""

import ast

import pytest

from support.source_code import Module, calls, refuse


def imports_sqlalchemy(module: Module) -> bool:
    """Return whether a module imports a name of SQLAlchemy."""
    return any(f"{name}.".startswith("sqlalchemy.") for name in module.names.values())


def has_session(module: Module, node: ast.Call) -> bool:
    """Return whether a method may belong to a session: other objects have a `commit`, too."""
    receiver = ast.unparse(node.func).lower()
    return imports_sqlalchemy(module) or "session" in receiver or "connection" in receiver


@pytest.mark.parametrize(
    ("name", "owner"), [("begin", "core/database/__init__.py"), ("commit", ""), ("rollback", "")]
)
def test_one_module_owns_the_transactions(name: str, owner: str) -> None:
    """A transaction begins in core/database/__init__.py and ends with its block."""
    found = (pair for pair in calls(f".{name}", owner) if has_session(*pair))

    refuse(found, "Run the work by `database.read` or `database.write`.")


def test_pages_have_no_offset() -> None:
    """An offset reads all rows before it, and skips and repeats rows during writes."""
    found = (pair for pair in calls(".offset") if imports_sqlalchemy(pair[0]))

    refuse(found, "Select the rows after the last one of the page before.")
