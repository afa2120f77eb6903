"""The id of a request goes on to the services that it calls."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from fastapi import FastAPI

from {{ package_name }}.core.component import Component
from {{ package_name }}.core.http_client import HttpClient
from {{ package_name }}.core.logging import request_id
from {{ package_name }}.settings import Settings

HEADER = request_id.HEADER.decode()


def headers() -> Mapping[str, str]:
    """Return the id of the request that is being served, if any is."""
    current = request_id.current.get("")
    return {HEADER: current} if current else {}


def component(_settings: Settings) -> Component:
    """Plug the id in; it comes after the HTTP client."""

    @asynccontextmanager
    async def start(app: FastAPI) -> AsyncIterator[Mapping[str, object]]:
        http: HttpClient = app.state.started["http"]
        http.headers.append(headers)
        yield {}

    return Component(name="outgoing_request_id", start=start)
