"""Request bodies with random values for the fields that a test does not set."""

from itertools import count
from typing import ClassVar

import httpx2
from polyfactory import Use
from polyfactory.factories.pydantic_factory import ModelFactory

from {{ package_name }}.api.schemas.accounts import AccountIn
from {{ package_name }}.api.schemas.posts import PostIn
from {{ package_name }}.api.schemas.transfers import TransferIn
from {{ package_name }}.api.schemas.users import UserIn

serial = count(1)


class UserFactory(ModelFactory[UserIn]):
    """New users, each with another e-mail address."""

    email: ClassVar[Use[[], str]] = Use(lambda: f"user{next(serial)}@example.org")


class PostFactory(ModelFactory[PostIn]):
    """New posts."""


class AccountFactory(ModelFactory[AccountIn]):
    """New accounts."""


class TransferFactory(ModelFactory[TransferIn]):
    """New transfers."""


async def create(client: httpx2.AsyncClient, path: str, body: object) -> int:
    """Create a resource and return its id."""
    response = await client.post(path, json=body)
    assert response.status_code == 201, response.text
    resource_id: int = response.json()["id"]
    return resource_id


async def new_user(client: httpx2.AsyncClient, **fields: str) -> int:
    """Register a user and return the id."""
    return await create(client, "/users", UserFactory.build().model_dump() | fields)


async def new_post(client: httpx2.AsyncClient, author_id: int) -> int:
    """Publish a post and return the id."""
    return await create(client, "/posts", PostFactory.build(author_id=author_id).model_dump())


async def new_account(client: httpx2.AsyncClient, owner_id: int, balance: int = 100) -> int:
    """Open an account and return the id."""
    body = AccountFactory.build(owner_id=owner_id, balance=balance).model_dump()
    return await create(client, "/accounts", body)
