"""Accounts and transfers, as the API shows them."""

from datetime import datetime
from typing import Annotated

from pydantic import Field

from {{ package_name }}.api.schemas.accounts import Money
from {{ package_name }}.api.schemas.posts import PostOut
from {{ package_name }}.api.schemas.users import UserOut
from {{ package_name }}.core.web.pagination import Page
from {{ package_name }}.core.web.schemas import Id, RequestBody, ResponseBody
from {{ package_name }}.domain.commands import NewAccount, TransferRequest
from {{ package_name }}.domain.models import MOST_MONEY


class AccountIn(RequestBody):
    """A new account."""

    owner_id: Id
    balance: Money = 0

    def to_domain(self) -> NewAccount:
        """Return what the use case takes."""
        return NewAccount(owner_id=self.owner_id, balance=self.balance)


class AccountOut(ResponseBody):
    """An account."""

    id: int
    owner_id: int
    balance: int
    created_at: datetime


class AccountPage(Page):
    """A part of the list of accounts."""

    items: list[AccountOut]


class TransferIn(RequestBody):
    """Money that is to go from one account to another."""

    source_id: Id
    target_id: Id
    amount: Annotated[int, Field(ge=1, le=MOST_MONEY, description="In minor units")]

    def to_domain(self, key: str) -> TransferRequest:
        """Return what the use case takes."""
        return TransferRequest(
            source_id=self.source_id, target_id=self.target_id, amount=self.amount, key=key
        )


class TransferOut(ResponseBody):
    """Money that went from one account to another."""

    id: int
    source_id: int
    target_id: int
    amount: int
    created_at: datetime


class DashboardOut(ResponseBody):
    """A user, their newest posts, and what their accounts hold together."""

    user: UserOut
    posts: list[PostOut]
    balance: int
