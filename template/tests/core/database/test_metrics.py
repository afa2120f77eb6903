"""Metrics of the connection pool."""

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from {{ package_name }}.core.app import Application
from {{ package_name }}.core.database import Database
from {{ package_name }}.core.metrics import Metrics

from support.client import connect


async def test_connections_are_measured(app: Application) -> None:
    """Gauges show the connections that are in use and idle, and their maximum."""
    async with connect(app):
        registry = app.services.get(Metrics).registry

        def connections(name: str) -> float | None:
            return registry.get_sample_value(f"database_connections_{name}")

        async def work(session: AsyncSession) -> float | None:
            await session.execute(text("SELECT 1"))
            return connections("in_use")

        assert await app.services.get(Database).read(work) == 1
        assert [connections(name) for name in ("in_use", "idle", "size")] == [0, 1, 10]
