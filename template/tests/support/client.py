"""An HTTP client of an application in this process."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import httpx2
from fastapi import FastAPI
from starlette.types import Message, Receive, Scope, Send

from {{ package_name }}.core.app import Application, build
from {{ package_name }}.core.component import Component
from {{ package_name }}.practices import PracticeSettings, practice_components

isolations: list[Callable[[Application], AbstractAsyncContextManager[None]]] = []
"""Context managers of the `client` fixture, such as a transaction that is rolled back."""


def practice_app(settings: PracticeSettings) -> Application:
    """Return an application with the components of the practices, and none of the project's."""
    return build(settings.limits, practice_components(settings))


def app_without_log(settings: PracticeSettings, components: Iterable[Component]) -> Application:
    """Return an application whose log does not reach into the tests of others."""
    return build(settings.limits, [item for item in components if item.name != "logging"])


@asynccontextmanager
async def connect(app: FastAPI) -> AsyncGenerator[httpx2.AsyncClient]:
    """Start the application, as a server would, and yield a client of it."""
    async with app.router.lifespan_context(app) as state:

        async def serve(scope: Scope, receive: Receive, send: Send) -> None:
            await app({**scope, "state": dict(state or {})}, receive, send)

        transport = httpx2.ASGITransport(app=serve)
        async with httpx2.AsyncClient(transport=transport, base_url="http://test") as client:
            yield client


async def open_websocket(
    app: FastAPI, path: str, headers: Mapping[str, str], root_path: str = ""
) -> list[Message]:
    """Open a WebSocket, and leave; return the messages of the application.

    Args:
        app: The application; it need not have started.
        path: The path of the WebSocket.
        headers: The headers of the handshake.
        root_path: The path of the application below the host.
    """
    sent: list[Message] = []
    received = iter([{"type": "websocket.connect"}])

    async def receive() -> Message:
        return next(received, {"type": "websocket.disconnect", "code": 1005})

    async def send(message: Message) -> None:
        await asyncio.sleep(0)
        sent.append(message)

    scope: dict[str, Any] = {
        "type": "websocket",
        "path": path,
        "raw_path": path.encode(),
        "root_path": root_path,
        "query_string": b"",
        "headers": [(name.lower().encode(), text.encode()) for name, text in headers.items()],
        "extensions": {"websocket.http.response": {}},
    }
    await app(scope, receive, send)
    return sent
