"""Accounts and transfers."""

from fastapi import APIRouter, Response

from {{ package_name }}.api.dependencies import Transfers
from {{ package_name }}.api.schemas.money import (
    AccountIn,
    AccountOut,
    AccountPage,
    TransferIn,
    TransferOut,
)
from {{ package_name }}.core.web.idempotency import Key
from {{ package_name }}.core.web.pagination import Part
from {{ package_name }}.core.web.schemas import Number

router = APIRouter(tags=["money"])


@router.post("/accounts", status_code=201)
async def open_account(body: AccountIn, transfers: Transfers, response: Response) -> AccountOut:
    """Open an account."""
    account = await transfers.open(body.to_domain())
    response.headers["Location"] = f"/accounts/{account.id}"
    return AccountOut.model_validate(account)


@router.get("/accounts")
async def list_accounts(part: Part, transfers: Transfers) -> AccountPage:
    """List the accounts, oldest first."""
    return AccountPage.of(await transfers.accounts(part.slice()), part)


@router.get("/accounts/{account_id:int}")
async def get_account(account_id: Number, transfers: Transfers) -> AccountOut:
    """Show an account."""
    return AccountOut.model_validate(await transfers.account(account_id))


@router.post("/transfers", status_code=201)
async def create_transfer(
    body: TransferIn, key: Key, transfers: Transfers, response: Response
) -> TransferOut:
    """Move money from one account to another, once for each key."""
    transfer = await transfers.transfer(body.to_domain(key))
    response.headers["Location"] = f"/transfers/{transfer.id}"
    return TransferOut.model_validate(transfer)


@router.get("/transfers/{transfer_id:int}")
async def get_transfer(transfer_id: Number, transfers: Transfers) -> TransferOut:
    """Show a transfer."""
    return TransferOut.model_validate(await transfers.get(transfer_id))
