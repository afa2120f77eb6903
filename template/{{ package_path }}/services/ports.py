"""What the use cases need of the outside, as they see it."""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, TypeVar

from {{ package_name }}.core.web.pagination import Slice
from {{ package_name }}.domain.commands import NewUser
from {{ package_name }}.domain.models import Account, Post, Transfer, User

Result = TypeVar("Result")


@dataclass(slots=True)
class UserRow:
    """A user in a list: a plain row, as lists are long; to freeze it takes four times as long."""

    id: int
    email: str
    name: str
    created_at: datetime


class Users(Protocol):
    """The users."""

    async def get(self, key: int, *, lock: bool = False) -> User:
        """Return a user, and let nobody else change them if asked to."""

    async def save(self, user: User) -> User:
        """Store a user."""

    async def remove(self, user: User) -> None:
        """Remove a user, with their posts."""

    async def rows(self, part: Slice) -> list[UserRow]:
        """Return users, oldest first."""

    async def save_many(self, users: Iterable[NewUser]) -> int:
        """Store many users and return how many."""


class Posts(Protocol):
    """The posts."""

    async def save(self, post: Post) -> Post:
        """Store a post."""

    async def newest(self, part: Slice) -> Sequence[Post]:
        """Return posts with their authors, newest first."""


class Accounts(Protocol):
    """The accounts."""

    async def get(self, key: int, *, lock: bool = False) -> Account:
        """Return an account."""

    async def save(self, account: Account) -> Account:
        """Store an account."""

    async def lock(self, *keys: int) -> Sequence[Account]:
        """Return accounts in the order asked for, and let nobody else change them."""

    async def part(self, part: Slice) -> Sequence[Account]:
        """Return accounts, oldest first."""

    async def total(self, owner_id: int) -> int:
        """Return what all accounts of a user hold together."""


class Transfers(Protocol):
    """The transfers."""

    async def get(self, key: int, *, lock: bool = False) -> Transfer:
        """Return a transfer."""

    async def find(self, source_id: int, key: str) -> Transfer | None:
        """Return the transfer that a caller calls so, None if there is none."""

    async def save(self, transfer: Transfer) -> Transfer:
        """Store a transfer."""


class Repositories(Protocol):
    """All that is stored, as one transaction sees it."""

    @property
    def users(self) -> Users:
        """The users."""

    @property
    def posts(self) -> Posts:
        """The posts."""

    @property
    def accounts(self) -> Accounts:
        """The accounts."""

    @property
    def transfers(self) -> Transfers:
        """The transfers."""


class Transactions(Protocol):
    """Runs work in transactions of its own."""

    async def read(self, work: Callable[[Repositories], Awaitable[Result]]) -> Result:
        """Run work that only reads."""

    async def write(self, work: Callable[[Repositories], Awaitable[Result]]) -> Result:
        """Run work and commit it, or nothing of it; it may be run more than once."""
