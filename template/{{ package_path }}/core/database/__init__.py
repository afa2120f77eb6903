"""The database: one module owns the engine and every transaction."""

import asyncio
import logging
import secrets
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Annotated, TypeVar

from fastapi import Depends
from sqlalchemy import Connection, Engine, event, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker

from {{ package_name }}.core.component import Component
from {{ package_name }}.core.database import migrations
from {{ package_name }}.core.database import {{ database }} as dialect
from {{ package_name }}.core.errors import UnavailableError
from {{ package_name }}.core.names import NAME
from {{ package_name }}.core.services import Services, provide

logger = logging.getLogger(__name__)

Result = TypeVar("Result")
Work = Callable[[AsyncSession], Awaitable[Result]]

ATTEMPTS = 3
BACKOFF_MILLISECONDS = 50
APPLIED_MIGRATIONS = "SELECT version_num FROM alembic_version"


class TransactionConflictError(UnavailableError):
    """The database rolled a transaction back for another one; a retry may succeed."""

    code = "transaction_conflict"


class Database:
    """Runs work in transactions."""

    def __init__(self, engine: AsyncEngine, write_lock: dialect.WriteLock) -> None:
        self.engine = engine
        self.write_lock = write_lock
        self.write_sessions = async_sessionmaker(engine, expire_on_commit=False)
        read_only = engine.execution_options(**dialect.READ_ONLY_OPTIONS)
        self.read_sessions = async_sessionmaker(read_only, expire_on_commit=False)

    async def read(self, work: Work[Result]) -> Result:
        """Run work that only reads.

        Raises:
            UnavailableError: The database is unavailable.
        """
        async with self.transaction(read_only=True) as session:
            return await work(session)

    async def write(self, work: Work[Result]) -> Result:
        """Run work and commit it; roll it back if it raises.

        After a conflict with another transaction the work runs again, up to three times in all, so
        it must have no effect outside the database.

        Raises:
            UnavailableError: The database is unavailable, or each attempt met a conflict.
        """
        attempt = 1
        while True:
            try:
                async with self.write_lock(), self.transaction(read_only=False) as session:
                    return await work(session)
            except TransactionConflictError:
                if attempt == ATTEMPTS:
                    raise
            # Random, so that two transactions in conflict do not retry at the same time.
            await asyncio.sleep(secrets.randbelow(BACKOFF_MILLISECONDS << attempt) / 1000)
            attempt += 1

    @asynccontextmanager
    async def transaction(self, *, read_only: bool) -> AsyncGenerator[AsyncSession]:
        """Run a block in a transaction.

        Raises:
            UnavailableError: The database is unavailable.
        """
        try:
            async with (
                self.read_sessions if read_only else self.write_sessions
            ).begin() as session:
                yield session
        except (OSError, PoolTimeoutError) as error:
            raise UnavailableError("The database can't be reached.") from error
        except DBAPIError as error:
            if dialect.is_serialization_failure(error):
                raise TransactionConflictError(
                    "Another transaction changed the same data; try again."
                ) from error
            if read_only and dialect.is_read_only_violation(error):
                raise  # a bug in the work
            if dialect.is_unavailable(error):
                raise UnavailableError("The database is unavailable.") from error
            raise

    async def probe(self) -> None:
        """Raise if the database is unavailable, or lacks a migration of this release.

        Raises:
            UnavailableError: It is, or does.
        """
        try:
            async with self.transaction(read_only=True) as session:
                applied = (await session.scalars(text(APPLIED_MIGRATIONS))).all()
        except DBAPIError:  # no migration has created the table
            applied = []
        if not migrations.is_current(applied):
            raise UnavailableError(f"The database lacks migrations; run `{NAME} migrate`.")


def log_slow_queries(engine: Engine, seconds: float) -> None:
    """Log queries that take longer: their text, never their parameters."""

    def begin(connection: Connection, *_: object) -> None:
        connection.info["started"] = time.perf_counter()

    def end(connection: Connection, _cursor: object, statement: str, *_: object) -> None:
        duration = time.perf_counter() - connection.info["started"]
        if duration >= seconds:
            logger.warning(
                "query.slow", extra={"statement": statement, "seconds": round(duration, 3)}
            )

    event.listen(engine, "before_cursor_execute", begin)
    event.listen(engine, "after_cursor_execute", end)


def build(settings: dialect.DatabaseSettings) -> Database:
    """Return the database; it connects on first use."""
    engine = dialect.build_engine(settings)
    log_slow_queries(engine.sync_engine, settings.slow_query_seconds)
    return Database(engine, dialect.write_lock(settings.lock_timeout_seconds))


DatabaseDep = Annotated[Database, Depends(provide(Database))]
"""The database, as a parameter of a route."""


def component(settings: dialect.DatabaseSettings) -> Component:
    """Open the database while the application runs; its probe is part of readiness."""
    database = build(settings)

    @asynccontextmanager
    async def start(services: Services) -> AsyncGenerator[None]:
        services.add(Database, database)
        migrations.scripts()  # read before the first probe
        try:
            yield
        finally:
            await database.engine.dispose()

    return Component(name="database", start=start, probe=database.probe)
