"""Users."""

from collections.abc import AsyncIterator

from fastapi import APIRouter, Response
from fastapi.responses import StreamingResponse
from pydantic import TypeAdapter

from {{ package_name }}.api.dependencies import Posts, Users
from {{ package_name }}.api.schemas.posts import PostPage
from {{ package_name }}.api.schemas.users import (
    Imported,
    UserChangeIn,
    UserIn,
    UserOut,
    UserPage,
    UsersIn,
)
from {{ package_name }}.core.web.pagination import Part
from {{ package_name }}.core.web.preconditions import IF_MATCH, Seen, etag
from {{ package_name }}.core.web.schemas import Number
from {{ package_name }}.domain.commands import UserChange
from {{ package_name }}.domain.models import User
from {{ package_name }}.services.ports import UserRow

router = APIRouter(prefix="/users", tags=["users"])

PAGE = TypeAdapter(UserPage)
ROW = TypeAdapter(UserRow)


def shown(user: User, response: Response) -> UserOut:
    """Return a user, and say which version it is."""
    response.headers["ETag"] = etag(user.version)
    return UserOut.model_validate(user)


@router.post("", status_code=201)
async def create_user(body: UserIn, users: Users, response: Response) -> UserOut:
    """Register a user."""
    user = await users.register(body.to_domain())
    response.headers["Location"] = f"/users/{user.id}"
    return shown(user, response)


@router.get("", response_model=UserPage)
async def list_users(part: Part, users: Users) -> Response:
    """List the users, oldest first."""
    rows = await users.part(part.slice())
    page = UserPage(items=rows[: part.limit], next=part.next([row.id for row in rows]))
    return Response(PAGE.dump_json(page), media_type="application/json")


@router.post("/import", status_code=201)
async def import_users(body: UsersIn, users: Users) -> Imported:
    """Register many users, or none of them."""
    new = [user.to_domain() for user in body.users]
    return Imported(imported=await users.register_all(new))


@router.get(
    "/export",
    response_class=StreamingResponse,
    responses={200: {"content": {"application/x-ndjson": {}}, "description": "A user a line"}},
)
async def export_users(users: Users) -> StreamingResponse:
    """Export all users, one JSON object a line."""

    async def lines() -> AsyncIterator[bytes]:
        async for rows in users.all():
            yield b"".join(ROW.dump_json(row) + b"\n" for row in rows)

    return StreamingResponse(lines(), media_type="application/x-ndjson")


@router.get("/{user_id:int}")
async def get_user(user_id: Number, users: Users, response: Response) -> UserOut:
    """Show a user."""
    return shown(await users.get(user_id), response)


@router.patch("/{user_id:int}", openapi_extra={"parameters": [IF_MATCH]})
async def change_user(
    user_id: Number, body: UserChangeIn, versions: Seen, users: Users, response: Response
) -> UserOut:
    """Change a user, if nobody else has since the caller saw them."""
    change = UserChange(user_id=user_id, versions=versions, email=body.email, name=body.name)
    return shown(await users.change(change), response)


@router.delete("/{user_id:int}", status_code=204)
async def delete_user(user_id: Number, users: Users) -> None:
    """Remove a user, and what they have written."""
    await users.remove(user_id)


@router.get("/{user_id:int}/posts")
async def list_posts_of_user(user_id: Number, part: Part, posts: Posts) -> PostPage:
    """List the posts of a user, newest first."""
    return PostPage.of(await posts.newest(part.slice(of=user_id)), part)
