"""What users have written, in numbers: dear to count, so it is cached, and forgotten by changes."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from pydantic import TypeAdapter

from {{ package_name }}.core.cache import Cache, cached
from {{ package_name }}.core.cache.codec import JsonCodec


@dataclass(frozen=True, slots=True, kw_only=True)
class UserStats:
    """What a user has written: how many posts and characters, and when."""

    posts: int
    characters: int
    first_at: datetime | None
    last_at: datetime | None


class Counting(Protocol):
    """Counts what users have written."""

    async def count(self, user_id: int) -> UserStats:
        """Return the numbers of a user.

        Raises:
            NotFoundError: There is no such user.
        """


def stats_key(user_id: int) -> str:
    """Return the key of a user's numbers."""
    return f"user-stats:{user_id}"


class UserStatsService:
    """Tells what users have written."""

    def __init__(self, cache: Cache, counting: Counting) -> None:
        self.cache = cache
        self.counting = counting

    @cached(key=stats_key, ttl=1800, codec=JsonCodec(TypeAdapter(UserStats)))
    async def get_user_stats(self, user_id: int) -> UserStats:
        """Return the numbers of a user.

        Raises:
            NotFoundError: There is no such user.
        """
        return await self.counting.count(user_id)

    async def forget(self, user_id: int) -> None:
        """Count anew for who asks next; called when a user may have posted, or may be gone."""
        await self.cache.forget(stats_key(user_id))
