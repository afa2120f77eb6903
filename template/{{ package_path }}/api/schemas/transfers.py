"""Request and response bodies of transfers."""

from datetime import datetime
from typing import Annotated

from pydantic import Field

from {{ package_name }}.core.web.schemas import Id, RequestBody, ResponseBody
from {{ package_name }}.domain.commands import TransferRequest
from {{ package_name }}.domain.models import MAX_BALANCE


class TransferIn(RequestBody):
    """A transfer to make."""

    source_id: Id
    target_id: Id
    amount: Annotated[int, Field(ge=1, le=MAX_BALANCE, description="In minor units")]

    def to_domain(self, key: str) -> TransferRequest:
        """Return the argument of the use case."""
        return TransferRequest(
            source_id=self.source_id, target_id=self.target_id, amount=self.amount, key=key
        )


class TransferOut(ResponseBody):
    """A transfer."""

    id: int
    source_id: int
    target_id: int
    amount: int
    created_at: datetime
