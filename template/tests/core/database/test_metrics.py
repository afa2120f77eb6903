"""The pool of connections, as Prometheus sees it."""

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from {{ package_name }}.app import create_app
from {{ package_name }}.core.database import Database
from {{ package_name }}.core.metrics import Metrics
from {{ package_name }}.settings import Settings

from support.client import connect


async def test_connections_are_shown(settings: Settings) -> None:
    """Who watches sees how many connections work, and how many there may be."""
    app = create_app(settings)
    async with connect(app):
        database: Database = app.state.started["database"]
        metrics: Metrics = app.state.started["metrics"]

        def shown(name: str) -> float | None:
            return metrics.registry.get_sample_value(f"database_connections_{name}")

        async def work(session: AsyncSession) -> float | None:
            await session.execute(text("SELECT 1"))
            return shown("in_use")

        assert await database.read(work) == 1
        assert (shown("in_use"), shown("idle"), shown("size")) == (0, 1, 10)
