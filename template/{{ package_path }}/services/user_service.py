"""Use cases of users."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence

from {{ package_name }}.core.errors import PreconditionFailedError
from {{ package_name }}.core.web.pagination import Slice
from {{ package_name }}.domain.commands import NewUser, UserChange
from {{ package_name }}.domain.models import User
from {{ package_name }}.services.ports import (
    Repositories,
    Transactions,
    UserRow,
)

EXPORTED_AT_ONCE = 1000


class UserService:
    """Registers users, and changes, lists and removes them.

    Attributes:
        changed: Called with the number of a user after the commit that removes them; also if it
            failed, because the answer to a commit can be lost.
    """

    def __init__(self, transactions: Transactions) -> None:
        self.transactions = transactions
        self.changed: list[Callable[[int], Awaitable[None]]] = []

    async def register(self, new: NewUser) -> User:
        """Store a new user.

        Raises:
            EmailTakenError: Another one has the e-mail address.
        """

        async def work(stored: Repositories) -> User:
            return await stored.users.save(User(email=new.email, name=new.name))

        return await self.transactions.write(work)

    async def register_all(self, new: Sequence[NewUser]) -> int:
        """Store many new users, or none of them, and return how many.

        Raises:
            EmailTakenError: Two have the same e-mail address.
        """
        return await self.transactions.write(lambda stored: stored.users.save_many(new))

    async def get(self, user_id: int) -> User:
        """Return a user.

        Raises:
            NotFoundError: There is none.
        """
        return await self.transactions.read(lambda stored: stored.users.get(user_id))

    async def change(self, change: UserChange) -> User:
        """Change a user, if the caller has seen what they change.

        Raises:
            NotFoundError: There is no such user.
            PreconditionFailedError: Somebody else has changed them since.
            EmailTakenError: Another user has the e-mail address.
        """

        async def work(stored: Repositories) -> User:
            user = await stored.users.get(change.user_id, lock=True)
            if change.versions is not None and user.version not in change.versions:
                raise PreconditionFailedError("It has changed since; look at it again.")
            user.change(email=change.email, name=change.name)
            return await stored.users.save(user)

        return await self.transactions.write(work)

    async def remove(self, user_id: int) -> None:
        """Remove a user and what they have written.

        Raises:
            NotFoundError: There is no such user.
            HasAccountsError: They have accounts.
        """

        async def work(stored: Repositories) -> None:
            await stored.users.remove(await stored.users.get(user_id, lock=True))

        try:
            await self.transactions.write(work)
        finally:
            for tell in self.changed:
                await tell(user_id)

    async def part(self, part: Slice) -> list[UserRow]:
        """Return users, oldest first."""
        return await self.transactions.read(lambda stored: stored.users.rows(part))

    async def all(self) -> AsyncIterator[list[UserRow]]:
        """Yield all users in parts.

        Each part is read by itself: whoever takes them slowly holds no connection meanwhile.
        """
        part = Slice(limit=EXPORTED_AT_ONCE)
        while rows := await self.part(part):
            yield rows
            part = Slice(limit=EXPORTED_AT_ONCE, after=rows[-1].id)
