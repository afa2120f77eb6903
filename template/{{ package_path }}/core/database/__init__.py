"""The database: the one owner of its engine and of every transaction."""

import asyncio
import logging
import secrets
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from typing import TypeVar

from fastapi import FastAPI
from sqlalchemy import Connection, Engine, event, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker

from {{ package_name }}.core.component import Component
from {{ package_name }}.core.errors import UnavailableError
from {{ package_name }}.core.database import {{ database }} as dialect
from {{ package_name }}.core.database import DatabaseSettings
from {{ package_name }}.settings import Settings

logger = logging.getLogger(__name__)

Result = TypeVar("Result")
Work = Callable[[AsyncSession], Awaitable[Result]]

ATTEMPTS = 3
PAUSE_MILLISECONDS = 50


class GivenUpError(UnavailableError):
    """The database gave a transaction up for another one; it may pass the next time."""

    code = "transaction_given_up"


class Database:
    """Runs work in transactions, and nothing outside them."""

    def __init__(self, engine: AsyncEngine, turn: dialect.Turn) -> None:
        self.engine = engine
        self.turn = turn
        self.writers = async_sessionmaker(engine, expire_on_commit=False)
        reading = engine.execution_options(**dialect.READING)
        self.readers = async_sessionmaker(reading, expire_on_commit=False)

    async def read(self, work: Work[Result]) -> Result:
        """Run work that only reads.

        Raises:
            UnavailableError: The database can't serve.
        """
        async with self.transaction(read_only=True) as session:
            return await work(session)

    async def write(self, work: Work[Result]) -> Result:
        """Run work, commit what it has changed if it succeeds, and roll it back otherwise.

        The work is run up to three times if the database gives it up for another transaction, so
        it should change nothing but the database.

        Raises:
            UnavailableError: The database can't serve, or others were faster each time.
        """
        attempt = 1
        while True:
            try:
                async with self.turn(), self.transaction(read_only=False) as session:
                    return await work(session)
            except GivenUpError:
                if attempt == ATTEMPTS:
                    raise
            # Those that met once should not meet again.
            await asyncio.sleep(secrets.randbelow(PAUSE_MILLISECONDS << attempt) / 1000)
            attempt += 1

    @asynccontextmanager
    async def transaction(self, *, read_only: bool) -> AsyncIterator[AsyncSession]:
        """Run a block in a transaction, which ends with it.

        Raises:
            UnavailableError: The database can't serve.
        """
        try:
            async with (self.readers if read_only else self.writers).begin() as session:
                yield session
        except (OSError, PoolTimeoutError) as error:
            raise UnavailableError("The database can't be reached right now.") from error
        except DBAPIError as error:
            if dialect.is_conflict(error):
                raise GivenUpError("Others changed the same data; try again.") from error
            if read_only and dialect.is_refused_write(error):
                raise  # the work is wrong, not the database
            if dialect.is_outage(error):
                raise UnavailableError("The database can't serve right now.") from error
            raise

    async def probe(self) -> None:
        """Raise if the database can't serve."""
        async with self.transaction(read_only=True) as session:
            await session.execute(text("SELECT 1"))


def report_slow_statements(engine: Engine, seconds: float) -> None:
    """Log statements that take long: their text, never their values."""

    def begin(connection: Connection, *_: object) -> None:
        connection.info["started"] = time.perf_counter()

    def end(connection: Connection, _cursor: object, statement: str, *_: object) -> None:
        taken = time.perf_counter() - connection.info["started"]
        if taken >= seconds:
            logger.warning(
                "statement.slow", extra={"statement": statement, "seconds": round(taken, 3)}
            )

    event.listen(engine, "before_cursor_execute", begin)
    event.listen(engine, "after_cursor_execute", end)


def build(settings: DatabaseSettings) -> Database:
    """Return the database that the settings name; it connects when it is needed."""
    engine = dialect.build_engine(settings)
    report_slow_statements(engine.sync_engine, settings.slow_seconds)
    return Database(engine, dialect.turns(settings.lock_seconds))


def component(settings: Settings) -> Component:
    """Plug the database in."""
    database = build(settings.database)

    @asynccontextmanager
    async def start(_app: FastAPI) -> AsyncIterator[Mapping[str, object]]:
        try:
            yield {"database": database}
        finally:
            await database.engine.dispose()

    return Component(name="database", start=start, probe=database.probe)
