"""Rules of the database that neither ruff nor import-linter can express."""

import ast
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import ForeignKeyConstraint, Table, UniqueConstraint, inspect

from {{ package_name }}.core.database.migrations import (
    PACKAGE,
    import_models,
)
from {{ package_name }}.core.database.repository import Repository

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


def subclasses(kind: type[Repository[Any]]) -> Iterator[type[Repository[Any]]]:
    """Yield the repositories of the package."""
    for found in kind.__subclasses__():
        if found.__module__.startswith(f"{PACKAGE}."):
            yield found
        yield from subclasses(found)


def constraint_names(table: Table) -> set[str]:
    """Return the names of the foreign keys and the unique constraints of a table."""
    kinds = ForeignKeyConstraint, UniqueConstraint
    constraints = [item for item in table.constraints if isinstance(item, kinds)]
    return {str(item.name) for item in (*constraints, *(i for i in table.indexes if i.unique))}


def test_each_constraint_has_its_error() -> None:
    """A repository has an error for each foreign key and unique constraint of its table."""
    import_models()
    missing = [
        f"{kind.__qualname__}: {name}"
        for kind in subclasses(Repository)
        if hasattr(kind, "model")
        for name in sorted(constraint_names(inspect(kind.model).local_table))
        if name not in kind.constraint_errors
    ]

    hint = "Add to `constraint_errors` what clients get, or None and a comment why only a bug can"
    assert not missing, f"{hint}: {', '.join(missing)}"
