"""Metrics of the database: its connection pool."""

from typing import Any

from {{ package_name }}.core.component import Component
from {{ package_name }}.core.database import Database
from {{ package_name }}.core.metrics import Metrics, metrics_component


def observe(database: Database, metrics: Metrics) -> None:
    """Add the metrics of a database."""
    pool: Any = database.engine.pool  # a queue of connections, on every database
    for name, text, read in (
        ("in_use", "Connections checked out of the pool.", pool.checkedout),
        ("idle", "Idle connections in the pool.", pool.checkedin),
        ("size", "Maximum number of connections.", pool.size),
    ):
        metrics.add_gauge(f"database_connections_{name}", text, read)


def component() -> Component:
    """Add the metrics of the database."""
    return metrics_component("database_metrics", Database, observe)
