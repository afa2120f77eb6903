"""Per-user post statistics, cached and invalidated on change."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from pydantic import TypeAdapter

from {{ package_name }}.core.cache import Cache, cached
from {{ package_name }}.core.cache.codec import JsonCodec


@dataclass(frozen=True, slots=True, kw_only=True)
class UserStats:
    """Number of posts and characters of a user, and the times of the first and last post."""

    posts: int
    characters: int
    first_at: datetime | None
    last_at: datetime | None


class UserStatsRepository(Protocol):
    """Computes statistics."""

    async def get(self, user_id: int) -> UserStats:
        """Return the statistics of a user.

        Raises:
            NotFoundError: There is no such user.
        """
        ...


def stats_key(user_id: int) -> str:
    """Return the cache key of a user's statistics."""
    return f"user-stats:{user_id}"


class UserStatsService:
    """Returns statistics of users."""

    def __init__(self, cache: Cache, repository: UserStatsRepository) -> None:
        self.cache = cache
        self.repository = repository

    @cached(key=stats_key, ttl=1800, codec=JsonCodec(TypeAdapter(UserStats)))
    async def get_user_stats(self, user_id: int) -> UserStats:
        """Return the statistics of a user.

        Raises:
            NotFoundError: There is no such user.
        """
        return await self.repository.get(user_id)

    async def invalidate(self, user_id: int) -> None:
        """Invalidate the statistics of a user after a post or a deletion."""
        await self.cache.invalidate(stats_key(user_id))
