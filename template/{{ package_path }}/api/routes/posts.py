"""Posts."""

from fastapi import APIRouter

from {{ package_name }}.api.dependencies import Posts
from {{ package_name }}.api.schemas.posts import PostIn, PostOut, PostPage
from {{ package_name }}.core.web.pagination import Part

router = APIRouter(prefix="/posts", tags=["posts"])


@router.post("", status_code=201)
async def create_post(body: PostIn, posts: Posts) -> PostOut:
    """Publish a post."""
    return PostOut.model_validate(await posts.publish(body.to_domain()))


@router.get("")
async def list_posts(part: Part, posts: Posts) -> PostPage:
    """List the posts with their authors, newest first."""
    return PostPage.of(await posts.newest(part.slice()), part)
