"""Migrations by Alembic, on the database of the settings; one process runs them at a time."""

import ast
import asyncio
import importlib
import pkgutil
import sys
from collections.abc import Collection, Iterable, Iterator, Mapping
from copy import copy
from functools import cache
from pathlib import Path
from typing import Any, Literal, cast

from alembic import command, context
from alembic.autogenerate.api import AutogenContext
from alembic.autogenerate.render import _repr_type
from alembic.config import Config
from alembic.operations.ops import (
    CreateForeignKeyOp,
    CreateTableOp,
    MigrateOperation,
    MigrationScript,
    OpContainer,
)
from alembic.runtime.migration import MigrationContext, MigrationInfo
from alembic.script import Script, ScriptDirectory
from alembic.script.revision import ResolutionError
from alembic.util import CommandError, to_list
from sqlalchemy import Connection, TypeDecorator
from sqlalchemy.exc import DBAPIError
from sqlalchemy.types import TypeEngine

from {{ package_name }}.core.database import migrations_{{ database }} as dialect
from {{ package_name }}.core.database.models import Base
from {{ package_name }}.core.database.{{ database }} import (
    DatabaseSettings,
    build_engine,
    is_unavailable,
)
from {{ package_name }}.core.errors import UnavailableError

PACKAGE = "{{ package_name }}"
THREAD_END_SECONDS = 0.05


def configuration() -> Config:
    """Return the configuration of Alembic for the scripts in the installed package."""
    config = Config()
    config.set_main_option("script_location", f"{PACKAGE}:migrations")
    return config


def read(script: ScriptDirectory) -> ScriptDirectory:
    """Read all migrations.

    Raises:
        CommandError: One is missing.
    """
    try:
        script.get_heads()
    except KeyError as error:
        raise CommandError(
            f"Migration {error} is missing in migrations/versions/, and others follow it or depend "
            "on it."
        ) from error
    return script


@cache
def scripts() -> ScriptDirectory:
    """Return the migrations in the installed package, which are read once."""
    return read(ScriptDirectory.from_config(configuration()))


def is_current(applied: Collection[str]) -> bool:
    """Return whether a database with these migrations has all of this release.

    A newer release has migrated the database if it has one that is unknown here. This release may
    run beside it.
    """
    known = {migration.revision for migration in scripts().walk_revisions()}
    pending = scripts().iterate_revisions("heads", tuple(applied), implicit_base=True)
    return not known.issuperset(applied) or next(pending, None) is None


def upgrade(settings: DatabaseSettings) -> None:
    """Run all pending migrations.

    Raises:
        UnavailableError: That is not possible; the database is unchanged.
    """
    config = configuration()
    config.attributes["settings"] = settings
    try:
        command.upgrade(config, "heads")
    except CommandError as error:
        hint = (
            ": a newer release has migrated the database, or its file is missing in "
            "migrations/versions/."
            if isinstance(error.__cause__, ResolutionError)
            else ""
        )
        raise UnavailableError(f"{error}{hint}") from error
    sys.stdout.write("The database is at the newest migration.\n")


def import_models() -> None:
    """Import every module of the package, so that the metadata has all models."""
    package = importlib.import_module(PACKAGE)
    for module in pkgutil.walk_packages(package.__path__, f"{PACKAGE}."):
        if not module.name.endswith(".__main__"):
            importlib.import_module(module.name)


def render_item(kind: str, item: object, autogen: AutogenContext) -> str | Literal[False]:
    """Return the code of a type in a new migration, False for Alembic's own.

    A migration outlives the models, so it has the type that a TypeDecorator stores. A type of
    another package is imported.
    """
    if kind != "type" or type(item).__module__.startswith("sqlalchemy."):
        return False
    if isinstance(item, TypeDecorator):
        variants: Mapping[str, TypeEngine[Any]] = getattr(item, "_variant_mapping", {})
        dialect = copy(autogen.dialect)
        dialect.colspecs = {}  # it returns SQLAlchemy's types, and not those of its driver
        return _repr_type(variants.get(dialect.name) or item.load_dialect_impl(dialect), autogen)
    autogen.imports.add(f"import {type(item).__module__}")
    return False


def created_tables(script: ScriptDirectory) -> dict[str, Script]:
    """Return the migration that creates each table, if it names the table in a literal."""
    found: dict[str, Script] = {}
    for migration in script.walk_revisions():
        for part in ast.parse(Path(migration.path).read_bytes()).body:
            is_downgrade = isinstance(part, ast.FunctionDef) and part.name == "downgrade"
            for node in () if is_downgrade else ast.walk(part):
                match node:
                    case ast.Call(ast.Attribute(attr="create_table"), [ast.Constant(name), *_]):
                        found.setdefault(str(name), migration)
                    case ast.Call(ast.Attribute(attr="rename_table"), [_, ast.Constant(name), *_]):
                        found.setdefault(str(name), migration)
    return found


