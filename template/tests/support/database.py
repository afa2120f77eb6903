"""A migrated database for tests."""

import asyncio
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

from alembic import command
from alembic.config import Config
from pydantic import SecretStr
from sqlalchemy import Connection, event
from sqlalchemy.ext.asyncio import AsyncSession

from {{ package_name }}.core.database import Database
from {{ package_name }}.core.database.{{ database }} import DatabaseSettings

from support.{{ database }} import AWAY, database_url

__all__ = [
    "AWAY",
    "PROJECT",
    "alembic",
    "counted",
    "database_url",
    "migrated_database_url",
    "undone",
]

TURN_SECONDS = 10
"""How long a transaction waits for another one that is rolled back with it."""

PROJECT = Path(__file__).parents[2] / "pyproject.toml"


def alembic(url: str) -> Config:
    """Return the configuration of Alembic's commands for a database."""
    settings = DatabaseSettings(url=SecretStr(url))
    return Config(toml_file=PROJECT, attributes={"settings": settings})


@contextmanager
def migrated_database_url() -> Generator[str]:
    """Yield the URL of a migrated database."""
    with database_url() as url:
        command.upgrade(alembic(url), "heads")
        yield url


@asynccontextmanager
async def undone(database: Database) -> AsyncGenerator[None]:
    """Roll back everything that a block writes to the database.

    Its transactions are savepoints in one transaction on one connection, so they take turns.
    """
    turn, holder = asyncio.Lock(), None
    run = database.transaction

    @asynccontextmanager
    async def in_turn(*, read_only: bool) -> AsyncGenerator[AsyncSession]:
        nonlocal holder
        task = asyncio.current_task()
        if holder is task:  # a transaction within another one
            async with run(read_only=read_only) as session:
                yield session
            return
        try:
            await asyncio.wait_for(turn.acquire(), TURN_SECONDS)
        except TimeoutError:
            raise RuntimeError(
                "A transaction waits for one that does not end; the fixture "
                "`concurrent_client` runs transactions at the same time."
            ) from None
        holder = task
        try:
            async with run(read_only=read_only) as session:
                yield session
        finally:
            holder = None
            turn.release()

    database.transaction = in_turn  # type: ignore[method-assign]  # for this object only
    async with database.engine.connect() as connection:
        transaction = await connection.begin()
        for sessions in (database.read_sessions, database.write_sessions):
            sessions.configure(bind=connection, join_transaction_mode="create_savepoint")
        yield
        await transaction.rollback()


@contextmanager
def counted(database: Database) -> Generator[list[str]]:
    """Yield a list to which every statement of the database is appended."""
    found: list[str] = []

    def record(_connection: Connection, _cursor: object, statement: str, *_: object) -> None:
        found.append(statement)

    event.listen(database.engine.sync_engine, "before_cursor_execute", record)
    yield found
    event.remove(database.engine.sync_engine, "before_cursor_execute", record)
