"""What accounts are worth."""

from decimal import Decimal
from typing import Annotated

from fastapi import APIRouter, Depends, Request

from {{ package_name }}.core.web.schemas import Number, ResponseBody
from {{ package_name }}.services.valuation import Currency, ValuationService

router = APIRouter(tags=["money"])


class WorthOut(ResponseBody):
    """What an account is worth, in minor units of the currency."""

    account_id: int
    currency: Currency
    rate: Decimal
    amount: int


async def valuations(request: Request) -> ValuationService:
    """Return the use cases of valuation."""
    found: ValuationService = request.state.valuations
    return found


Valuations = Annotated[ValuationService, Depends(valuations)]


@router.get("/accounts/{account_id:int}/worth")
async def get_worth(account_id: Number, currency: Currency, valuations: Valuations) -> WorthOut:
    """Show what an account is worth in a currency."""
    return WorthOut.model_validate(await valuations.worth(account_id, currency))
