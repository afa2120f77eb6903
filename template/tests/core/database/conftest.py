"""Fixtures of the database."""

from collections.abc import AsyncIterator

import pytest

from {{ package_name }}.core.database import Database, build
from {{ package_name }}.practices import PracticeSettings

from support.tables import Scratch


@pytest.fixture
async def database(settings: PracticeSettings) -> AsyncIterator[Database]:
    """Yield the shared database, with empty tables of `support.tables`."""
    database = build(settings.database)
    async with database.engine.begin() as connection:
        await connection.run_sync(Scratch.metadata.create_all)
    yield database
    async with database.engine.begin() as connection:
        await connection.run_sync(Scratch.metadata.drop_all)
    await database.engine.dispose()
