"""SQLite's part of migrations: Alembic changes a table by copying it, which must lose nothing."""

import re
import warnings
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any, cast

from alembic import context
from alembic.ddl.sqlite import SQLiteImpl
from alembic.operations.batch import ApplyBatchImpl
from alembic.runtime.migration import MigrationContext, MigrationInfo
from alembic.util import CommandError
from sqlalchemy import CheckConstraint, Connection, Index, String, Table

from {{ package_name }}.core.database.sqlite import (
    DatabaseSettings,
    database_file,
)

RENDER_AS_BATCH = True
"""A change of a column copies its table."""

AUTOINCREMENT = re.compile(r"\bPRIMARY\s+KEY\s+AUTOINCREMENT\b", re.IGNORECASE)
ON_CONFLICT = re.compile(r"\bON\s+CONFLICT\b", re.IGNORECASE)

DEFERRABLE = re.compile(r"\bDEFERRABLE\b", re.IGNORECASE)


class CopyingImpl(SQLiteImpl):
    """Keeps what Alembic's copy of a table loses because SQLAlchemy does not reflect it.

    Alembic uses the last class that is defined for a dialect.
    """

    __dialect__ = "sqlite"

    restore: tuple[tuple[str, tuple[object, ...]], ...] = ()
    """The statements to run when the copy has taken the table's place, with their parameters."""

    def run(self, statement: str, *parameters: object) -> list[Any]:
        """Run a statement and return its rows."""
        result = cast(Connection, self.connection).exec_driver_sql(statement, parameters)
        return list(result) if result.returns_rows else []

    def _skip_functional_indexes(
        self, metadata_indexes: set[Index], conn_indexes: set[Index]
    ) -> None:
        """Compare expression indexes by name: skip only those that the database has."""
        rows = self.run("SELECT name FROM sqlite_master WHERE type = 'index'")
        names = {name for (name,) in rows}
        names -= {index.name for index in conn_indexes}
        metadata_indexes -= {index for index in metadata_indexes if index.name in names}

    def prep_table_for_batch(self, batch_impl: ApplyBatchImpl, table: Table) -> None:
        """Complete the copy before it is created, and note what to restore after it.

        Raises:
            CommandError: The table has something that can't be kept.
        """
        if not batch_impl.reflected:
            return  # the migration declares the whole table, by `copy_from`
        name = str(table.name)
        (declaration,) = self.run("SELECT sql FROM sqlite_master WHERE name = ?", name)[0]
        self.refuse_losses(batch_impl, table, declaration)
        self.reflect_collations(table)
        copy = cast(Table, batch_impl.new_table)
        self.reflect_rules(name, copy)
        for column in table.columns:
            if column.computed is not None:  # SQLite computes it again
                batch_impl.column_transfers.get(column.name, {}).pop("expr", None)
        indexes = {index.name for index in table.indexes}
        found = self.run(
            "SELECT name, sql FROM sqlite_master"
            " WHERE tbl_name = ? AND type IN ('index', 'trigger') AND sql IS NOT NULL",
            name,
        )
        self.restore = tuple((sql, ()) for item, sql in found if item not in indexes)
        if AUTOINCREMENT.search(declaration):
            batch_impl.table_kwargs.setdefault("sqlite_autoincrement", True)
            options = copy.dialect_options["sqlite"]
            options["autoincrement"] = batch_impl.table_kwargs["sqlite_autoincrement"]
            for (last,) in self.run("SELECT seq FROM sqlite_sequence WHERE name = ?", name):
                self.restore += (
                    ("DELETE FROM sqlite_sequence WHERE name = ?", (name,)),
                    ("INSERT INTO sqlite_sequence (name, seq) VALUES (?, ?)", (name, last)),
                )
        # Views and triggers may refer to the table, which is missing for a moment.
        self.run("PRAGMA legacy_alter_table=ON")

    def refuse_losses(self, batch_impl: ApplyBatchImpl, table: Table, declaration: str) -> None:
        """Refuse to copy a table with something that can't be kept.

        Raises:
            CommandError: The table has such a thing.
        """
        stated = any(isinstance(item, CheckConstraint) for item in batch_impl.table_args)
        unnamed = any(
            isinstance(item, CheckConstraint) and not item.name for item in table.constraints
        )
        for is_lost, what in (
            (unnamed and not stated, "a CHECK constraint without a name"),
            (ON_CONFLICT.search(declaration), "an ON CONFLICT clause"),
            (
                DEFERRABLE.search(declaration)
                and any(key.constraint and not key.constraint.name for key in table.foreign_keys),
                "a deferrable foreign key without a name",
            ),
        ):
            if is_lost:
                raise CommandError(
                    f"The change of table {table.name!r} would lose {what}: "
                    "give batch_alter_table the whole table, as `copy_from`."
                )

    def reflect_collations(self, table: Table) -> None:
        """Set the collations of the columns: SQLite tells them for an index only."""
        quote = self.dialect.identifier_preparer.quote
        columns = ", ".join(quote(column.name) for column in table.columns)
        self.run(f"CREATE INDEX _collations ON {quote(table.name)} ({columns}) WHERE 0")
        for _, _, name, _, collation, _ in self.run("PRAGMA index_xinfo(_collations)"):
            # The copy shares the types of the columns that it does not change.
            if name is not None and isinstance(kind := table.columns[name].type, String):
                kind.collation = None if collation == "BINARY" else collation
        self.run("DROP INDEX _collations")

    def reflect_rules(self, name: str, copy: Table) -> None:
        """Set ON DELETE and ON UPDATE of the foreign keys that are declared within a column."""
        quoted = self.dialect.identifier_preparer.quote(name)
        for _, _, _, column, _, on_update, on_delete, _ in self.run(
            f"PRAGMA foreign_key_list({quoted})"
        ):
            for key in copy.foreign_keys:
                constraint = key.constraint
                if constraint is not None and not constraint.name and key.parent.key == column:
                    constraint.onupdate, constraint.ondelete = on_update, on_delete

    def rename_table(
        self, old_table_name: str, new_table_name: str, schema: str | None = None
    ) -> None:
        """Rename a table, and restore what a copy has lost if it is one."""
        super().rename_table(old_table_name, new_table_name, schema)
        for statement, parameters in self.restore:
            self.run(statement, *parameters)
        self.restore = ()
        self.run("PRAGMA legacy_alter_table=OFF")


