"""Rules of the database that neither ruff nor import-linter can express."""

import ast

import pytest
from sqlalchemy import ForeignKeyConstraint, Table, UniqueConstraint, inspect

from {{ package_name }}.core.database.migrations import (
    PACKAGE,
    import_models,
)
from {{ package_name }}.core.database.models import Base
from {{ package_name }}.core.database.repository import (
    all_reference_errors,
    repositories,
)

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
        for kind in repositories()
        if kind.__module__.startswith(f"{PACKAGE}.") and (model := getattr(kind, "model", None))
        for name in sorted(constraint_names(inspect(model).local_table))
        if name not in kind.constraint_errors
    ]

    hint = "Add to `constraint_errors` what clients get, or None and a comment why only a bug can"
    assert not missing, f"{hint}: {', '.join(missing)}"


def test_each_reference_has_its_error() -> None:
    """A foreign key without ON DELETE has an error for the deletion of what it refers to."""
    import_models()
    missing = [
        str(key.name)
        for table in Base.metadata.sorted_tables
        for key in sorted(table.foreign_key_constraints, key=lambda key: str(key.name))
        if (key.ondelete or "RESTRICT") == "RESTRICT" and key.name not in all_reference_errors()
    ]

    hint = "Add to `reference_errors` what clients get, or None and a comment why only a bug can"
    assert not missing, f"{hint}: {', '.join(missing)}"