def touched_tables(operations: Iterable[MigrateOperation]) -> Iterator[str]:
    """Yield the tables that operations change, or refer to by a foreign key."""
    for operation in operations:
        if isinstance(operation, OpContainer):
            yield from touched_tables(operation.ops)
        if isinstance(operation, CreateTableOp):
            for key in operation.to_table().foreign_keys:
                yield key.target_fullname.rpartition(".")[0]
        elif isinstance(operation, CreateForeignKeyOp):
            yield from (operation.source_table, operation.referent_table)
        else:
            yield getattr(operation, "table_name", "")


def write_dependencies(
    migration: MigrationContext, _revision: object, directives: list[MigrationScript]
) -> None:
    """Let a new migration depend on those of other branches whose tables it touches.

    Without `depends_on`, a new database may get the tables in the wrong order.
    """
    script = cast(ScriptDirectory, migration.script)
    created = created_tables(script)
    for directive in directives:
        if directive.head == "head":
            continue  # there is one branch only, or Alembic asks for the name of one
        own = script.get_revision(str(directive.head)).branch_labels
        touched = [
            created[name]
            for operations in directive.upgrade_ops_list
            for name in touched_tables(operations.ops)
            if name in created
        ]
        labels = {label for found in touched for label in found.branch_labels - own}
        heads = [script.get_revision(f"{label}@head").revision for label in sorted(labels)]
        directive.depends_on = [*to_list(directive.depends_on, []), *heads]


def write_changes_only(
    migration: MigrationContext, revision: object, directives: list[MigrationScript]
) -> None:
    """Let `alembic revision --autogenerate` write a migration only if there is something to do."""
    by_command = getattr(context.config.cmd_opts, "autogenerate", False)
    if by_command and not any(
        operations.ops for directive in directives for operations in directive.upgrade_ops_list
    ):
        sys.stdout.write("The models have no change: no migration is written.\n")
        directives.clear()
    write_dependencies(migration, revision, directives)


def keep_branches_apart(migration: MigrationContext, step: MigrationInfo) -> None:
    """Refuse the downgrade of one branch that would revert a migration of another.

    Raises:
        CommandError: It would; everything is rolled back.
    """
    branch, separator, _revision = str(migration.opts["destination_rev"]).partition("@")
    if not separator or step.is_upgrade or step.is_stamp:
        return
    script = cast(ScriptDirectory, migration.script)
    found = script.get_revision(step.up_revision_id or "")
    if branch not in found.branch_labels:
        raise CommandError(
            f"Nothing was reverted: migration {found.revision} ({found.doc}) depends on the branch "
            f"{branch!r}, but is not part of it; revert it first."
        )


def check_step(ctx: MigrationContext, step: MigrationInfo, *_: object, **__: object) -> None:
    """Check a migration that has run, before its transaction ends.

    Raises:
        CommandError: Nothing of the transaction may be kept.
    """
    for check in (keep_branches_apart, *dialect.CHECKS):
        check(ctx, step)


def include_object(
    _item: object,
    name: str | None,
    kind: str,
    reflected: object,
    model: object,
) -> bool:
    """Return whether Alembic compares an object; a table that no migration created is not ours."""
    is_unknown = kind == "table" and reflected and model is None
    return not is_unknown or name in created_tables(context.script)


def run_migrations(connection: Connection) -> None:
    """Run the migrations of Alembic's current command in one transaction."""
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        compare_server_default=True,
        include_object=include_object,
        on_version_apply=check_step,
        process_revision_directives=write_changes_only,
        render_item=render_item,
        render_as_batch=dialect.RENDER_AS_BATCH,
        transactional_ddl=True,  # SQLite's too: otherwise two processes would both start
    )
    with dialect.migrating(connection):
        context.run_migrations()


async def run_on_database(settings: DatabaseSettings) -> None:
    """Connect to the database and run Alembic's current command on it.

    Raises:
        CommandError: The database is unavailable.
    """
    engine = build_engine(dialect.prepare(settings))
    try:
        async with engine.connect() as connection:
            await connection.run_sync(run_migrations)
    except OSError as error:
        raise CommandError("The database can't be reached.") from error
    except DBAPIError as error:
        # After a failed connect, aiosqlite ends its thread in the background, by this event loop.
        await asyncio.sleep(THREAD_END_SECONDS)
        if is_unavailable(error):
            raise CommandError("The database is unavailable.") from error
        raise
    finally:
        await engine.dispose()


def run(settings: DatabaseSettings) -> None:
    """Run Alembic's current command, as its env.py."""
    read(context.script)
    import_models()
    asyncio.run(run_on_database(settings))
