"""What is stored, in SQL."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import ClassVar, Generic, TypeVar

from sqlalchemy import Integer, Select, bindparam, func, insert, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import selectinload

from {{ package_name }}.domain.models import Account
from {{ package_name }}.domain.models import Post
from {{ package_name }}.domain.models import Transfer
from {{ package_name }}.domain.models import User
from {{ package_name }}.core.database.models import Entity
from {{ package_name }}.domain.commands import NewUser
from {{ package_name }}.core.web.pagination import Slice
from {{ package_name }}.core.errors import AppError
from {{ package_name }}.core.errors import ConflictError
from {{ package_name }}.core.errors import NotFoundError
from {{ package_name }}.core.database import {{ database }} as dialect
from {{ package_name }}.core.database import Database
from {{ package_name }}.services.ports import Repositories
from {{ package_name }}.services.ports import Result
from {{ package_name }}.services.ports import UserRow
from {{ package_name }}.utils.batching import batched

STORED_AT_ONCE = 1000

USERS = User.__table__.c
ROWS = (
    select(USERS.id, USERS.email, USERS.name, USERS.created_at)
    .where(USERS.id > bindparam("after"))
    .order_by(USERS.id)
    .limit(bindparam("limit", type_=Integer))
)
"""A part of the users, oldest first. It is of columns, which cost half of what objects do."""

ModelT = TypeVar("ModelT", bound=Entity)
Rule = tuple[type[AppError], str]


class EmailTakenError(ConflictError):
    """Two users would have one e-mail address."""

    code = "email_taken"


class HasAccountsError(ConflictError):
    """Accounts would be left without their owner."""

    code = "has_accounts"


class Repository(Generic[ModelT]):
    """Entities of one kind, in one transaction.

    Attributes:
        model: Their class.
        rules: What broken constraints mean, by the name of the constraint: an error, and what it
            says.
    """

    model: type[ModelT]
    rules: ClassVar[Mapping[str, Rule]] = {}

    def __init__(self, session: AsyncSession) -> None:
        self.session = session

    async def get(self, key: int, *, lock: bool = False) -> ModelT:
        """Return an entity, and let nobody else change it if asked to.

        Raises:
            NotFoundError: There is none of that number.
        """
        found = await self.session.get(self.model, key, with_for_update=lock or None)
        if found is None:
            raise NotFoundError(f"There is no such {self.model.__name__.lower()}.")
        return found

    async def save(self, entity: ModelT) -> ModelT:
        """Store an entity.

        Raises:
            AppError: It breaks a rule.
        """
        async with self.kept_rules():
            self.session.add(entity)
        return entity

    async def remove(self, entity: ModelT) -> None:
        """Remove an entity.

        Raises:
            AppError: That breaks a rule.
        """
        async with self.kept_rules():
            await self.session.delete(entity)

    @asynccontextmanager
    async def kept_rules(self) -> AsyncIterator[None]:
        """Run statements; what a broken constraint means is raised in its place.

        Only these statements are undone then, and the transaction goes on.
        """
        try:
            async with self.session.begin_nested():
                yield
        except IntegrityError as error:
            for name, (kind, message) in self.rules.items():
                if dialect.is_broken(name, error):
                    raise kind(message) from error
            raise

    def after(self, part: Slice) -> Select[ModelT]:
        """Return the query for a part of all entities, oldest first."""
        query = select(self.model).order_by(self.model.id).limit(part.limit)
        return query if part.after is None else query.where(self.model.id > part.after)

    def before(self, part: Slice) -> Select[ModelT]:
        """Return the query for a part of all entities, newest first."""
        query = select(self.model).order_by(self.model.id.desc()).limit(part.limit)
        return query if part.after is None else query.where(self.model.id < part.after)


class UserRepository(Repository[User]):
    """The users."""

    model = User
    rules: ClassVar[Mapping[str, Rule]] = {
        "uq_users_email": (EmailTakenError, "Another user has this e-mail address."),
        "fk_accounts_owner_id": (HasAccountsError, "The user has accounts."),
    }

    async def rows(self, part: Slice) -> list[UserRow]:
        """Return users, oldest first."""
        found = await self.session.execute(ROWS, {"after": part.after or 0, "limit": part.limit})
        return [UserRow(*row) for row in found.all()]

    async def save_many(self, users: Iterable[NewUser]) -> int:
        """Store many users and return how many, in a statement for each thousand.

        Raises:
            EmailTakenError: Two would have one e-mail address.
        """
        stored = 0
        async with self.kept_rules():
            for batch in batched(users, STORED_AT_ONCE):
                rows = [{"email": user.email, "name": user.name} for user in batch]
                await self.session.execute(insert(User), rows)
                stored += len(rows)
        return stored


class PostRepository(Repository[Post]):
    """The posts."""

    model = Post

    async def newest(self, part: Slice) -> Sequence[Post]:
        """Return posts with their authors, newest first."""
        query = self.before(part).options(selectinload(Post.author))
        if part.of is not None:
            query = query.where(Post.author_id == part.of)
        return (await self.session.scalars(query)).all()


class AccountRepository(Repository[Account]):
    """The accounts."""

    model = Account

    async def lock(self, *keys: int) -> Sequence[Account]:
        """Return accounts in the order asked for, and let nobody else change them.

        All lock in the order of the numbers, so that no two wait for each other.

        Raises:
            NotFoundError: There is no account of one of the numbers.
        """
        locked = {key: await self.get(key, lock=True) for key in sorted(keys)}
        return [locked[key] for key in keys]

    async def part(self, part: Slice) -> Sequence[Account]:
        """Return accounts, oldest first."""
        return (await self.session.scalars(self.after(part))).all()

    async def total(self, owner_id: int) -> int:
        """Return what all accounts of a user hold together."""
        held = func.coalesce(func.sum(Account.balance), 0)
        query = select(held).where(Account.owner_id == owner_id)
        return int((await self.session.scalars(query)).one())


class TransferRepository(Repository[Transfer]):
    """The transfers."""

    model = Transfer

    async def find(self, source_id: int, key: str) -> Transfer | None:
        """Return the transfer that a caller calls so, None if there is none."""
        query = select(Transfer).where(Transfer.source_id == source_id, Transfer.key == key)
        return (await self.session.scalars(query)).one_or_none()


class SqlRepositories:
    """All that is stored, as one transaction sees it."""

    def __init__(self, session: AsyncSession) -> None:
        self.users = UserRepository(session)
        self.posts = PostRepository(session)
        self.accounts = AccountRepository(session)
        self.transfers = TransferRepository(session)


class SqlTransactions:
    """Runs work in transactions of the database."""

    def __init__(self, database: Database) -> None:
        self.database = database

    async def read(self, work: Callable[[Repositories], Awaitable[Result]]) -> Result:
        """Run work that only reads."""
        return await self.database.read(lambda session: work(SqlRepositories(session)))

    async def write(self, work: Callable[[Repositories], Awaitable[Result]]) -> Result:
        """Run work and commit it, or nothing of it; it may be run more than once."""
        return await self.database.write(lambda session: work(SqlRepositories(session)))
