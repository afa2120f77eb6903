"""Statistics of users, computed by the database."""

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from {{ package_name }}.core.database import Database
from {{ package_name }}.core.errors import NotFoundError
from {{ package_name }}.domain.models import Post, User
from {{ package_name }}.services.user_stats import UserStats


class SqlUserStatsRepository:
    """Computes statistics in one statement."""

    def __init__(self, database: Database) -> None:
        self.database = database

    async def get(self, user_id: int) -> UserStats:
        """Return the statistics of a user.

        Raises:
            NotFoundError: There is no such user.
        """
        query = (
            select(
                func.count(Post.id),
                func.coalesce(func.sum(func.length(Post.body)), 0),
                func.min(Post.created_at),
                func.max(Post.created_at),
            )
            .select_from(User)
            .outerjoin(Post, Post.author_id == User.id)
            .where(User.id == user_id)
            .group_by(User.id)
        )

        async def work(session: AsyncSession) -> UserStats:
            row = (await session.execute(query)).one_or_none()
            if row is None:
                raise NotFoundError("There is no such user.")
            posts, characters, first_at, last_at = row
            return UserStats(posts=posts, characters=characters, first_at=first_at, last_at=last_at)

        return await self.database.read(work)
