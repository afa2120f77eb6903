"""SQLite: how to connect to it, and what its errors mean."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress

from sqlalchemy import Connection, event
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry

from {{ package_name }}.core.errors import UnavailableError
from {{ package_name }}.core.database import DatabaseSettings

Turn = Callable[[], AbstractAsyncContextManager[None]]

READING: Mapping[str, object] = {"read_only": True}
"""What an engine is told whose transactions only read; `begin` looks for it."""

ALTERS_BY_COPY = True
"""A column is changed by copying its table."""

BEFORE_MIGRATIONS: Sequence[str] = ()
"""Only one transaction writes at a time, so migrations need no other lock."""


def turns(seconds: float) -> Turn:
    """Return what lets writers in: one by one, as they came, and not after so many seconds.

    SQLite would let them race for its lock. Most of the time nobody has it then, some never get
    it, and each that waits keeps a connection from those who read.
    """
    lock = asyncio.Lock()

    @asynccontextmanager
    async def turn() -> AsyncIterator[None]:
        try:
            async with asyncio.timeout(seconds):
                await lock.acquire()
        except TimeoutError as error:
            raise UnavailableError("Too many write at once.") from error
        try:
            yield
        finally:
            lock.release()

    return turn


def build_engine(settings: DatabaseSettings) -> AsyncEngine:
    """Return an engine; it connects when it is needed."""
    engine = create_async_engine(
        settings.url.get_secret_value(),
        pool_size=settings.pool_size,
        max_overflow=0,
        pool_timeout=settings.pool_seconds,
        connect_args={"timeout": settings.lock_seconds},
    )

    def prepare(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
        # The driver begins transactions late and not at all for reads; `begin` does it instead.
        connection.isolation_level = None
        cursor = connection.cursor()
        with suppress(sqlite3.OperationalError):  # somebody else is setting it right now
            cursor.execute("PRAGMA journal_mode=WAL")  # readers don't wait for the writer, nor it
        cursor.execute("PRAGMA synchronous=NORMAL")
        cursor.execute("PRAGMA foreign_keys=ON")
        cursor.close()

    def begin(connection: Connection) -> None:
        run = connection.connection.run_async
        if "read_only" in connection.get_execution_options():
            run(lambda raw: raw.executescript("PRAGMA query_only=ON; BEGIN"))
        else:
            run(lambda raw: raw.executescript("PRAGMA query_only=OFF"))
            # A transaction that turns from reading to writing can't wait for another writer.
            connection.exec_driver_sql("BEGIN IMMEDIATE")

    event.listen(engine.sync_engine, "connect", prepare)
    event.listen(engine.sync_engine, "begin", begin)
    return engine


def is_conflict(_error: DBAPIError) -> bool:
    """Tell whether a transaction was given up for another one: none is, as writers take turns."""
    return False


def is_refused_write(error: DBAPIError) -> bool:
    """Tell whether something was to be written where one can only read."""
    return getattr(error.orig, "sqlite_errorcode", None) == sqlite3.SQLITE_READONLY


def is_outage(error: DBAPIError) -> bool:
    """Tell whether the database could not serve, whatever was asked."""
    return getattr(error.orig, "sqlite_errorcode", None) in {
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_READONLY,
    }


def is_broken(constraint: str, error: IntegrityError) -> bool:
    """Tell whether an error is about the constraint of that name.

    SQLite names the columns of a unique constraint and nothing of a foreign key, so a statement
    should be able to break one foreign key only.
    """
    kind, _, about = str(error.orig).partition(" constraint failed")
    if kind == "FOREIGN KEY":
        return constraint.startswith("fk_")
    columns = about.removeprefix(": ").split(", ")
    table = columns[0].partition(".")[0]
    return constraint == "_".join(["uq", table, *(name.rpartition(".")[2] for name in columns)])
