"""Repositories, in SQL."""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import ClassVar

from sqlalchemy import Integer, bindparam, func, insert, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import selectinload

from {{ package_name }}.core.batching import batched
from {{ package_name }}.core.database import Database
from {{ package_name }}.core.database.repository import (
    ConstraintError,
    Repository,
)
from {{ package_name }}.core.errors import ConflictError, NotFoundError
from {{ package_name }}.core.page_query import PageQuery
from {{ package_name }}.domain.commands import NewUser
from {{ package_name }}.domain.models import (
    Account,
    EmailTakenError,
    HasAccountsError,
    Post,
    Transfer,
    User,
)
from {{ package_name }}.services.ports import Repositories, Result, UserRow

INSERT_BATCH_SIZE = 1000

user_columns = User.__table__.c
LIST_USERS = (
    select(user_columns.id, user_columns.email, user_columns.name, user_columns.created_at)
    .where(user_columns.id > bindparam("after"))
    .order_by(user_columns.id)
    .limit(bindparam("limit", type_=Integer))
)
"""A page of users, oldest first. Columns cost half as much as entities."""


class UserRepository(Repository[User]):
    """Users."""

    model = User
    constraint_errors: ClassVar[Mapping[str, ConstraintError | None]] = {
        "uq_users_email": (EmailTakenError, "Another user has this e-mail address."),
    }

    async def list_rows(self, page: PageQuery) -> list[UserRow]:
        """Return users, oldest first."""
        parameters = {"after": page.after or 0, "limit": page.limit}
        found = await self.session.execute(LIST_USERS, parameters)
        return [UserRow(*row) for row in found.all()]

    async def save_many(self, users: Iterable[NewUser]) -> int:
        """Insert users in batches, and return their number.

        Raises:
            EmailTakenError: Two users have the same e-mail address.
        """
        count = 0
        async with self.translate_constraints():
            for batch in batched(users, INSERT_BATCH_SIZE):
                rows = [{"email": user.email, "name": user.name} for user in batch]
                await self.session.execute(insert(User), rows)
                count += len(rows)
        return count


class PostRepository(Repository[Post]):
    """Posts."""

    model = Post
    constraint_errors: ClassVar[Mapping[str, ConstraintError | None]] = {
        "fk_posts_author_id": (NotFoundError, "There is no such user."),
    }

    async def newest(self, page: PageQuery, author_id: int | None = None) -> Sequence[Post]:
        """Return posts with their authors, newest first."""
        query = self.descending(page).options(selectinload(Post.author))
        if author_id is not None:
            query = query.where(Post.author_id == author_id)
        return (await self.session.scalars(query)).all()


class AccountRepository(Repository[Account]):
    """Accounts."""

    model = Account
    constraint_errors: ClassVar[Mapping[str, ConstraintError | None]] = {
        "fk_accounts_owner_id": (NotFoundError, "There is no such user."),
    }
    reference_errors: ClassVar[Mapping[str, ConstraintError | None]] = {
        "fk_accounts_owner_id": (HasAccountsError, "The user has accounts."),
    }

    async def lock(self, *ids: int) -> Sequence[Account]:
        """Return accounts in the given order, locked until the end of the transaction.

        Every transaction locks in the order of the ids, so that no two deadlock.

        Raises:
            NotFoundError: There is no account with one of the ids.
        """
        locked = {row_id: await self.get(row_id, for_update=True) for row_id in sorted(ids)}
        return [locked[row_id] for row_id in ids]

    async def total(self, owner_id: int) -> int:
        """Return the sum of the balances of a user's accounts."""
        balance = func.coalesce(func.sum(Account.balance), 0)
        query = select(balance).where(Account.owner_id == owner_id)
        return int((await self.session.scalars(query)).one())


class TransferRepository(Repository[Transfer]):
    """Transfers."""

    model = Transfer
    constraint_errors: ClassVar[Mapping[str, ConstraintError | None]] = {
        "fk_transfers_source_id": (NotFoundError, "There is no such account."),
        "fk_transfers_target_id": (NotFoundError, "There is no such account."),
        "uq_transfers_source_id_key": (ConflictError, "A transfer has this Idempotency-Key."),
    }
    # No account is ever deleted.
    reference_errors: ClassVar[Mapping[str, ConstraintError | None]] = {
        "fk_transfers_source_id": None,
        "fk_transfers_target_id": None,
    }

    async def find(self, source_id: int, key: str) -> Transfer | None:
        """Return the transfer with an idempotency key, None if there is none."""
        query = select(Transfer).where(Transfer.source_id == source_id, Transfer.key == key)
        return (await self.session.scalars(query)).one_or_none()


class SqlRepositories:
    """The repositories of one transaction."""

    def __init__(self, session: AsyncSession) -> None:
        self.users = UserRepository(session)
        self.posts = PostRepository(session)
        self.accounts = AccountRepository(session)
        self.transfers = TransferRepository(session)


class SqlUnitOfWork:
    """Runs work in transactions of the database."""

    def __init__(self, database: Database) -> None:
        self.database = database

    async def read(self, work: Callable[[Repositories], Awaitable[Result]]) -> Result:
        """Run work in a read-only transaction."""
        return await self.database.read(lambda session: work(SqlRepositories(session)))

    async def write(self, work: Callable[[Repositories], Awaitable[Result]]) -> Result:
        """Run work and commit it; it may run more than once."""
        return await self.database.write(lambda session: work(SqlRepositories(session)))
