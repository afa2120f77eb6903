"""What routes ask for in their signature."""

import re
from typing import Annotated

from fastapi import Depends, Header, HTTPException, Path, Request

from {{ package_name }}.core.web.schemas import MOST_ID
from {{ package_name }}.services.dashboard import DashboardService
from {{ package_name }}.services.post_service import PostService
from {{ package_name }}.services.transfer_service import TransferService
from {{ package_name }}.services.user_service import UserService

# A weak tag, W/"1", never matches (RFC 9110, section 13.1.1).
ETAGS = re.compile(r'(?<!W/)"(\d{1,18})"')
TAGS = r'^(\*|(W/)?"[!#-~]*"( ?, ?(W/)?"[!#-~]*")*)$'
IF_MATCH: dict[str, object] = {
    "name": "If-Match",
    "in": "header",
    "required": True,
    "description": 'The ETag of what you have seen, or "*" to change it in any case',
    "schema": {"type": "string", "pattern": TAGS},
}
"""Told of here, and not where it is read: who leaves it out is told more than "missing"."""


async def users(request: Request) -> UserService:
    """Return the use cases of users."""
    found: UserService = request.state.users
    return found


async def posts(request: Request) -> PostService:
    """Return the use cases of posts."""
    found: PostService = request.state.posts
    return found


async def transfers(request: Request) -> TransferService:
    """Return the use cases of money."""
    found: TransferService = request.state.transfers
    return found


async def dashboards(request: Request) -> DashboardService:
    """Return what puts dashboards together."""
    found: DashboardService = request.state.dashboards
    return found


def etag(version: int) -> str:
    """Return the entity tag of a version (RFC 9110, section 8.8.3)."""
    return f'"{version}"'


async def seen(
    if_match: Annotated[str | None, Header(pattern=TAGS, include_in_schema=False)] = None,
) -> frozenset[int] | None:
    """Return the versions that the caller has seen, None if any will do.

    Raises:
        HTTPException: The caller does not say.
    """
    if if_match is None:
        raise HTTPException(428, 'Send If-Match, with the ETag of what you have seen or "*"')
    if if_match == "*":
        return None
    return frozenset(map(int, ETAGS.findall(if_match)))


Users = Annotated[UserService, Depends(users)]
Posts = Annotated[PostService, Depends(posts)]
Transfers = Annotated[TransferService, Depends(transfers)]
Dashboards = Annotated[DashboardService, Depends(dashboards)]
Seen = Annotated[frozenset[int] | None, Depends(seen)]
Number = Annotated[int, Path(ge=1, le=MOST_ID)]
Key = Annotated[
    str,
    Header(
        alias="Idempotency-Key",
        pattern=r"^[A-Za-z0-9_-]{8,64}$",
        description="What you call this request by: sent again with the same key, it is done once",
    ),
]
