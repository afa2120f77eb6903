"""The route of valuations."""

from decimal import Decimal
from typing import Annotated

from fastapi import APIRouter, Depends

from {{ package_name }}.core.services import provide
from {{ package_name }}.core.web.schemas import IdPath, ResponseBody
from {{ package_name }}.services.valuation import Currency, ValuationService

router = APIRouter(tags=["money"])

ValuationServiceDep = Annotated[ValuationService, Depends(provide(ValuationService))]


class ValuationOut(ResponseBody):
    """The value of an account, in minor units of the currency."""

    account_id: int
    currency: Currency
    rate: Decimal
    amount: int


@router.get("/accounts/{account_id:int}/valuation")
async def get_valuation(
    account_id: IdPath, currency: Currency, valuations: ValuationServiceDep
) -> ValuationOut:
    """Return the value of an account in a currency."""
    return ValuationOut.model_validate(await valuations.get(account_id, currency))
