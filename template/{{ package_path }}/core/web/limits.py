"""Limits for a single request and for all requests in flight."""

from collections.abc import Callable, Mapping

from fastapi import HTTPException, Response
from pydantic import Field
from starlette.types import Message, Receive

from {{ package_name }}.core.settings import CommaSeparated, SettingsGroup
from {{ package_name }}.core.web.in_flight import InFlightRequests
from {{ package_name }}.core.web.problems import (
    CODES,
    CONNECTION_CLOSE,
    problem_response,
)


class LimitsSettings(SettingsGroup):
    """Limits for requests."""

    max_body_bytes: int = Field(default=1_048_576, ge=0, le=1_099_511_627_776)
    body_timeout_seconds: float = Field(default=30, gt=0, le=3600)
    request_timeout_seconds: float = Field(default=30, gt=0, le=3600)
    max_concurrent_requests: int = Field(default=256, ge=1, le=100_000)
    allowed_hosts: CommaSeparated = ("*",)


class LimitedBody:
    """The body of a request, up to a number of bytes."""

    def __init__(self, receive: Receive, limit: int, on_complete: Callable[[], None]) -> None:
        self.source = receive
        self.limit = limit
        self.on_complete = on_complete
        self.size = 0
        self.complete = False

    async def receive(self) -> Message:
        """Return the next ASGI message.

        Raises:
            HTTPException: The body exceeds the limit (413).
        """
        message = await self.source()
        self.size += len(message.get("body", b""))
        if self.size > self.limit:
            raise HTTPException(413, headers=CONNECTION_CLOSE)
        if not self.complete and not message.get("more_body", False):
            self.complete = True
            self.on_complete()
        return message


class AdmissionControl:
    """Rejects requests over the limits before any other work is done for them."""

    def __init__(self, settings: LimitsSettings, in_flight: InFlightRequests) -> None:
        self.in_flight = in_flight
        self.max_concurrent = settings.max_concurrent_requests
        self.max_body_bytes = settings.max_body_bytes
        self.hosts = () if "*" in settings.allowed_hosts else settings.allowed_hosts

    def is_allowed_host(self, host: bytes) -> bool:
        """Return whether a Host header names this service; "*.x" allows all hosts below x."""
        text = host.decode("latin-1").lower()
        name = text if text.endswith("]") else text.rpartition(":")[0] or text
        return any(
            name == allowed or (allowed.startswith("*.") and name.endswith(allowed[1:]))
            for allowed in self.hosts
        )

    def reject(self, request_headers: Mapping[bytes, bytes]) -> Response | None:
        """Return the response that rejects a request with these headers, None to admit it."""
        if len(self.in_flight.deadlines) > self.max_concurrent:
            return problem_response(503, "overloaded")
        length = request_headers.get(b"content-length")
        if length is not None and length.isdigit() and int(length) > self.max_body_bytes:
            return problem_response(413, CODES[413], headers=CONNECTION_CLOSE)
        if self.hosts and not self.is_allowed_host(request_headers.get(b"host", b"")):
            return problem_response(400, "unknown_host", headers=CONNECTION_CLOSE)
        return None
