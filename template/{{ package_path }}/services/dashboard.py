"""What a user sees first: several questions, asked at once."""

from collections.abc import Sequence
from dataclasses import dataclass

from {{ package_name }}.core.web.pagination import Slice
from {{ package_name }}.domain.models import Post, User
from {{ package_name }}.services.ports import Transactions
from {{ package_name }}.utils.concurrency import all_or_nothing

SHOWN = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Dashboard:
    """A user, their newest posts, and what their accounts hold together, in minor units."""

    user: User
    posts: Sequence[Post]
    balance: int


class DashboardService:
    """Puts dashboards together."""

    def __init__(self, transactions: Transactions) -> None:
        self.transactions = transactions

    async def of(self, user_id: int) -> Dashboard:
        """Return the dashboard of a user.

        Each question has a transaction, and so a connection, of its own: one can't answer two at
        once.

        Raises:
            NotFoundError: There is no such user.
        """
        read = self.transactions.read
        part = Slice(limit=SHOWN, of=user_id)
        async with all_or_nothing() as group:
            user = group.create_task(read(lambda stored: stored.users.get(user_id)))
            posts = group.create_task(read(lambda stored: stored.posts.newest(part)))
            balance = group.create_task(read(lambda stored: stored.accounts.total(user_id)))
        return Dashboard(user=user.result(), posts=posts.result(), balance=balance.result())
