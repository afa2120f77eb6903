"""What every test is given."""

import os
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import chdir
from tempfile import TemporaryDirectory

import httpx
import pytest
from fastapi import FastAPI

from {{ package_name }}.app import create_app
from {{ package_name }}.practices import enabled
# {% if database != "none" %}
from {{ package_name }}.core.database import Database
from {{ package_name }}.core.database import build
# {% endif %}
from {{ package_name }}.core.settings import PREFIX
from {{ package_name }}.settings import Settings

# {% if database != "none" %}
from support.database import database_url as copied_database_url
from support.database import migrated_database_url, undone
from support.tables import Scratch
# {% endif %}
from support.client import connect


# {% if database != "none" %}
@pytest.fixture(scope="session")
def migrated_database() -> Iterator[str]:
    """Yield the address of a migrated database that the others are copied from."""
    with migrated_database_url() as url:
        yield url


@pytest.fixture(scope="session")
def database_url(migrated_database: str) -> Iterator[str]:
    """Yield the address of a migrated database, the same for all tests."""
    with copied_database_url(migrated_database) as url:
        yield url


@pytest.fixture
def own_database_url(migrated_database: str) -> Iterator[str]:
    """Yield the address of a migrated database that a test has for itself."""
    with copied_database_url(migrated_database) as url:
        yield url


@pytest.fixture
async def database(settings: Settings) -> AsyncIterator[Database]:
    """Yield the database with an empty table."""
    database = build(settings.database)
    async with database.engine.begin() as connection:
        await connection.run_sync(Scratch.metadata.create_all)
    yield database
    async with database.engine.begin() as connection:
        await connection.run_sync(Scratch.metadata.drop_all)
    await database.engine.dispose()


# {% endif %}
@pytest.fixture(scope="session", autouse=True)
def _environment(
    # {% if database != "none" %}
    database_url: str,
    # {% endif %}
    pytestconfig: pytest.Config,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[None]:
    """Keep the variables and the .env file of the developer out of the tests."""
    with pytest.MonkeyPatch.context() as patch:
        for name in list(os.environ):
            if name.upper().startswith(PREFIX):
                patch.delenv(name)
        # {% if database != "none" %}
        patch.setenv(f"{PREFIX}DATABASE__URL", database_url)
        # {% endif %}
        # {% if cache == "redis" %}
        patch.setenv(f"{PREFIX}CACHE__URL", "redis://127.0.0.1:1/0")  # no server listens there
        # {% endif %}
        if sys.dont_write_bytecode:  # or each service that a test starts compiles its imports
            bytecode = pytestconfig.rootpath / ".pytest_cache/bytecode"
            patch.setenv("PYTHONPYCACHEPREFIX", str(bytecode))
            patch.delenv("PYTHONDONTWRITEBYTECODE", raising=False)
        patch.chdir(tmp_path_factory.mktemp("empty"))
        yield


@pytest.fixture(autouse=True)
def _empty_folder(_environment: None) -> Iterator[None]:
    """Run each test in a folder of its own, where it may write a .env file."""
    with TemporaryDirectory(ignore_cleanup_errors=True) as folder, chdir(folder):
        yield


@pytest.fixture(scope="session")
def settings(_environment: None) -> Settings:
    """Return the default settings."""
    return Settings.load({})


@pytest.fixture
def app(settings: Settings) -> FastAPI:
    """Return the application with all its components."""
    return create_app(settings)


@pytest.fixture
async def client(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    """Yield a client of the application, which runs."""
    async with connect(app) as client{{ ', undone(app.state.started["database"])' if database != "none" else "" }}:
        yield client


@pytest.fixture(scope="session")
async def reader(settings: Settings) -> AsyncIterator[httpx.AsyncClient]:
    """Yield a client of one application for the whole session, for tests that only read.

    It runs without its log, which would reach into the tests of other applications.
    """
    components = [component for component in enabled(settings) if component.name != "logging"]
    async with connect(create_app(settings, components)) as client:
        yield client


# Your own fixtures go below this line.
