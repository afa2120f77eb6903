"""Routes of transfers."""

from fastapi import APIRouter, Request, Response

from {{ package_name }}.api.dependencies import TransferServiceDep
from {{ package_name }}.api.schemas.transfers import TransferIn, TransferOut
from {{ package_name }}.core.web.idempotency import IdempotencyKey
from {{ package_name }}.core.web.routing import public_path
from {{ package_name }}.core.web.schemas import IdPath

router = APIRouter(prefix="/transfers", tags=["money"])


@router.post("", status_code=201)
async def create_transfer(
    body: TransferIn,
    key: IdempotencyKey,
    transfers: TransferServiceDep,
    request: Request,
    response: Response,
) -> TransferOut:
    """Move money between accounts, once for each key."""
    transfer = await transfers.transfer(body.to_domain(key))
    response.headers["Location"] = public_path(request, f"/transfers/{transfer.id}")
    return TransferOut.model_validate(transfer)


@router.get("/{transfer_id:int}")
async def get_transfer(transfer_id: IdPath, transfers: TransferServiceDep) -> TransferOut:
    """Return a transfer."""
    return TransferOut.model_validate(await transfers.get_transfer(transfer_id))
