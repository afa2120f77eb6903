"""What accounts are worth in other currencies."""

from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Literal, Protocol

from {{ package_name }}.services.ports import Transactions

Currency = Literal["CHF", "EUR", "GBP", "USD"]
"""Those that are known here have hundredths, as accounts do."""


class Rates(Protocol):
    """Knows what money costs."""

    async def rate(self, currency: Currency) -> Decimal:
        """Return how many of them one unit of an account is worth.

        Raises:
            UnavailableError: Nobody can say right now.
        """


@dataclass(frozen=True, slots=True, kw_only=True)
class Worth:
    """What an account is worth, in minor units of the currency."""

    account_id: int
    currency: Currency
    rate: Decimal
    amount: int


class ValuationService:
    """Converts what accounts hold."""

    def __init__(self, transactions: Transactions, rates: Rates) -> None:
        self.transactions = transactions
        self.rates = rates

    async def worth(self, account_id: int, currency: Currency) -> Worth:
        """Return what an account is worth.

        Raises:
            NotFoundError: There is no such account.
            UnavailableError: Nobody knows the rate right now.
        """
        account = await self.transactions.read(lambda stored: stored.accounts.get(account_id))
        # The transaction is over: whoever is slow to tell the rate keeps no connection.
        rate = await self.rates.rate(currency)
        amount = int((account.balance * rate).to_integral_value(ROUND_HALF_EVEN))
        return Worth(account_id=account.id, currency=currency, rate=rate, amount=amount)
