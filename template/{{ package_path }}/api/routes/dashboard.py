"""The route of the dashboard."""

from typing import Annotated

from fastapi import APIRouter, Query

from {{ package_name }}.api.dependencies import DashboardServiceDep
from {{ package_name }}.api.schemas.dashboard import DashboardOut
from {{ package_name }}.core.web.schemas import MAX_ID

router = APIRouter(prefix="/dashboard", tags=["dashboard"])


@router.get("")
async def get_dashboard(
    user_id: Annotated[int, Query(ge=1, le=MAX_ID)], dashboards: DashboardServiceDep
) -> DashboardOut:
    """Return a user, their recent posts, and the sum of their accounts."""
    return DashboardOut.model_validate(await dashboards.get(user_id))
