"""Routes of posts."""

from fastapi import APIRouter

from {{ package_name }}.api.dependencies import PostServiceDep
from {{ package_name }}.api.schemas.posts import PostIn, PostOut
from {{ package_name }}.core.web.pagination import Page, PageParams

router = APIRouter(prefix="/posts", tags=["posts"])


@router.post("", status_code=201)
async def create_post(body: PostIn, posts: PostServiceDep) -> PostOut:
    """Publish a post."""
    return PostOut.model_validate(await posts.publish(body.to_domain()))


@router.get("")
async def list_posts(params: PageParams, posts: PostServiceDep) -> Page[PostOut]:
    """List posts with their authors, newest first."""
    return Page[PostOut].from_items(await posts.newest(params.to_query()), params)
