"""What Prometheus sees of the database: its pool of connections."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from fastapi import FastAPI
from prometheus_client import Gauge
from sqlalchemy import AsyncAdaptedQueuePool

from {{ package_name }}.core.component import Component
from {{ package_name }}.core.database import Database
from {{ package_name }}.core.metrics import Metrics
from {{ package_name }}.settings import Settings


def component(_settings: Settings) -> Component:
    """Plug the gauges in; it comes after the database and the metrics."""

    @asynccontextmanager
    async def start(app: FastAPI) -> AsyncIterator[Mapping[str, object]]:
        database: Database = app.state.started["database"]
        metrics: Metrics = app.state.started["metrics"]
        pool = database.engine.pool
        if isinstance(pool, AsyncAdaptedQueuePool) and not metrics.shared:
            for name, text, read in (
                ("in_use", "Connections that work.", pool.checkedout),
                ("idle", "Connections that wait for work.", pool.checkedin),
                ("size", "Connections that there may be.", pool.size),
            ):
                gauge = Gauge(f"database_connections_{name}", text, registry=metrics.registry)
                gauge.set_function(read)
        yield {}

    return Component(name="database_metrics", start=start)
