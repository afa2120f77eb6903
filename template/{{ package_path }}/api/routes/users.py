"""Routes of users."""

from collections.abc import AsyncIterator

from fastapi import APIRouter, Request, Response
from fastapi.responses import StreamingResponse
from pydantic import TypeAdapter

from {{ package_name }}.api.dependencies import PostServiceDep, UserServiceDep
from {{ package_name }}.api.schemas.posts import PostOut
from {{ package_name }}.api.schemas.users import (
    ImportResult,
    UserIn,
    UserOut,
    UsersIn,
    UserUpdateIn,
)
from {{ package_name }}.core.web.pagination import Page, PageParams
from {{ package_name }}.core.web.preconditions import IF_MATCH, IfMatch, etag
from {{ package_name }}.core.web.routing import public_path
from {{ package_name }}.core.web.schemas import IdPath
from {{ package_name }}.domain.commands import UserUpdate
from {{ package_name }}.domain.models import User
from {{ package_name }}.services.ports import UserRow

router = APIRouter(prefix="/users", tags=["users"])

ROW = TypeAdapter(UserRow)


def user_response(user: User, response: Response) -> UserOut:
    """Return the body for a user, and set the ETag header."""
    response.headers["ETag"] = etag(user.version)
    return UserOut.model_validate(user)


@router.post("", status_code=201)
async def create_user(
    body: UserIn, users: UserServiceDep, request: Request, response: Response
) -> UserOut:
    """Register a user."""
    user = await users.register(body.to_domain())
    response.headers["Location"] = public_path(request, f"/users/{user.id}")
    return user_response(user, response)


@router.get("", response_model=Page[UserOut])
async def list_users(params: PageParams, users: UserServiceDep) -> Response:
    """List users, oldest first."""
    return Page[UserRow].response(await users.list_page(params.to_query()), params)


@router.post("/import", status_code=201)
async def import_users(body: UsersIn, users: UserServiceDep) -> ImportResult:
    """Register all users or none."""
    new = [user.to_domain() for user in body.users]
    return ImportResult(created=await users.register_all(new))


@router.get(
    "/export",
    response_class=StreamingResponse,
    responses={200: {"content": {"application/x-ndjson": {}}, "description": "One user a line"}},
)
async def export_users(users: UserServiceDep) -> StreamingResponse:
    """Export all users, one JSON object a line."""

    async def lines() -> AsyncIterator[bytes]:
        async for rows in users.iter_batches():
            yield b"".join(ROW.dump_json(row) + b"\n" for row in rows)

    return StreamingResponse(lines(), media_type="application/x-ndjson")


@router.get("/{user_id:int}")
async def get_user(user_id: IdPath, users: UserServiceDep, response: Response) -> UserOut:
    """Return a user."""
    return user_response(await users.get(user_id), response)


@router.patch("/{user_id:int}", openapi_extra={"parameters": [IF_MATCH]})
async def update_user(
    user_id: IdPath,
    body: UserUpdateIn,
    versions: IfMatch,
    users: UserServiceDep,
    response: Response,
) -> UserOut:
    """Update a user if no other client has changed it."""
    update = UserUpdate(user_id=user_id, versions=versions, email=body.email, name=body.name)
    return user_response(await users.update(update), response)


@router.delete("/{user_id:int}", status_code=204)
async def delete_user(user_id: IdPath, users: UserServiceDep) -> None:
    """Delete a user and their posts."""
    await users.delete(user_id)


@router.get("/{user_id:int}/posts")
async def list_user_posts(
    user_id: IdPath, params: PageParams, posts: PostServiceDep
) -> Page[PostOut]:
    """List the posts of a user, newest first."""
    return Page[PostOut].from_items(await posts.newest(params.to_query(), user_id), params)
