"""Fixtures of the core: its tests have none of the project's components and settings."""

from collections.abc import AsyncIterator

import httpx2
import pytest

from {{ package_name }}.core.app import Application
from {{ package_name }}.practices import PracticeSettings, practice_components

from support.client import app_without_log, connect, practice_app


@pytest.fixture(scope="session")
def settings(_environment: pytest.MonkeyPatch) -> PracticeSettings:
    """Return the default settings of the practices."""
    return PracticeSettings.load({})


@pytest.fixture
def app(settings: PracticeSettings) -> Application:
    """Return the application of the practices."""
    return practice_app(settings)


@pytest.fixture(scope="session")
async def reader(settings: PracticeSettings) -> AsyncIterator[httpx2.AsyncClient]:
    """Yield a client of the application of the practices, for tests that only read."""
    async with connect(app_without_log(settings, practice_components(settings))) as client:
        yield client
