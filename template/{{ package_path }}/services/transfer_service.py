"""Use cases of money."""

from collections.abc import Sequence

from {{ package_name }}.core.errors import InvalidInputError
from {{ package_name }}.core.web.pagination import Slice
from {{ package_name }}.domain.commands import NewAccount, TransferRequest
from {{ package_name }}.domain.models import Account, Transfer
from {{ package_name }}.services.ports import Repositories, Transactions


class KeyReusedError(InvalidInputError):
    """A caller means another transfer by a key that one has already."""

    code = "idempotency_key_reused"


class TransferService:
    """Opens accounts and moves money between them."""

    def __init__(self, transactions: Transactions) -> None:
        self.transactions = transactions

    async def open(self, new: NewAccount) -> Account:
        """Open an account.

        Raises:
            NotFoundError: There is no such user.
        """

        async def work(stored: Repositories) -> Account:
            owner = await stored.users.get(new.owner_id)
            return await stored.accounts.save(Account(owner_id=owner.id, balance=new.balance))

        return await self.transactions.write(work)

    async def account(self, account_id: int) -> Account:
        """Return an account.

        Raises:
            NotFoundError: There is none.
        """
        return await self.transactions.read(lambda stored: stored.accounts.get(account_id))

    async def accounts(self, part: Slice) -> Sequence[Account]:
        """Return accounts, oldest first."""
        return await self.transactions.read(lambda stored: stored.accounts.part(part))

    async def transfer(self, request: TransferRequest) -> Transfer:
        """Move money, once for each key, however often it is asked for.

        Raises:
            NotFoundError: There is no such account.
            InsufficientFundsError: The source holds less.
            AccountFullError: The target can't hold as much.
            KeyReusedError: The key stands for another transfer.
        """

        async def work(stored: Repositories) -> Transfer:
            source, target = await stored.accounts.lock(request.source_id, request.target_id)
            # Nobody else is at this source now, so what is found here is the last word.
            made = await stored.transfers.find(source.id, request.key)
            if made is not None:
                if (made.target_id, made.amount) != (target.id, request.amount):
                    raise KeyReusedError("The key stands for another transfer; use a new one.")
                return made
            source.withdraw(request.amount)
            target.deposit(request.amount)
            return await stored.transfers.save(
                Transfer(
                    source_id=source.id,
                    target_id=target.id,
                    amount=request.amount,
                    key=request.key,
                )
            )

        return await self.transactions.write(work)

    async def get(self, transfer_id: int) -> Transfer:
        """Return a transfer.

        Raises:
            NotFoundError: There is none.
        """
        return await self.transactions.read(lambda stored: stored.transfers.get(transfer_id))
