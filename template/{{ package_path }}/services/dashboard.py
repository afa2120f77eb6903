"""The dashboard of a user: several queries at the same time."""

from collections.abc import Sequence
from dataclasses import dataclass

from {{ package_name }}.core.concurrency import all_or_nothing
from {{ package_name }}.core.page_query import PageQuery
from {{ package_name }}.domain.models import Post, User
from {{ package_name }}.services.ports import UnitOfWork

RECENT_POSTS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Dashboard:
    """A user, their recent posts, and the sum of their accounts in minor units."""

    user: User
    posts: Sequence[Post]
    balance: int


class DashboardService:
    """Collects dashboards."""

    def __init__(self, unit_of_work: UnitOfWork) -> None:
        self.unit_of_work = unit_of_work

    async def get(self, user_id: int) -> Dashboard:
        """Return the dashboard of a user.

        Each query has a transaction of its own: a connection runs one query at a time.

        Raises:
            NotFoundError: There is no such user.
        """
        read = self.unit_of_work.read
        page = PageQuery(limit=RECENT_POSTS)
        async with all_or_nothing() as group:
            user = group.create_task(read(lambda repos: repos.users.get(user_id)))
            posts = group.create_task(read(lambda repos: repos.posts.newest(page, user_id)))
            balance = group.create_task(read(lambda repos: repos.accounts.total(user_id)))
        return Dashboard(user=user.result(), posts=posts.result(), balance=balance.result())
