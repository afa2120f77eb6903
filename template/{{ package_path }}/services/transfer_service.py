"""Use cases of accounts and transfers."""

from collections.abc import Sequence

from {{ package_name }}.core.errors import InvalidInputError
from {{ package_name }}.core.page_query import PageQuery
from {{ package_name }}.domain.commands import NewAccount, TransferRequest
from {{ package_name }}.domain.models import Account, Transfer
from {{ package_name }}.services.ports import Repositories, UnitOfWork


class IdempotencyKeyReusedError(InvalidInputError):
    """The idempotency key belongs to another transfer."""

    code = "idempotency_key_reused"


class TransferService:
    """Opens accounts and moves money between them."""

    def __init__(self, unit_of_work: UnitOfWork) -> None:
        self.unit_of_work = unit_of_work

    async def open_account(self, new: NewAccount) -> Account:
        """Open an account.

        Raises:
            NotFoundError: There is no such user.
        """

        async def work(repos: Repositories) -> Account:
            owner = await repos.users.get(new.owner_id)
            return await repos.accounts.save(Account(owner_id=owner.id, balance=new.balance))

        return await self.unit_of_work.write(work)

    async def get_account(self, account_id: int) -> Account:
        """Return an account.

        Raises:
            NotFoundError: There is no such account.
        """
        return await self.unit_of_work.read(lambda repos: repos.accounts.get(account_id))

    async def list_accounts(self, page: PageQuery) -> Sequence[Account]:
        """Return accounts, oldest first."""
        return await self.unit_of_work.read(lambda repos: repos.accounts.list_page(page))

    async def transfer(self, request: TransferRequest) -> Transfer:
        """Move money. A repeated request with the same key returns the first transfer.

        Raises:
            NotFoundError: There is no such account.
            InsufficientFundsError: The balance of the source is too low.
            BalanceLimitExceededError: The balance of the target would exceed the limit.
            IdempotencyKeyReusedError: The key belongs to another transfer.
        """

        async def work(repos: Repositories) -> Transfer:
            source, target = await repos.accounts.lock(request.source_id, request.target_id)
            # The lock on the source makes this check final.
            existing = await repos.transfers.find(source.id, request.key)
            if existing is not None:
                if (existing.target_id, existing.amount) != (target.id, request.amount):
                    raise IdempotencyKeyReusedError(
                        "This Idempotency-Key was already used for a different transfer."
                    )
                return existing
            source.withdraw(request.amount)
            target.deposit(request.amount)
            return await repos.transfers.save(
                Transfer(
                    source_id=source.id,
                    target_id=target.id,
                    amount=request.amount,
                    key=request.key,
                )
            )

        return await self.unit_of_work.write(work)

    async def get_transfer(self, transfer_id: int) -> Transfer:
        """Return a transfer.

        Raises:
            NotFoundError: There is no such transfer.
        """
        return await self.unit_of_work.read(lambda repos: repos.transfers.get(transfer_id))
