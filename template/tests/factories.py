"""Requests as a client would send them: whatever a test does not care about is made up."""

from itertools import count
from typing import ClassVar

import httpx
from polyfactory import Use
from polyfactory.factories.pydantic_factory import ModelFactory

from {{ package_name }}.api.schemas.money import AccountIn, TransferIn
from {{ package_name }}.api.schemas.posts import PostIn
from {{ package_name }}.api.schemas.users import UserIn

numbers = count(1)


class UserFactory(ModelFactory[UserIn]):
    """New users, no two of whom have the same e-mail address."""

    email: ClassVar[Use[[], str]] = Use(lambda: f"user{next(numbers)}@example.org")


class PostFactory(ModelFactory[PostIn]):
    """New posts."""


class AccountFactory(ModelFactory[AccountIn]):
    """New accounts."""


class TransferFactory(ModelFactory[TransferIn]):
    """New transfers."""


async def created(client: httpx.AsyncClient, path: str, body: object) -> int:
    """Create something and return its number."""
    response = await client.post(path, json=body)
    assert response.status_code == 201, response.text
    number: int = response.json()["id"]
    return number


async def new_user(client: httpx.AsyncClient, **given: str) -> int:
    """Register a user and return their number."""
    return await created(client, "/users", UserFactory.build().model_dump() | given)


async def new_post(client: httpx.AsyncClient, author_id: int) -> int:
    """Publish a post and return its number."""
    return await created(client, "/posts", PostFactory.build(author_id=author_id).model_dump())


async def new_account(client: httpx.AsyncClient, owner_id: int, balance: int = 100) -> int:
    """Open an account and return its number."""
    body = AccountFactory.build(owner_id=owner_id, balance=balance).model_dump()
    return await created(client, "/accounts", body)
