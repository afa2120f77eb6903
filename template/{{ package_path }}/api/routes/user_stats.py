"""The route of user statistics."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends

from {{ package_name }}.core.services import provide
from {{ package_name }}.core.web.schemas import IdPath, ResponseBody
from {{ package_name }}.services.user_stats import UserStatsService

router = APIRouter(tags=["users"])

UserStatsServiceDep = Annotated[UserStatsService, Depends(provide(UserStatsService))]


class UserStatsOut(ResponseBody):
    """Number of posts and characters of a user, and the times of the first and last post."""

    posts: int
    characters: int
    first_at: datetime | None
    last_at: datetime | None


@router.get("/users/{user_id:int}/stats")
async def get_user_stats(user_id: IdPath, stats: UserStatsServiceDep) -> UserStatsOut:
    """Return the statistics of a user."""
    return UserStatsOut.model_validate(await stats.get_user_stats(user_id))
