"""The response body of the dashboard."""

from {{ package_name }}.api.schemas.posts import PostOut
from {{ package_name }}.api.schemas.users import UserOut
from {{ package_name }}.core.web.schemas import ResponseBody


class DashboardOut(ResponseBody):
    """A user, their recent posts, and the sum of their accounts in minor units."""

    user: UserOut
    posts: list[PostOut]
    balance: int
