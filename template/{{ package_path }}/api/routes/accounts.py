"""Routes of accounts."""

from fastapi import APIRouter, Request, Response

from {{ package_name }}.api.dependencies import TransferServiceDep
from {{ package_name }}.api.schemas.accounts import AccountIn, AccountOut
from {{ package_name }}.core.web.pagination import Page, PageParams
from {{ package_name }}.core.web.routing import public_path
from {{ package_name }}.core.web.schemas import IdPath

router = APIRouter(prefix="/accounts", tags=["money"])


@router.post("", status_code=201)
async def open_account(
    body: AccountIn, transfers: TransferServiceDep, request: Request, response: Response
) -> AccountOut:
    """Open an account."""
    account = await transfers.open_account(body.to_domain())
    response.headers["Location"] = public_path(request, f"/accounts/{account.id}")
    return AccountOut.model_validate(account)


@router.get("")
async def list_accounts(params: PageParams, transfers: TransferServiceDep) -> Page[AccountOut]:
    """List accounts, oldest first."""
    rows = await transfers.list_accounts(params.to_query())
    return Page[AccountOut].from_items(rows, params)


@router.get("/{account_id:int}")
async def get_account(account_id: IdPath, transfers: TransferServiceDep) -> AccountOut:
    """Return an account."""
    return AccountOut.model_validate(await transfers.get_account(account_id))
