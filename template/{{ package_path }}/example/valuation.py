"""What accounts are worth: where the example and the HTTP client meet."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from fastapi import FastAPI

from {{ package_name }}.api.routes import valuation
from {{ package_name }}.core.component import Component
from {{ package_name }}.infrastructure.exchange_rates import HttpRates
from {{ package_name }}.infrastructure.repositories import SqlTransactions
from {{ package_name }}.services.valuation import ValuationService
from {{ package_name }}.settings import Settings


def component(settings: Settings) -> Component:
    """Plug it in; there is no such route unless the settings say who knows the rates."""

    @asynccontextmanager
    async def start(app: FastAPI) -> AsyncIterator[Mapping[str, object]]:
        started = app.state.started
        rates = HttpRates(started["http"], settings.rates)
        yield {"valuations": ValuationService(SqlTransactions(started["database"]), rates)}

    if not settings.rates.url:
        return Component(name="valuation")
    return Component(name="valuation", start=start, routers=(valuation.router,))
