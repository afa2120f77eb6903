"""PostgreSQL: how to connect to it, and what its errors mean."""

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, nullcontext

from sqlalchemy import event
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DBAPIError, DisconnectionError, IntegrityError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry

from {{ package_name }}.core.database import DatabaseSettings

Turn = Callable[[], AbstractAsyncContextManager[None]]

READING: Mapping[str, object] = {"postgresql_readonly": True}
"""What an engine is told whose transactions only read: their BEGIN says so."""

ALTERS_BY_COPY = False
"""A column is changed in place."""

BEFORE_MIGRATIONS: Sequence[str] = (
    "SET LOCAL statement_timeout = 0",
    "SET LOCAL lock_timeout = 0",
    "SELECT pg_advisory_xact_lock(20260101)",  # any number, but always the same
    "SET LOCAL lock_timeout TO DEFAULT",
)
"""One process migrates and the others wait, so that two may start at once. A statement may take
long then, but not wait long for a lock: whatever comes after it would wait too."""

IDLE_SECONDS = 5
"""A connection that nobody has used for longer is asked first whether it still works."""

SERIALIZATION_FAILURE = "40001"
DEADLOCK_DETECTED = "40P01"

# SQLSTATEs, and classes of them: no connection, not let in, no such database, no resources, stopped
# or too slow, a lock that others hold, and a replica that only reads.
READ_ONLY = "25006"
OUTAGES = ("08", "28", "3D", "53", "57", "55P03", READ_ONLY)


def turns(_seconds: float) -> Turn:
    """Return what lets writers in: at once, as many may write."""
    return nullcontext


def build_engine(settings: DatabaseSettings) -> AsyncEngine:
    """Return an engine; it connects when it is needed.

    The timeouts hold in the server too, so that what a client has forgotten ends there as well.
    """

    def milliseconds(seconds: float) -> str:
        return str(round(seconds * 1000))

    engine = create_async_engine(
        settings.url.get_secret_value(),
        pool_size=settings.pool_size,
        max_overflow=0,
        pool_timeout=settings.pool_seconds,
        connect_args={
            "timeout": settings.connect_seconds,
            "server_settings": {
                "application_name": "{{ distribution_name }}",
                "statement_timeout": milliseconds(settings.statement_seconds),
                "lock_timeout": milliseconds(settings.lock_seconds),
                "idle_in_transaction_session_timeout": milliseconds(settings.idle_seconds),
            },
        },
    )

    def note(_connection: object, entry: ConnectionPoolEntry) -> None:
        entry.info["used"] = time.monotonic()

    def check(connection: DBAPIConnection, entry: ConnectionPoolEntry, *_: object) -> None:
        # A server that goes says so: to ask it before every use would take three round trips.
        idle = time.monotonic() - entry.info.setdefault("used", time.monotonic())
        driver = entry.driver_connection
        if idle > IDLE_SECONDS or driver is None or driver.is_closed():
            try:
                engine.dialect.do_ping(connection)
            except engine.dialect.loaded_dbapi.Error as error:
                raise DisconnectionError from error

    event.listen(engine.sync_engine, "checkin", note)
    event.listen(engine.sync_engine, "checkout", check)
    return engine


def state(error: DBAPIError) -> str:
    """Return the SQLSTATE of an error, or nothing if it has none."""
    return getattr(error.orig, "sqlstate", None) or ""


def is_conflict(error: DBAPIError) -> bool:
    """Tell whether a transaction was given up for another one, so that it may pass later."""
    return state(error) in {SERIALIZATION_FAILURE, DEADLOCK_DETECTED}


def is_refused_write(error: DBAPIError) -> bool:
    """Tell whether something was to be written where one can only read."""
    return state(error) == READ_ONLY


def is_outage(error: DBAPIError) -> bool:
    """Tell whether the database could not serve, whatever was asked."""
    return error.connection_invalidated or state(error).startswith(OUTAGES)


def is_broken(constraint: str, error: IntegrityError) -> bool:
    """Tell whether an error is about the constraint of that name."""
    return getattr(error.driver_exception, "constraint_name", None) == constraint
