"""PostgreSQL's part of migrations: one process runs them at a time, without a timeout."""

from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Any

from alembic import context
from alembic.ddl.postgresql import PostgresqlImpl
from alembic.runtime.migration import MigrationContext, MigrationInfo
from alembic_postgresql_enum import Config, set_configuration
from sqlalchemy import Column, Connection, text
from sqlalchemy.dialects.postgresql import JSON

from {{ package_name }}.core.database.postgresql import DatabaseSettings

RENDER_AS_BATCH = False
"""ALTER TABLE changes a column in place."""

BEFORE_MIGRATIONS = (
    "SELECT set_config('app.lock_timeout', current_setting('lock_timeout'), true)",
    "SET LOCAL lock_timeout = 0",
    "SELECT pg_advisory_xact_lock(20260101)",  # an arbitrary key, always the same
    "SELECT set_config('lock_timeout', current_setting('app.lock_timeout'), true)",
)
"""One process migrates at a time and the others wait, so that two may start together."""

CHECKS: tuple[Callable[[MigrationContext, MigrationInfo], None], ...] = ()
"""The server checks every foreign key by itself."""


class ComparingImpl(PostgresqlImpl):
    """Compares the defaults of type json by their text: PostgreSQL can't compare the values.

    Alembic uses the last class that is defined for a dialect.
    """

    __dialect__ = "postgresql"

    def compare_server_default(
        self,
        inspector_column: Column[Any],
        metadata_column: Column[Any],
        rendered_metadata_default: str | None,
        rendered_inspector_default: str | None,
    ) -> bool:
        """Return whether two defaults differ."""
        stored, declared = rendered_inspector_default, rendered_metadata_default
        if stored and declared and type(inspector_column.type) is JSON:
            return stored.removesuffix("::json") != declared.removesuffix("::json")
        return bool(
            super().compare_server_default(  # type: ignore[no-untyped-call]
                inspector_column, metadata_column, declared, stored
            )
        )


def prepare(settings: DatabaseSettings) -> DatabaseSettings:
    """Return the settings for migrations.

    A migration has no statement timeout, but its lock timeout: queries queue behind a waiting ALTER
    TABLE.
    """
    return settings.model_copy(update={"statement_timeout_seconds": 0})


@contextmanager
def migrating(connection: Connection) -> Generator[None]:
    """Run migrations in a transaction."""
    # Autogenerate then creates, changes and drops the types of enums. A type that no model has may
    # belong to others.
    set_configuration(Config(add_type_ignore=True, drop_unused_enums=False))
    with context.begin_transaction():
        for statement in BEFORE_MIGRATIONS:
            connection.execute(text(statement))
        yield
