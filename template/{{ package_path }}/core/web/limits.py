"""Limits for a single request and for all requests in flight."""

import re
from collections.abc import Callable
from typing import Annotated

from fastapi import Response
from pydantic import AfterValidator, Field
from starlette.middleware.body_limit import RequestBodyLimitResponder
from starlette.types import Message, Receive

from {{ package_name }}.core.settings import SettingsGroup
from {{ package_name }}.core.web.context import RequestContext
from {{ package_name }}.core.web.in_flight import InFlightRequests
from {{ package_name }}.core.web.problems import (
    CODES,
    CONNECTION_CLOSE,
    problem_response,
)

# Brackets are for addresses of IPv6.
HOST = re.compile(r"\*|(?:(?:\*\.)?[\w.-]+|\[[\dA-Fa-f.:]+\])(?::\d+)?")


def host_name(host: str) -> str:
    """Return the name of a host in lower case, without its port and the dot of the root."""
    text = host.lower()
    name = text if text.endswith("]") else text.rpartition(":")[0] or text
    return name.removesuffix(".")


def check_host(value: str) -> str:
    """Return the name of an allowed host.

    Raises:
        ValueError: It is no host name.
    """
    if HOST.fullmatch(value) is None:
        raise ValueError("Write a host name, such as example.org, *.example.org or [::1]")
    return host_name(value)


class LimitsSettings(SettingsGroup):
    """Limits for requests."""

    max_body_bytes: int = Field(default=1_048_576, ge=0, le=1_099_511_627_776)
    body_timeout_seconds: float = Field(default=30, gt=0, le=3600)
    request_timeout_seconds: float = Field(default=30, gt=0, le=3600)
    max_concurrent_requests: int = Field(default=256, ge=1, le=100_000)
    allowed_hosts: tuple[Annotated[str, AfterValidator(check_host)], ...] = ("*",)


class Body:
    """The body of a request while it arrives."""

    def __init__(self, receive: Receive, on_complete: Callable[[], None]) -> None:
        self.source = receive
        self.on_complete = on_complete
        self.complete = False

    async def receive(self) -> Message:
        """Return the next ASGI message."""
        message = await self.source()
        if not self.complete and not message.get("more_body", False):
            self.complete = True
            self.on_complete()
        return message


class BodyLimit(RequestBodyLimitResponder):
    """Starlette's limit for a body; a router or a route may have another one (`max_body_size`)."""

    rejected = False

    async def send_with_limit(self, message: Message) -> None:
        """Send an ASGI message. A response to a body that is too large becomes 413."""
        if self.rejected:
            return
        if message["type"] == "http.response.start":
            self.response_started = True
            if self.content_length is not None and self.content_length > self.max_body_size:
                self.rejected = True
                await problem_response(413, CODES[413])(self.scope, self.receive, self.send)
                return
        await self.send(message)


class AdmissionControl:
    """Rejects requests over the limits before any other work is done for them."""

    def __init__(self, settings: LimitsSettings, in_flight: InFlightRequests) -> None:
        self.settings = settings
        self.in_flight = in_flight
        self.max_concurrent = settings.max_concurrent_requests
        self.hosts = () if "*" in settings.allowed_hosts else settings.allowed_hosts

    def is_allowed_host(self, host: bytes) -> bool:
        """Return whether a Host header names this service; "*.x" allows all hosts below x."""
        name = host_name(host.decode("latin-1"))
        return any(
            name == allowed or (allowed.startswith("*.") and name.endswith(allowed[1:]))
            for allowed in self.hosts
        )

    def reject(self, context: RequestContext) -> Response | None:
        """Return the response that rejects a request, None to admit it."""
        scope, request_headers = context.scope, context.request_headers
        in_flight = self.in_flight
        if len(in_flight.deadlines) > self.max_concurrent:
            return problem_response(503, "overloaded")
        if scope["type"] == "websocket":
            if len(in_flight.websockets) >= self.max_concurrent:
                return problem_response(503, "overloaded")
            if in_flight.draining:
                return problem_response(503, CODES[503])
        if len(request_headers) < len(scope["headers"]) and (
            sum(name == b"host" for name, _ in scope["headers"]) > 1
        ):
            return problem_response(400, CODES[400], headers=CONNECTION_CLOSE)
        if self.hosts and not self.is_allowed_host(request_headers.get(b"host", b"")):
            return problem_response(400, "unknown_host", headers=CONNECTION_CLOSE)
        return None
