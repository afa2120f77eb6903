"""Repositories: what a broken rule means, and long lists in pieces."""

import asyncio

import pytest
from sqlalchemy.exc import IntegrityError, InvalidRequestError
from sqlalchemy.ext.asyncio import AsyncSession

from {{ package_name }}.core.database import Database, build
from {{ package_name }}.core.web.pagination import Slice
from {{ package_name }}.domain.commands import NewUser
from {{ package_name }}.domain.models import Account, Post, User
from {{ package_name }}.infrastructure.repositories import (
    AccountRepository,
    EmailTakenError,
    PostRepository,
    UserRepository,
)
from {{ package_name }}.settings import Settings

from support.database import counted


@pytest.fixture
def database(own_database_url: str) -> Database:
    """Return a database that the test has for itself."""
    return build(Settings.load({"database": {"url": own_database_url}}).database)


def jane() -> User:
    """Return a user who is always the same."""
    return User(email="jane@example.org", name="Jane")


async def test_transaction_goes_on_after_a_broken_rule(database: Database) -> None:
    """What broke a rule is undone by itself; what the transaction did before and after stays."""

    async def work(session: AsyncSession) -> None:
        users = UserRepository(session)
        await users.save(jane())
        with pytest.raises(EmailTakenError):
            await users.save(jane())
        await users.save(User(email="john@example.org", name="John"))

    await database.write(work)

    rows = await database.read(lambda session: UserRepository(session).rows(Slice(limit=9)))
    assert [row.name for row in rows] == ["Jane", "John"]
    await database.engine.dispose()


async def test_other_broken_rules_stay_errors(database: Database) -> None:
    """A rule that nobody may break from outside is our mistake, and is not taken for a conflict."""

    async def owe(session: AsyncSession) -> None:
        user = await UserRepository(session).save(jane())
        await AccountRepository(session).save(Account(owner_id=user.id, balance=-1))

    async def forget(session: AsyncSession) -> None:
        await UserRepository(session).save(User(email="jane@example.org"))

    with pytest.raises(IntegrityError, match="ck_accounts_balance"):
        await database.write(owe)
    with pytest.raises(IntegrityError, match="name"):
        await database.write(forget)
    await database.engine.dispose()


async def test_author_is_asked_for_or_absent(database: Database) -> None:
    """A post that was fetched without its author does not fetch them when one looks."""

    async def write(session: AsyncSession) -> int:
        post = Post(author=jane(), title="Hello", body="world")
        return (await PostRepository(session).save(post)).id

    async def look(session: AsyncSession) -> str:
        return (await PostRepository(session).get(key)).author.name

    key = await database.write(write)
    with pytest.raises(InvalidRequestError, match="raise"):
        await database.read(look)
    await database.engine.dispose()


@pytest.mark.no_cover
async def test_many_are_stored_by_few_statements(database: Database) -> None:
    """Ten thousand users take a statement for each thousand."""
    users = (NewUser(email=f"{number}@example.org", name="Many") for number in range(10_000))

    with counted(database) as statements:
        stored = await database.write(lambda session: UserRepository(session).save_many(users))

    assert stored == 10_000
    assert sum(statement.startswith("INSERT") for statement in statements) <= 10
    await database.engine.dispose()


@pytest.mark.no_cover
async def test_hundred_want_one_address(database: Database) -> None:
    """Of many who want the same e-mail address at once, one gets it."""

    async def register() -> bool:
        try:
            await database.write(lambda session: UserRepository(session).save(jane()))
        except EmailTakenError:
            return False
        return True

    assert sum(await asyncio.gather(*(register() for _ in range(100)))) == 1
    await database.engine.dispose()
