"""The worked example, plugged in: `example` in the answers takes all of it away."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from fastapi import FastAPI

from {{ package_name }}.api.routes import dashboard, money, posts, users
from {{ package_name }}.core.component import Component
from {{ package_name }}.core.web.pagination import Cursors
from {{ package_name }}.infrastructure.repositories import SqlTransactions
from {{ package_name }}.services.dashboard import DashboardService
from {{ package_name }}.services.post_service import PostService
from {{ package_name }}.services.transfer_service import TransferService
from {{ package_name }}.services.user_service import UserService
from {{ package_name }}.settings import Settings


def component(settings: Settings) -> Component:
    """Plug the example in; it comes after the database."""
    cursors = Cursors(settings.pages.secret.get_secret_value())

    @asynccontextmanager
    async def start(app: FastAPI) -> AsyncIterator[Mapping[str, object]]:
        transactions = SqlTransactions(app.state.started["database"])
        yield {
            "cursors": cursors,
            "dashboards": DashboardService(transactions),
            "posts": PostService(transactions),
            "transfers": TransferService(transactions),
            "users": UserService(transactions),
        }

    routers = (users.router, posts.router, money.router, dashboard.router)
    return Component(name="example", start=start, routers=routers)
