"""Repositories: constraints of users and accounts, authors of posts, and bulk inserts."""

import asyncio

import pytest
from sqlalchemy.exc import IntegrityError, InvalidRequestError
from sqlalchemy.ext.asyncio import AsyncSession

from {{ package_name }}.core.database import Database
from {{ package_name }}.core.database.models import Entity
from {{ package_name }}.core.database.repository import Repository
from {{ package_name }}.core.errors import NotFoundError
from {{ package_name }}.domain.commands import NewUser
from {{ package_name }}.domain.models import (
    Account,
    EmailTakenError,
    Post,
    Transfer,
    User,
)
from {{ package_name }}.infrastructure.repositories import (
    AccountRepository,
    PostRepository,
    TransferRepository,
    UserRepository,
)

from support.database import counted


def jane() -> User:
    """Return a new user, always with the same e-mail address."""
    return User(email="jane@example.org", name="Jane")


async def test_negative_balance_is_a_bug(own_database: Database) -> None:
    """The database rejects a negative balance; as no client can cause it, it is no conflict."""

    async def work(session: AsyncSession) -> None:
        user = await UserRepository(session).save(jane())
        await AccountRepository(session).save(Account(owner_id=user.id, balance=-1))

    with pytest.raises(IntegrityError, match="ck_accounts_balance"):
        await own_database.write(work)


@pytest.mark.parametrize(
    ("kind", "entity"),
    [
        (PostRepository, Post(author_id=9, title="Hello", body="world")),
        (AccountRepository, Account(owner_id=9, balance=0)),
        (TransferRepository, Transfer(source_id=8, target_id=9, amount=1, key="first")),
    ],
)
async def test_missing_parent_is_not_found(
    own_database: Database, kind: type[Repository[Entity]], entity: Entity
) -> None:
    """A row for a user or an account that was deleted meanwhile is an error of the client."""
    with pytest.raises(NotFoundError):
        await own_database.write(lambda session: kind(session).save(entity))


async def test_author_is_not_loaded_lazily(own_database: Database) -> None:
    """Access to the author of a post that was loaded without it raises, to prevent N+1."""

    async def save(session: AsyncSession) -> int:
        post = Post(author=jane(), title="Hello", body="world")
        return (await PostRepository(session).save(post)).id

    async def author_name(session: AsyncSession) -> str:
        return (await PostRepository(session).get(post_id)).author.name

    post_id = await own_database.write(save)
    with pytest.raises(InvalidRequestError, match="raise"):
        await own_database.read(author_name)


@pytest.mark.no_cover
async def test_bulk_insert_is_batched(own_database: Database) -> None:
    """10,000 users take one statement per 1000."""
    users = (NewUser(email=f"{number}@example.org", name="Many") for number in range(10_000))

    with counted(own_database) as statements:
        created = await own_database.write(lambda session: UserRepository(session).save_many(users))

    assert created == 10_000
    assert sum(statement.startswith("INSERT") for statement in statements) <= 10


@pytest.mark.no_cover
async def test_concurrent_registrations_keep_emails_unique(own_database: Database) -> None:
    """Of 100 concurrent registrations with one e-mail address, one succeeds."""

    async def register() -> bool:
        try:
            await own_database.write(lambda session: UserRepository(session).save(jane()))
        except EmailTakenError:
            return False
        return True

    assert sum(await asyncio.gather(*(register() for _ in range(100)))) == 1
