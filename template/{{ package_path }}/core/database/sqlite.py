"""SQLite: settings, connections and the meaning of errors."""

import asyncio
import sqlite3
from collections.abc import AsyncGenerator, Callable, Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from pathlib import Path
from typing import Annotated, Any, cast

from pydantic import AfterValidator, Field, SecretStr
from sqlalchemy import (
    URL,
    ColumnElement,
    Connection,
    ForeignKeyConstraint,
    Select,
    Subquery,
    Table,
    event,
    exists,
    inspect,
    literal,
    make_url,
    select,
)
from sqlalchemy.dialects import sqlite
from sqlalchemy.engine.interfaces import DBAPIConnection, Dialect
from sqlalchemy.exc import ArgumentError, DBAPIError, IntegrityError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine
from sqlalchemy.orm import DeclarativeBase, InstanceState
from sqlalchemy.pool import ConnectionPoolEntry
from sqlalchemy.util.concurrency import await_, greenlet_spawn

from {{ package_name }}.core.errors import UnavailableError
from {{ package_name }}.core.settings import (
    SettingsGroup,
    check_characters,
)

DEFAULT_URL = "{{ database_url }}"

WriteLock = Callable[[], AbstractAsyncContextManager[None]]

READ_ONLY_OPTIONS: Mapping[str, object] = {"read_only": True}
"""Execution options of read-only transactions; `begin` looks for them."""


EXAMPLE = "Use a URL such as sqlite:///folder/file.db, or sqlite:////folder/file.db from the root"
PARSE_ERRORS = (ArgumentError, ValueError)  # the latter for a port that is no number
DRIVER_PARAMETERS = {"cached_statements", "detect_types", "isolation_level", "timeout", "uri"}


def parse_url(value: str) -> URL:
    """Parse the URL of a file.

    Raises:
        ValueError: It can't be used. The message shows nothing of it.
    """
    check_characters(value)
    try:
        url = make_url(value)
    except PARSE_ERRORS:
        raise ValueError(EXAMPLE) from None
    path = url.database or ""
    if url.drivername not in {"sqlite", "sqlite+aiosqlite"} or url.host or not path:
        raise ValueError(EXAMPLE)
    if ":memory:" in path or "memory" in url.query.get("mode", ()):
        raise ValueError("Use a file: each connection would have a database in memory of its own")
    if "uri" not in url.query and not url.query.keys() <= DRIVER_PARAMETERS:
        raise ValueError("Add uri=true for parameters of SQLite, such as mode=ro")
    return url.set(drivername="sqlite+aiosqlite")


def check_url(value: SecretStr) -> SecretStr:
    """Return a URL that can be used.

    Raises:
        ValueError: It can't be used. The message shows nothing of it.
    """
    parse_url(value.get_secret_value())
    return value


class DatabaseSettings(SettingsGroup):
    """The database. Every wait has a timeout."""

    url: Annotated[SecretStr, AfterValidator(check_url)] = SecretStr(DEFAULT_URL)
    pool_size: int = Field(default=10, ge=1, le=1000)
    pool_timeout_seconds: float = Field(default=5, gt=0, le=60)
    lock_timeout_seconds: float = Field(default=5, gt=0, le=3600)
    slow_query_seconds: float = Field(default=0.5, gt=0, le=3600)


def build_table(*args: object, **options: object) -> Table:
    """Build the table of a model: it never hands out the id of a deleted row again.

    SQLite takes AUTOINCREMENT for an INTEGER PRIMARY KEY only.
    """
    table = cast(Callable[..., Table], Table)(*args, **options)
    key = table.autoincrement_column
    if key is not None and key.type.compile(sqlite.dialect()) == "INTEGER":
        table.dialect_options["sqlite"]["autoincrement"] = options.get("sqlite_autoincrement", True)
    return table


def write_lock(timeout: float) -> WriteLock:
    """Return a lock for writers, first come first served, with a timeout in seconds.

    SQLite's own lock makes writers poll: it is idle most of the time, some writers starve, and
    each waiting writer holds a connection of the pool.
    """
    lock = asyncio.Lock()

    @asynccontextmanager
    async def hold() -> AsyncGenerator[None]:
        try:
            async with asyncio.timeout(timeout):
                await lock.acquire()
        except TimeoutError as error:
            raise UnavailableError("Too many transactions write at the same time.") from error
        try:
            yield
        finally:
            lock.release()

    return hold


def database_file(settings: DatabaseSettings) -> Path | None:
    """Return the file, None for a URL that has options for it."""
    name = parse_url(settings.url.get_secret_value()).database or ""
    return None if name.startswith("file:") else Path(name).absolute()


def connect(
    dialect: Dialect,
    _entry: ConnectionPoolEntry,
    arguments: Sequence[Any],
    options: Mapping[str, Any],
) -> DBAPIConnection:
    """Open a connection; close it if the caller is cancelled meanwhile.

    aiosqlite would leave it open until the garbage collector finds it.
    """
    opening = asyncio.ensure_future(greenlet_spawn(dialect.connect, *arguments, **options))

    def discard(_: object) -> None:
        with suppress(asyncio.CancelledError, sqlite3.Error):  # it did not open
            dialect.do_terminate(opening.result())

    try:
        await_(asyncio.wait([opening]))
    except asyncio.CancelledError:
        opening.add_done_callback(discard)
        raise
    return opening.result()


