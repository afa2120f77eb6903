"""Fixtures of the database."""

from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractAsyncContextManager

import pytest

from {{ package_name }}.core.app import Application
from {{ package_name }}.core.database import Database, build
from {{ package_name }}.core.settings import PREFIX
from {{ package_name }}.settings import Settings

from support.client import isolations
from support.database import database_url as copied_database_url
from support.database import migrated_database_url, undone
from support.tables import Scratch


def isolate(app: Application) -> AbstractAsyncContextManager[None]:
    """Roll back what a test writes to the database of an application."""
    return undone(app.services.get(Database))


isolations.append(isolate)


@pytest.fixture(scope="session")
def migrated_database() -> Iterator[str]:
    """Yield the URL of a migrated database, the template of the others."""
    with migrated_database_url() as url:
        yield url


@pytest.fixture(scope="session")
def database_url(migrated_database: str) -> Iterator[str]:
    """Yield the URL of a migrated database that all tests share."""
    with copied_database_url(migrated_database) as url:
        yield url


@pytest.fixture(scope="session", autouse=True)
def _database_environment(_environment: pytest.MonkeyPatch, database_url: str) -> None:
    """Set the shared database in the environment of the settings."""
    _environment.setenv(f"{PREFIX}DATABASE__URL", database_url)


@pytest.fixture
def own_database_url(migrated_database: str) -> Iterator[str]:
    """Yield the URL of a migrated database for one test alone."""
    with copied_database_url(migrated_database) as url:
        yield url


@pytest.fixture
async def database(settings: Settings) -> AsyncIterator[Database]:
    """Yield the shared database, with empty tables of `support.tables`."""
    database = build(settings.database)
    async with database.engine.begin() as connection:
        await connection.run_sync(Scratch.metadata.create_all)
    yield database
    async with database.engine.begin() as connection:
        await connection.run_sync(Scratch.metadata.drop_all)
    await database.engine.dispose()
