"""Propagation of the request id to upstream services."""

from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager

from {{ package_name }}.core.component import Component
from {{ package_name }}.core.http_client import HttpClient
from {{ package_name }}.core.logging import request_id
from {{ package_name }}.core.services import Services

HEADER = request_id.HEADER.decode()


def headers() -> Mapping[str, str]:
    """Return the header with the id of the current request, if there is one."""
    current = request_id.request_id_var.get("")
    return {HEADER: current} if current else {}


def component() -> Component:
    """Add the header to every call; it starts after the HTTP client."""

    @asynccontextmanager
    async def start(services: Services) -> AsyncGenerator[None]:
        services.get(HttpClient).header_providers.append(headers)
        yield

    return Component(name="request_id_propagation", start=start)
