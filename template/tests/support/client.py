"""An HTTP client of an application in this process."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import httpx2
from starlette.types import Receive, Scope, Send

from {{ package_name }}.core.app import Application

isolations: list[Callable[[Application], AbstractAsyncContextManager[None]]] = []
"""Context managers of the `client` fixture, such as a transaction that is rolled back."""


@asynccontextmanager
async def connect(app: Application) -> AsyncIterator[httpx2.AsyncClient]:
    """Start the application, as a server would, and yield a client of it."""
    async with app.router.lifespan_context(app) as state:

        async def serve(scope: Scope, receive: Receive, send: Send) -> None:
            await app({**scope, "state": dict(state or {})}, receive, send)

        transport = httpx2.ASGITransport(app=serve)
        async with httpx2.AsyncClient(transport=transport, base_url="http://test") as client:
            yield client
