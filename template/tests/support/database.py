"""A migrated database for tests."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

from alembic import command
from alembic.config import Config
from pydantic import SecretStr
from sqlalchemy import Connection, event

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

PROJECT = Path(__file__).parents[2] / "pyproject.toml"


def alembic(url: str) -> Config:
    """Return the configuration of Alembic's commands for a database."""
    settings = DatabaseSettings(url=SecretStr(url))
    return Config(toml_file=PROJECT, attributes={"settings": settings})


@contextmanager
def migrated_database_url() -> Iterator[str]:
    """Yield the URL of a migrated database."""
    with database_url() as url:
        command.upgrade(alembic(url), "heads")
        yield url


@asynccontextmanager
async def undone(database: Database) -> AsyncIterator[None]:
    """Roll back everything that a block writes to the database.

    Its transactions are savepoints in one transaction on one connection, so they can't run
    concurrently.
    """
    async with database.engine.connect() as connection:
        transaction = await connection.begin()
        for sessions in (database.read_sessions, database.write_sessions):
            sessions.configure(bind=connection, join_transaction_mode="create_savepoint")
        yield
        await transaction.rollback()


@contextmanager
def counted(database: Database) -> Iterator[list[str]]:
    """Yield a list to which every statement of the database is appended."""
    found: list[str] = []

    def record(_connection: Connection, _cursor: object, statement: str, *_: object) -> None:
        found.append(statement)

    event.listen(database.engine.sync_engine, "before_cursor_execute", record)
    yield found
    event.remove(database.engine.sync_engine, "before_cursor_execute", record)