def check_foreign_keys(migration: MigrationContext, step: MigrationInfo) -> None:
    """Refuse a migration after which a row refers to a missing row.

    Raises:
        CommandError: There is such a row; the migration is rolled back.
    """
    if migration.as_sql:
        return
    check = "PRAGMA foreign_key_check"
    found = cast(Connection, migration.connection).exec_driver_sql(check).first()
    if found:
        raise CommandError(
            f"Migration {step.up_revision_id} was rolled back: after it, rows of table "
            f"{found[0]!r} would refer to missing rows of table {found[2]!r}."
        )


CHECKS = (check_foreign_keys,)
"""Run after each migration, in its transaction."""


def prepare(settings: DatabaseSettings) -> DatabaseSettings:
    """Create the file, which the service itself never does; return the settings for migrations.

    Raises:
        CommandError: The folder is missing, or may not be written.
    """
    file = database_file(settings)
    try:
        if file is not None:
            file.touch()
    except OSError as error:
        raise CommandError("The file of the database can't be created.") from error
    return settings


@contextmanager
def migrating(connection: Connection) -> Generator[None]:
    """Run migrations in a transaction without foreign keys: a dropped table would take its rows.

    SQLite ignores the pragma within a transaction. Only one transaction writes at a time, so
    migrations need no other lock.
    """
    connection.connection.cursor().execute("PRAGMA foreign_keys=OFF")
    with warnings.catch_warnings(), context.begin_transaction():
        warnings.filterwarnings("ignore", "Skipped unsupported reflection of expression-based")
        yield
