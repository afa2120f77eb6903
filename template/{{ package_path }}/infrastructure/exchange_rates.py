"""Exchange rates, of another service."""

from decimal import Decimal
from functools import partial
from typing import Annotated

from pydantic import BaseModel, Field, ValidationError

from {{ package_name }}.core.errors import NotFoundError, UnavailableError
from {{ package_name }}.core.http_client import HttpClient
from {{ package_name }}.core.http_client.stale import LastGood
from {{ package_name }}.infrastructure.exchange_rates import RatesSettings
from {{ package_name }}.services.valuation import Currency

# That there is no rate is not that there is no account: whoever asks for one is told otherwise.
UNREADABLE = (KeyError, NotFoundError, ValidationError)


class TodaysRates(BaseModel):
    """What the other service says, as far as it matters."""

    rates: dict[str, Annotated[Decimal, Field(gt=0, lt=10_000)]]


class HttpRates:
    """Asks a service that speaks as Frankfurter does: `?base=EUR&symbols=USD`.

    If it can't say, a rate that it has told before will do, unless that is too old.
    """

    def __init__(self, http: HttpClient, settings: RatesSettings) -> None:
        self.http = http
        self.settings = settings
        self.last_good = LastGood("exchange_rates")

    async def rate(self, currency: Currency) -> Decimal:
        """Return how many of them one unit of an account is worth.

        Raises:
            UnavailableError: The other service can't say, and has not for too long.
        """
        if currency == self.settings.currency:
            return Decimal(1)
        load = partial(self.load, currency)
        return await self.last_good.get(currency, load, most_seconds=self.settings.stale_seconds)

    async def load(self, currency: Currency) -> Decimal:
        """Ask the other service.

        Raises:
            UnavailableError: It can't say.
        """
        params = {"base": self.settings.currency, "symbols": currency}
        try:
            response = await self.http.get(self.settings.url, params)
            return TodaysRates.model_validate_json(response.content).rates[currency]
        except UNREADABLE as error:
            raise UnavailableError("Nobody can tell the exchange rate right now.") from error
