"""PostgreSQL: settings, connections and the meaning of errors."""

import time
from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager, nullcontext
from typing import Any

from pydantic import Field, SecretStr
from sqlalchemy import Connection, Table, event
from sqlalchemy.engine.interfaces import DBAPIConnection, ExceptionContext
from sqlalchemy.exc import DBAPIError, DisconnectionError, IntegrityError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry

from {{ package_name }}.core.database.postgresql_url import (
    DatabaseUrl,
    parse_url,
)
from {{ package_name }}.core.settings import SettingsGroup

DEFAULT_URL = "{{ database_url }}"

WriteLock = Callable[[], AbstractAsyncContextManager[None]]

READ_ONLY_OPTIONS: Mapping[str, object] = {"postgresql_readonly": True}
"""Execution options of read-only transactions: BEGIN READ ONLY."""

build_table = Table
"""Builds the table of a model; a sequence never hands out an id again."""

PING_AFTER_SECONDS = 5
"""A connection is tested before use if it was idle for longer."""

SERIALIZATION_FAILURE = "40001"
DEADLOCK_DETECTED = "40P01"

# SQLSTATEs, and classes of them: no connection, access denied, no such database, no resources,
# shutdown or timeout, lock timeout, and a read-only replica.
READ_ONLY = "25006"
UNAVAILABLE_SQLSTATES = ("08", "28", "3D", "53", "57", "55P03", READ_ONLY)


class DatabaseSettings(SettingsGroup):
    """The database. Every wait has a timeout."""

    url: DatabaseUrl = SecretStr(DEFAULT_URL)
    pool_size: int = Field(default=10, ge=1, le=1000)
    pool_timeout_seconds: float = Field(default=5, gt=0, le=60)
    lock_timeout_seconds: float = Field(default=5, gt=0, le=3600)
    slow_query_seconds: float = Field(default=0.5, gt=0, le=3600)
    connect_timeout_seconds: float = Field(default=5, gt=0, le=60)
    statement_timeout_seconds: float = Field(default=15, gt=0, le=3600)
    idle_in_transaction_timeout_seconds: float = Field(default=30, gt=0, le=3600)
    transaction_pooling: bool = False


def write_lock(_timeout: float) -> WriteLock:
    """Return no lock: many transactions may write at the same time."""
    return nullcontext


def timeouts(settings: DatabaseSettings) -> dict[str, str]:
    """Return the timeouts that the server enforces, so that it ends what a lost client started."""
    seconds = {
        "statement_timeout": settings.statement_timeout_seconds,
        "lock_timeout": settings.lock_timeout_seconds,
        "idle_in_transaction_session_timeout": settings.idle_in_transaction_timeout_seconds,
    }
    return {name: str(round(value * 1000)) for name, value in seconds.items()}


def pooled_arguments() -> dict[str, object]:
    """Return arguments for a pooler that gives each transaction another session.

    A prepared statement without a name lasts as long as a transaction needs it. Named ones would
    pile up in the sessions: the client closes them later, in whatever session it has then.
    """
    return {
        "statement_cache_size": 0,
        "prepared_statement_cache_size": 0,
        "prepared_statement_name_func": lambda: "",
    }


def set_timeouts(engine: AsyncEngine, settings: DatabaseSettings) -> None:
    """Set the timeouts in each transaction, by one statement."""
    calls = (f"set_config('{name}', '{ms}', true)" for name, ms in timeouts(settings).items())
    statement = f"SELECT {', '.join(calls)}"

    def begin(connection: Connection) -> None:
        connection.exec_driver_sql(statement)

    event.listen(engine.sync_engine, "begin", begin)


def build_engine(settings: DatabaseSettings) -> AsyncEngine:
    """Return an engine; it connects on first use."""
    options = parse_url(settings.url.get_secret_value())
    is_pooled = settings.transaction_pooling
    engine = create_async_engine(
        options.url,
        hide_parameters=True,  # an error with the values of a statement may reach the log
        pool_size=settings.pool_size,
        max_overflow=0,
        pool_timeout=settings.pool_timeout_seconds,
        connect_args={
            "timeout": settings.connect_timeout_seconds,
            **(pooled_arguments() if is_pooled else {}),
            **options.arguments,
            "server_settings": {
                "application_name": "{{ distribution_name }}",
                **({} if is_pooled else timeouts(settings)),  # poolers refuse them at the start
                **options.server_settings,
            },
        },
    )
    if is_pooled:
        set_timeouts(engine, settings)

    def record_use(_connection: object, entry: ConnectionPoolEntry) -> None:
        entry.info["used"] = time.monotonic()

    def ping_if_idle(connection: DBAPIConnection, entry: ConnectionPoolEntry, *_: object) -> None:
        # A server that shuts down closes its connections. A ping before each use would take a round
        # trip each time.
        idle = time.monotonic() - entry.info.setdefault("used", time.monotonic())
        driver = entry.driver_connection
        if idle > PING_AFTER_SECONDS or driver is None or driver.is_closed():
            try:
                engine.dialect.do_ping(connection)
            except engine.dialect.loaded_dbapi.Error as error:
                raise DisconnectionError from error

    def drop_detail(context: ExceptionContext) -> None:
        # It has the values of the row, and the text of an error may reach the log.
        error: Any = getattr(context.sqlalchemy_exception, "driver_exception", None)
        if hasattr(error, "detail"):
            error.detail = None

    event.listen(engine.sync_engine, "handle_error", drop_detail)
    event.listen(engine.sync_engine, "checkin", record_use)
    event.listen(engine.sync_engine, "checkout", ping_if_idle)
    return engine


def sqlstate(error: DBAPIError) -> str:
    """Return the SQLSTATE of an error, or "" if it has none."""
    return getattr(error.orig, "sqlstate", None) or ""


def is_serialization_failure(error: DBAPIError) -> bool:
    """Return whether the server rolled the transaction back for another one."""
    return sqlstate(error) in {SERIALIZATION_FAILURE, DEADLOCK_DETECTED}


def is_read_only_violation(error: DBAPIError) -> bool:
    """Return whether a read-only transaction or server refused a write."""
    return sqlstate(error) == READ_ONLY


def is_unavailable(error: DBAPIError) -> bool:
    """Return whether the database is unavailable for any query."""
    return error.connection_invalidated or sqlstate(error).startswith(UNAVAILABLE_SQLSTATES)


async def is_violated(
    _session: AsyncSession, error: IntegrityError, constraint: str, _entity: object
) -> bool:
    """Return whether an error is about the constraint with that name."""
    return getattr(error.driver_exception, "constraint_name", None) == constraint