def build_engine(settings: DatabaseSettings) -> AsyncEngine:
    """Return an engine; it connects on first use, and never creates a file."""
    url = parse_url(settings.url.get_secret_value())
    file = database_file(settings)
    if file is not None:
        url = url.set(database=file.as_uri()).update_query_dict({"mode": "rw", "uri": "true"})
    engine = create_async_engine(
        url,
        hide_parameters=True,  # an error with the values of a statement may reach the log
        pool_size=settings.pool_size,
        max_overflow=0,
        pool_timeout=settings.pool_timeout_seconds,
        connect_args={"timeout": settings.lock_timeout_seconds},
    )

    def prepare(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
        # The driver begins transactions late, and none for reads; `begin` does it instead.
        connection.isolation_level = None
        cursor = connection.cursor()
        with suppress(sqlite3.OperationalError):  # another process is setting it
            # Readers and the writer don't wait for each other.
            cursor.execute("PRAGMA journal_mode=WAL")
        cursor.execute("PRAGMA synchronous=NORMAL")
        cursor.execute("PRAGMA foreign_keys=ON")
        cursor.close()

    def begin(connection: Connection) -> None:
        run = connection.connection.run_async
        options = connection.get_execution_options()
        if "read_only" in options:
            run(lambda raw: raw.executescript("PRAGMA query_only=ON; BEGIN"))
        elif options.get("isolation_level") != "AUTOCOMMIT":
            run(lambda raw: raw.executescript("PRAGMA query_only=OFF"))
            # A transaction that starts to write later can't wait for another writer.
            connection.exec_driver_sql("BEGIN IMMEDIATE")

    event.listen(engine.sync_engine, "do_connect", connect)
    event.listen(engine.sync_engine, "connect", prepare)
    event.listen(engine.sync_engine, "begin", begin)
    return engine


def is_serialization_failure(_error: DBAPIError) -> bool:
    """Return False: one transaction writes at a time, so none is rolled back for another."""
    return False


def is_read_only_violation(error: DBAPIError) -> bool:
    """Return whether a read-only transaction or server refused a write."""
    return getattr(error.orig, "sqlite_errorcode", None) == sqlite3.SQLITE_READONLY


def is_unavailable(error: DBAPIError) -> bool:
    """Return whether the database is unavailable for any query.

    The low byte of an error code is the kind of error, the rest says more.
    """
    return getattr(error.orig, "sqlite_errorcode", 0) & 0xFF in {
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_PROTOCOL,
        sqlite3.SQLITE_READONLY,
    }


def violates(error: IntegrityError, constraint: str) -> bool:
    """Return whether an error is about the constraint with that name.

    SQLite names a check constraint, and the columns of a unique one, but no foreign key: it may be
    any.
    """
    kind, _, about = str(error.orig).partition(" constraint failed")
    if kind == "FOREIGN KEY":
        return constraint.startswith("fk_")
    about = about.removeprefix(": ")
    if kind == "UNIQUE":
        columns = about.split(", ")
        table = columns[0].partition(".")[0]
        name = "_".join([table, *(name.rpartition(".")[2] for name in columns)])
        return constraint in {f"uq_{name}", f"ix_{name}"}
    return constraint == about


def equal(
    columns: Sequence[ColumnElement[Any]], values: Sequence[Any]
) -> Iterator[ColumnElement[bool]]:
    """Yield the conditions that columns have values."""
    return (column == value for column, value in zip(columns, values, strict=True))


def parent_of(key: ForeignKeyConstraint, row: InstanceState[Any]) -> Select[int] | None:
    """Return the query for the row that a row refers to, None if it refers to none."""
    properties = [row.mapper.get_property_by_column(element.parent) for element in key.elements]
    values = [row.dict.get(item.key) for item in properties]
    if None in values:
        return None
    columns = [element.column for element in key.elements]
    return select(literal(1)).where(*equal(columns, values))


def rows_deleted_with(row: InstanceState[Any], table: Table, *below: Table) -> Iterator[Subquery]:
    """Yield queries for the rows of a table that the deletion of a row deletes."""
    if table is row.mapper.local_table:
        identity = row.identity or ()
        yield select(table).where(*equal(row.mapper.primary_key, identity)).subquery()
    for key in table.foreign_key_constraints:
        if key.ondelete == "CASCADE" and key.referred_table not in {table, *below}:
            for parents in rows_deleted_with(row, key.referred_table, table, *below):
                yield select(table).where(refers(key, parents)).subquery()


def refers(key: ForeignKeyConstraint, parents: Subquery) -> ColumnElement[bool]:
    """Return the condition that a row refers to one of the parents."""
    columns = [parents.c[element.column.key] for element in key.elements]
    return exists().where(*equal([element.parent for element in key.elements], columns))


async def is_violated(
    session: AsyncSession, error: IntegrityError, constraint: str, entity: DeclarativeBase | None
) -> bool:
    """Return whether an error is about a constraint; SQLite names no foreign key, so look for rows.

    Args:
        session: The session, after the savepoint of the failed statement.
        error: The error.
        constraint: The name of the constraint.
        entity: The row that could not be stored or deleted; None after any other statement.
    """
    if entity is None or not str(error.orig).startswith("FOREIGN KEY"):
        return violates(error, constraint)
    row: InstanceState[Any] = inspect(entity)
    keys = [
        key
        for table in entity.metadata.tables.values()
        for key in table.foreign_key_constraints
        if key.name == constraint
    ]
    return any([await is_broken(session, row, key) for key in keys])


async def is_broken(
    session: AsyncSession, row: InstanceState[Any], key: ForeignKeyConstraint
) -> bool:
    """Return whether a row that could not be stored or deleted breaks a foreign key."""
    own = row.mapper.local_table
    if row.persistent and key.table is own and key.referred_table is not own:  # an update
        return True
    if row.persistent:
        found = [
            select(key.table).where(refers(key, parents))
            for parents in rows_deleted_with(row, key.referred_table)
        ]
        return any([await session.scalar(select(exists(query))) for query in found])
    parent = parent_of(key, row) if key.table is own else None
    return parent is not None and not await session.scalar(select(exists(parent)))
