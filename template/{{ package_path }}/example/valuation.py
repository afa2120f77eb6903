"""The component of valuations."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from {{ package_name }}.api.routes import valuation
from {{ package_name }}.core.component import Component
from {{ package_name }}.core.database import Database
from {{ package_name }}.core.http_client import HttpClient
from {{ package_name }}.core.services import Services
from {{ package_name }}.infrastructure.exchange_rates import (
    ExchangeRatesSettings,
    FrankfurterClient,
)
from {{ package_name }}.infrastructure.repositories import SqlUnitOfWork
from {{ package_name }}.services.valuation import ValuationService


def component(settings: ExchangeRatesSettings) -> Component:
    """Add valuations if the settings name a service for exchange rates."""

    @asynccontextmanager
    async def start(services: Services) -> AsyncGenerator[None]:
        rates = FrankfurterClient(services.get(HttpClient), settings)
        unit_of_work = SqlUnitOfWork(services.get(Database))
        services.add(ValuationService, ValuationService(unit_of_work, rates))
        yield

    if not settings.url:
        return Component(name="valuation")
    return Component(name="valuation", start=start, routers=(valuation.router,))
