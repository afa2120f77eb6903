"""Valuation of accounts in other currencies."""

from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Literal, Protocol

from {{ package_name }}.services.ports import UnitOfWork

Currency = Literal["CHF", "EUR", "GBP", "USD"]
"""Currencies whose minor unit is a hundredth, as in accounts."""


class ExchangeRates(Protocol):
    """Exchange rates of the currency of accounts."""

    async def rate(self, currency: Currency) -> Decimal:
        """Return the value of one unit of the accounts' currency.

        Raises:
            UnavailableError: The rate is unavailable.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Valuation:
    """The value of an account, in minor units of the currency."""

    account_id: int
    currency: Currency
    rate: Decimal
    amount: int


class ValuationService:
    """Converts the balance of accounts."""

    def __init__(self, unit_of_work: UnitOfWork, rates: ExchangeRates) -> None:
        self.unit_of_work = unit_of_work
        self.rates = rates

    async def get(self, account_id: int, currency: Currency) -> Valuation:
        """Return the value of an account.

        Raises:
            NotFoundError: There is no such account.
            UnavailableError: The exchange rate is unavailable.
        """
        account = await self.unit_of_work.read(lambda repos: repos.accounts.get(account_id))
        # The transaction has ended: a slow upstream service holds no connection.
        rate = await self.rates.rate(currency)
        amount = int((account.balance * rate).to_integral_value(ROUND_HALF_EVEN))
        return Valuation(account_id=account.id, currency=currency, rate=rate, amount=amount)
