"""What users have written, in numbers."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Request

from {{ package_name }}.core.web.schemas import Number, ResponseBody
from {{ package_name }}.services.user_stats import UserStatsService

router = APIRouter(tags=["users"])


class UserStatsOut(ResponseBody):
    """What a user has written: how many posts and characters, and when."""

    posts: int
    characters: int
    first_at: datetime | None
    last_at: datetime | None


async def user_stats(request: Request) -> UserStatsService:
    """Return what tells the numbers of users."""
    found: UserStatsService = request.state.user_stats
    return found


Stats = Annotated[UserStatsService, Depends(user_stats)]


@router.get("/users/{user_id:int}/stats")
async def get_stats(user_id: Number, stats: Stats) -> UserStatsOut:
    """Show what a user has written, in numbers."""
    return UserStatsOut.model_validate(await stats.get_user_stats(user_id))
