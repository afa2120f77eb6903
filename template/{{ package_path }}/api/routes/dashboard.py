"""The dashboard."""

from typing import Annotated

from fastapi import APIRouter, Query

from {{ package_name }}.api.dependencies import Dashboards
from {{ package_name }}.api.schemas.money import DashboardOut
from {{ package_name }}.core.web.schemas import MOST_ID

router = APIRouter(prefix="/dashboard", tags=["dashboard"])


@router.get("")
async def show_dashboard(
    user_id: Annotated[int, Query(ge=1, le=MOST_ID)], dashboards: Dashboards
) -> DashboardOut:
    """Show a user, their newest posts, and what their accounts hold together."""
    return DashboardOut.model_validate(await dashboards.of(user_id))
