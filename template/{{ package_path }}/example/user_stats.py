"""The component of user statistics."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from {{ package_name }}.api.routes import user_stats
from {{ package_name }}.core.cache import Cache
from {{ package_name }}.core.component import Component
from {{ package_name }}.core.database import Database
from {{ package_name }}.core.services import Services
from {{ package_name }}.infrastructure.user_stats import (
    SqlUserStatsRepository,
)
from {{ package_name }}.services.post_service import PostService
from {{ package_name }}.services.user_service import UserService
from {{ package_name }}.services.user_stats import UserStatsService


def component() -> Component:
    """Add user statistics; it starts after the services whose changes invalidate them."""

    @asynccontextmanager
    async def start(services: Services) -> AsyncGenerator[None]:
        repository = SqlUserStatsRepository(services.get(Database))
        stats = UserStatsService(services.get(Cache), repository)
        services.get(PostService).on_change.append(stats.invalidate)
        services.get(UserService).on_change.append(stats.invalidate)
        services.add(UserStatsService, stats)
        yield

    return Component(name="user_stats", start=start, routers=(user_stats.router,))
