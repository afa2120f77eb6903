"""Fixtures of the database."""

from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractAsyncContextManager

import httpx2
import pytest

from {{ package_name }}.app import create_app
from {{ package_name }}.core.app import Application
from {{ package_name }}.core.database import Database, build
from {{ package_name }}.core.names import PREFIX
from {{ package_name }}.practices import PracticeSettings
from {{ package_name }}.settings import Settings

from support.client import connect, isolations
from support.database import database_url as copied_database_url
from support.database import migrated_database_url, undone


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
async def own_database(own_database_url: str) -> AsyncIterator[Database]:
    """Yield a migrated database for one test alone: commits last, transactions run concurrently."""
    database = build(PracticeSettings.load({"database": {"url": own_database_url}}).database)
    yield database
    await database.engine.dispose()


@pytest.fixture
async def concurrent_client(own_database_url: str) -> AsyncIterator[httpx2.AsyncClient]:
    """Yield a client of the application with a database for one test alone."""
    settings = Settings.load({"database": {"url": own_database_url}})
    async with connect(create_app(settings)) as client:
        yield client


@pytest.fixture
def database(app: Application, client: httpx2.AsyncClient) -> Database:
    """Return the database of `client`, in the transaction that is rolled back."""
    del client  # it has started the application
    return app.services.get(Database)
