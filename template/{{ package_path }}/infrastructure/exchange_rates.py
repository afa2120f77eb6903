"""Exchange rates of a service with Frankfurter's API."""

from decimal import Decimal
from functools import partial
from typing import Annotated

from pydantic import BaseModel, Field, ValidationError

from {{ package_name }}.core.errors import NotFoundError, UnavailableError
from {{ package_name }}.core.http_client import HttpClient
from {{ package_name }}.core.http_client.stale import StaleIfError
from {{ package_name }}.core.settings import HttpBaseUrl, SettingsGroup
from {{ package_name }}.services.valuation import Currency

# A missing rate must not surface as "account not found".
INVALID_RESPONSE_ERRORS = (KeyError, NotFoundError, ValidationError)


class ExchangeRatesSettings(SettingsGroup):
    """Exchange rates; without a URL there is no valuation."""

    url: HttpBaseUrl = ""
    currency: str = Field(default="EUR", pattern=r"^(CHF|EUR|GBP|USD)$")
    stale_seconds: float = Field(default=86_400, ge=0, le=604_800)


class RatesResponse(BaseModel):
    """The part of the response that is used."""

    rates: dict[str, Annotated[Decimal, Field(gt=0, lt=10_000)]]


class FrankfurterClient:
    """Requests rates by `?base=EUR&symbols=USD`; a stale rate replaces an unavailable one."""

    def __init__(self, http: HttpClient, settings: ExchangeRatesSettings) -> None:
        self.http = http
        self.settings = settings
        self.last_rates = StaleIfError("exchange_rates")

    async def rate(self, currency: Currency) -> Decimal:
        """Return the value of one unit of the accounts' currency.

        Raises:
            UnavailableError: The service is unavailable, and the last rate is too old.
        """
        if currency == self.settings.currency:
            return Decimal(1)
        load = partial(self.load, currency)
        return await self.last_rates.get(currency, load, max_age=self.settings.stale_seconds)

    async def load(self, currency: Currency) -> Decimal:
        """Request a rate.

        Raises:
            UnavailableError: The service is unavailable, or its response has no valid rate.
        """
        params = {"base": self.settings.currency, "symbols": currency}
        try:
            response = await self.http.get(self.settings.url, params)
            return RatesResponse.model_validate_json(response.content).rates[currency]
        except INVALID_RESPONSE_ERRORS as error:
            raise UnavailableError("The exchange rate is temporarily unavailable.") from error
