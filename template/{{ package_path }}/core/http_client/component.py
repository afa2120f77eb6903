"""The HTTP client of the service."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Annotated

import httpx2
from fastapi import Depends

from {{ package_name }}.core.component import Component
from {{ package_name }}.core.http_client import HttpClient, open_http_client
from {{ package_name }}.core.http_client_settings import HttpClientSettings
from {{ package_name }}.core.services import Services, provide

HttpClientDep = Annotated[HttpClient, Depends(provide(HttpClient))]
"""The client, as a parameter of a route."""


def component(
    settings: HttpClientSettings, transport: httpx2.AsyncBaseTransport | None = None
) -> Component:
    """Open the client while the application runs."""

    @asynccontextmanager
    async def start(services: Services) -> AsyncGenerator[None]:
        async with open_http_client(settings, transport) as http:
            services.add(HttpClient, http)
            yield

    return Component(name="http_client", start=start)
