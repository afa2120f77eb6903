"""Migrations: they lead to what the models say, and back."""

import asyncio
import subprocess
import sys
from collections.abc import Iterator

import pytest
from alembic import command
from sqlalchemy import inspect
from sqlalchemy.ext.asyncio import create_async_engine

from support.database import PROJECT, alembic, database_url
from support.server import environment


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


@pytest.mark.slow
def test_two_may_migrate_at_once(url: str) -> None:
    """Two processes that start together both find the database migrated."""
    code = (
        "import sys; sys.path.insert(0, 'tests');"
        "from alembic import command; from database_server import alembic;"
        "print('ready', flush=True); sys.stdin.readline();"
        "command.upgrade(alembic(sys.argv[1]), 'heads')"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, url],
        cwd=PROJECT.parent,
        env=environment(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "ready\n"
        assert other.stdin is not None
        other.stdin.write("go\n")
        other.stdin.flush()
        command.upgrade(alembic(url), "heads")

    assert other.returncode == 0
    command.check(alembic(url))
