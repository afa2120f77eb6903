"""Metrics of the database: its connection pool."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from prometheus_client import Gauge
from sqlalchemy import AsyncAdaptedQueuePool

from {{ package_name }}.core.component import Component
from {{ package_name }}.core.database import Database
from {{ package_name }}.core.metrics import Metrics
from {{ package_name }}.core.services import Services


def component() -> Component:
    """Add the gauges; it starts after the database and the metrics."""

    @asynccontextmanager
    async def start(services: Services) -> AsyncIterator[None]:
        metrics = services.get(Metrics)
        pool = services.get(Database).engine.pool
        if isinstance(pool, AsyncAdaptedQueuePool) and not metrics.multiprocess:
            for name, text, read in (
                ("in_use", "Connections checked out of the pool.", pool.checkedout),
                ("idle", "Idle connections in the pool.", pool.checkedin),
                ("size", "Maximum number of connections.", pool.size),
            ):
                gauge = Gauge(f"database_connections_{name}", text, registry=metrics.registry)
                gauge.set_function(read)
        yield

    return Component(name="database_metrics", start=start)
