"""One id for everything that a request leaves behind, here and in the services it came through."""

import os
import re

from starlette.datastructures import Headers, MutableHeaders
from starlette.middleware import Middleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from structlog.contextvars import bound_contextvars

from {{ package_name }}.component import Component
from {{ package_name }}.settings import Settings

HEADER = "X-Request-ID"
VALID = re.compile(r"[A-Za-z0-9._-]{1,128}")


class RequestId:
    """Takes the id that came with a request, or makes one; logs and answers with it."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        given = Headers(scope=scope).get(HEADER, "")
        # What a stranger sends ends up in logs: anything odd is replaced, not repaired.
        request_id = given if VALID.fullmatch(given) else os.urandom(16).hex()

        async def answer(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message)[HEADER] = request_id
            await send(message)

        with bound_contextvars(request_id=request_id):
            await self.app(scope, receive, answer)


def component(_settings: Settings) -> Component:
    """Plug the request id in."""
    return Component(name="request_id", middleware=(Middleware(RequestId),))
