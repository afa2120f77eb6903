"""Use cases of users."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence

from {{ package_name }}.core.errors import PreconditionFailedError
from {{ package_name }}.core.page_query import PageQuery
from {{ package_name }}.domain.commands import NewUser, UserUpdate
from {{ package_name }}.domain.models import User
from {{ package_name }}.services.ports import (
    Repositories,
    UnitOfWork,
    UserRow,
)

EXPORT_BATCH_SIZE = 1000


class UserService:
    """Registers, lists, updates and deletes users.

    Attributes:
        on_change: Callbacks with a user id, called after a user is deleted; also after a failed
            commit, because the commit may have succeeded.
    """

    def __init__(self, unit_of_work: UnitOfWork) -> None:
        self.unit_of_work = unit_of_work
        self.on_change: list[Callable[[int], Awaitable[None]]] = []

    async def register(self, new: NewUser) -> User:
        """Store a new user.

        Raises:
            EmailTakenError: Another user has the e-mail address.
        """

        async def work(repos: Repositories) -> User:
            return await repos.users.save(User(email=new.email, name=new.name))

        return await self.unit_of_work.write(work)

    async def register_all(self, new: Sequence[NewUser]) -> int:
        """Store all new users or none, and return their number.

        Raises:
            EmailTakenError: Two users have the same e-mail address.
        """
        return await self.unit_of_work.write(lambda repos: repos.users.save_many(new))

    async def get(self, user_id: int) -> User:
        """Return a user.

        Raises:
            NotFoundError: There is no such user.
        """
        return await self.unit_of_work.read(lambda repos: repos.users.get(user_id))

    async def update(self, update: UserUpdate) -> User:
        """Update a user if the client has seen the current version.

        Raises:
            NotFoundError: There is no such user.
            PreconditionFailedError: Another client has changed the user since.
            EmailTakenError: Another user has the e-mail address.
        """

        async def work(repos: Repositories) -> User:
            user = await repos.users.get(update.user_id, for_update=True)
            if update.versions is not None and user.version not in update.versions:
                raise PreconditionFailedError("The user has changed; read it again.")
            user.update(email=update.email, name=update.name)
            return await repos.users.save(user)

        return await self.unit_of_work.write(work)

    async def delete(self, user_id: int) -> None:
        """Delete a user and their posts.

        Raises:
            NotFoundError: There is no such user.
            HasAccountsError: The user has accounts.
        """

        async def work(repos: Repositories) -> None:
            await repos.users.delete(await repos.users.get(user_id, for_update=True))

        try:
            await self.unit_of_work.write(work)
        finally:
            for callback in self.on_change:
                await callback(user_id)

    async def list_page(self, page: PageQuery) -> list[UserRow]:
        """Return users, oldest first."""
        return await self.unit_of_work.read(lambda repos: repos.users.list_rows(page))

    async def iter_batches(self) -> AsyncIterator[list[UserRow]]:
        """Yield all users in batches.

        Each batch is a transaction of its own: a slow client holds no connection.
        """
        page = PageQuery(limit=EXPORT_BATCH_SIZE)
        while rows := await self.list_page(page):
            yield rows
            page = PageQuery(limit=EXPORT_BATCH_SIZE, after=rows[-1].id)
