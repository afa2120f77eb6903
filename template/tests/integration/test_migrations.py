"""Migrations: they lead to what the models say, and back."""

import asyncio
import subprocess
import sys
from collections.abc import Iterator

import pytest
from alembic import command
from sqlalchemy import inspect
from sqlalchemy.ext.asyncio import create_async_engine

from database_server import PROJECT, alembic, database_url


@pytest.fixture
def url() -> Iterator[str]:
    """Yield the address of an empty database."""
    with database_url() as url:
        yield url


def tables(url: str) -> set[str]:
    """Return the names of all tables."""

    async def read() -> set[str]:
        engine = create_async_engine(url)
        async with engine.connect() as connection:
            names = await connection.run_sync(lambda sync: inspect(sync).get_table_names())
        await engine.dispose()
        return set(names)

    return asyncio.run(read())


def test_up_down_and_up(url: str) -> None:
    """Every migration can be taken back, and made again."""
    config = alembic(url)

    command.upgrade(config, "heads")
    there = tables(url)
    command.downgrade(config, "base")
    assert tables(url) == {"alembic_version"}
    command.upgrade(config, "heads")
    assert tables(url) == there


def test_models_need_no_other_migration(url: str) -> None:
    """What the migrations have made is what the models say."""
    config = alembic(url)
    command.upgrade(config, "heads")

    command.check(config)


def test_two_may_migrate_at_once(url: str) -> None:
    """Two processes that start together both find the database migrated."""
    code = (
        "import sys; sys.path.insert(0, 'tests');"
        "from alembic import command; from database_server import alembic;"
        "command.upgrade(alembic(sys.argv[1]), 'heads')"
    )
    both = [
        subprocess.Popen([sys.executable, "-c", code, url], cwd=PROJECT.parent) for _ in range(2)
    ]

    assert [process.wait(timeout=60) for process in both] == [0, 0]
