"""What every test is given."""

import os
from collections.abc import AsyncIterator

import httpx
import pytest

from {{ package_name }}.app import create_app
from {{ package_name }}.settings import PREFIX, Settings

from support import connect


@pytest.fixture(autouse=True)
def _own_settings(
    monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Keep the variables and the .env file of the developer out of the tests."""
    for name in list(os.environ):
        if name.upper().startswith(PREFIX):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path_factory.mktemp("empty"))


@pytest.fixture
def settings() -> Settings:
    """Return the default settings."""
    return Settings.load({})


@pytest.fixture
async def client(settings: Settings) -> AsyncIterator[httpx.AsyncClient]:
    """Yield a client of the running application with all its components."""
    async with connect(create_app(settings)) as client:
        yield client
