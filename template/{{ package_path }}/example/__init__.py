"""The components of the example; `example: false` in the answers removes it."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from {{ package_name }}.api.routes import (
    accounts,
    dashboard,
    posts,
    transfers,
    users,
)
from {{ package_name }}.core.component import Component
from {{ package_name }}.core.database import Database
from {{ package_name }}.core.services import Services
from {{ package_name }}.infrastructure.repositories import SqlUnitOfWork
from {{ package_name }}.services.dashboard import DashboardService
from {{ package_name }}.services.post_service import PostService
from {{ package_name }}.services.transfer_service import TransferService
from {{ package_name }}.services.user_service import UserService

ROUTERS = (users.router, posts.router, accounts.router, transfers.router, dashboard.router)


def component() -> Component:
    """Add users, posts, accounts, transfers and the dashboard; it starts after the database."""

    @asynccontextmanager
    async def start(services: Services) -> AsyncGenerator[None]:
        unit_of_work = SqlUnitOfWork(services.get(Database))
        services.add(DashboardService, DashboardService(unit_of_work))
        services.add(PostService, PostService(unit_of_work))
        services.add(TransferService, TransferService(unit_of_work))
        services.add(UserService, UserService(unit_of_work))
        yield

    return Component(name="example", start=start, routers=ROUTERS)
