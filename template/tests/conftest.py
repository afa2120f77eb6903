"""What every test is given."""

import os
from collections.abc import AsyncIterator{{ ", Iterator" if database != "none" else "" }}

import httpx
import pytest
from fastapi import FastAPI

from {{ package_name }}.app import create_app
# {% if database != "none" %}
from {{ package_name }}.infrastructure.database import Database, build
# {% endif %}
from {{ package_name }}.settings import PREFIX, Settings

# {% if database != "none" %}
from database_server import migrated_database_url, undone
from scratch import Scratch
# {% endif %}
from support import connect


# {% if database != "none" %}
@pytest.fixture(scope="session")
def database_url() -> Iterator[str]:
    """Yield the address of a migrated database, the same for all tests."""
    with migrated_database_url() as url:
        yield url


@pytest.fixture
def own_database_url() -> Iterator[str]:
    """Yield the address of a migrated database that a test has for itself."""
    with migrated_database_url() as url:
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
@pytest.fixture(autouse=True)
def _own_settings(
    # {% if database != "none" %}
    database_url: str,
    # {% endif %}
    monkeypatch: pytest.MonkeyPatch,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    """Keep the variables and the .env file of the developer out of the tests."""
    for name in list(os.environ):
        if name.upper().startswith(PREFIX):
            monkeypatch.delenv(name)
    # {% if database != "none" %}
    monkeypatch.setenv(f"{PREFIX}DATABASE__URL", database_url)
    # {% endif %}
    # {% if cache == "redis" %}
    monkeypatch.setenv(f"{PREFIX}CACHE__URL", "redis://127.0.0.1:1/0")  # nobody is there
    # {% endif %}
    monkeypatch.chdir(tmp_path_factory.mktemp("empty"))


@pytest.fixture
def settings() -> Settings:
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


# Your own fixtures go below this line.
