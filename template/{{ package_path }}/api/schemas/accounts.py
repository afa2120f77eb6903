"""Request and response bodies of accounts."""

from datetime import datetime
from typing import Annotated

from pydantic import Field

from {{ package_name }}.core.web.schemas import Id, RequestBody, ResponseBody
from {{ package_name }}.domain.commands import NewAccount
from {{ package_name }}.domain.models import MAX_BALANCE

Money = Annotated[int, Field(ge=0, le=MAX_BALANCE, description="In minor units, such as cents")]


class AccountIn(RequestBody):
    """A new account."""

    owner_id: Id
    balance: Money = 0

    def to_domain(self) -> NewAccount:
        """Return the argument of the use case."""
        return NewAccount(owner_id=self.owner_id, balance=self.balance)


class AccountOut(ResponseBody):
    """An account."""

    id: int
    owner_id: int
    balance: int
    created_at: datetime
