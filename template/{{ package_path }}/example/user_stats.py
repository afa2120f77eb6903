"""Numbers of users: where the example and the cache meet."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from fastapi import FastAPI

from {{ package_name }}.api.routes import user_stats
from {{ package_name }}.core.component import Component
from {{ package_name }}.infrastructure.user_stats import SqlCounting
from {{ package_name }}.services.user_stats import UserStatsService
from {{ package_name }}.settings import Settings


def component(_settings: Settings) -> Component:
    """Plug the numbers in; it comes after the use cases whose changes make it forget them."""

    @asynccontextmanager
    async def start(app: FastAPI) -> AsyncIterator[Mapping[str, object]]:
        started = app.state.started
        stats = UserStatsService(started["cache"], SqlCounting(started["database"]))
        for service in (started["posts"], started["users"]):
            service.changed.append(stats.forget)
        yield {"user_stats": stats}

    return Component(name="user_stats", start=start, routers=(user_stats.router,))
