"""The interfaces that the use cases need."""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, TypeVar

from {{ package_name }}.core.page_query import PageQuery
from {{ package_name }}.domain.commands import NewUser
from {{ package_name }}.domain.models import Account, Post, Transfer, User

Result = TypeVar("Result")


@dataclass(slots=True)
class UserRow:
    """A user in a list. It is not frozen: that would take four times as long."""

    id: int
    email: str
    name: str
    created_at: datetime


class Users(Protocol):
    """Users in a transaction."""

    async def get(self, row_id: int, *, for_update: bool = False) -> User: ...

    async def save(self, user: User, /) -> User: ...

    async def delete(self, user: User, /) -> None: ...

    async def list_rows(self, page: PageQuery) -> list[UserRow]: ...

    async def save_many(self, users: Iterable[NewUser]) -> int: ...


class Posts(Protocol):
    """Posts in a transaction."""

    async def save(self, post: Post, /) -> Post: ...

    async def newest(self, page: PageQuery, author_id: int | None = None) -> Sequence[Post]: ...


class Accounts(Protocol):
    """Accounts in a transaction."""

    async def get(self, row_id: int, *, for_update: bool = False) -> Account: ...

    async def save(self, account: Account, /) -> Account: ...

    async def lock(self, *ids: int) -> Sequence[Account]: ...

    async def list_page(self, page: PageQuery) -> Sequence[Account]: ...

    async def total(self, owner_id: int) -> int: ...


class Transfers(Protocol):
    """Transfers in a transaction."""

    async def get(self, row_id: int, *, for_update: bool = False) -> Transfer: ...

    async def find(self, source_id: int, key: str) -> Transfer | None: ...

    async def save(self, transfer: Transfer, /) -> Transfer: ...


class Repositories(Protocol):
    """The repositories of one transaction."""

    @property
    def users(self) -> Users: ...

    @property
    def posts(self) -> Posts: ...

    @property
    def accounts(self) -> Accounts: ...

    @property
    def transfers(self) -> Transfers: ...


class UnitOfWork(Protocol):
    """Runs work in a transaction."""

    async def read(self, work: Callable[[Repositories], Awaitable[Result]]) -> Result:
        """Run work in a read-only transaction."""
        ...

    async def write(self, work: Callable[[Repositories], Awaitable[Result]]) -> Result:
        """Run work and commit it; it may run more than once."""
        ...
