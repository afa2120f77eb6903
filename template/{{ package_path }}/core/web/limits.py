"""Limits of what one request, and all of them together, may take from the service."""

import asyncio
import time
from collections.abc import Callable, Mapping
from typing import Any

from fastapi import HTTPException, Response
from starlette.types import Message, Receive

from {{ package_name }}.core.web.problems import CLOSE
from {{ package_name }}.core.web.problems import CODES
from {{ package_name }}.core.web.problems import problem
from {{ package_name }}.core.web.limits import LimitsSettings

SWEEP_SECONDS = 0.25


class Traffic:
    """The requests that are being served.

    One sweep over all of them costs a request far less than a timer of its own.

    Attributes:
        seconds: What each has until its answer begins, and between two parts of it.
        ends: When each must have ended, by time.perf_counter(), by the task that serves it.
        overdue: The tasks that the sweep has ended.
        draining: Is the service about to stop?
        farewell: Headers that ask clients to connect anew, and so elsewhere, while it is.
    """

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.ends: dict[asyncio.Task[Any], float] = {}
        self.overdue: set[asyncio.Task[Any]] = set()
        self.draining = False
        self.farewell: tuple[tuple[bytes, bytes], ...] = ()

    def drain(self) -> None:
        """Send the clients elsewhere, one by one."""
        self.draining = True
        self.farewell = ((b"connection", b"close"),)

    def extend(self, task: asyncio.Task[Any]) -> None:
        """Give a request that gets on its time anew."""
        self.ends[task] = time.perf_counter() + self.seconds

    async def sweep(self) -> None:
        """End what is overdue, for as long as the application runs."""
        while True:
            await asyncio.sleep(SWEEP_SECONDS)
            now = time.perf_counter()
            for task, end in self.ends.items():
                if now >= end and task not in self.overdue:
                    self.overdue.add(task)
                    task.cancel()


class Body:
    """The body of a request, which may have a size and take a while."""

    def __init__(self, receive: Receive, limit: int, on_complete: Callable[[], None]) -> None:
        self.source = receive
        self.limit = limit
        self.on_complete = on_complete
        self.size = 0
        self.complete = False

    async def receive(self) -> Message:
        """Return the next part.

        Raises:
            HTTPException: It is too much.
        """
        message = await self.source()
        self.size += len(message.get("body", b""))
        if self.size > self.limit:
            raise HTTPException(413, headers=CLOSE)
        if not self.complete and not message.get("more_body", False):
            self.complete = True
            self.on_complete()
        return message


class Gate:
    """Turns away what is too much, before anything is done for it."""

    def __init__(self, settings: LimitsSettings, traffic: Traffic) -> None:
        self.traffic = traffic
        self.at_once = settings.requests_at_once
        self.body_bytes = settings.body_bytes
        self.hosts = () if "*" in settings.allowed_hosts else settings.allowed_hosts

    def is_foreign(self, host: bytes) -> bool:
        """Tell whether a request is meant for another host; "*.x" stands for all below x."""
        text = host.decode("latin-1").lower()
        name = text if text.endswith("]") else text.rpartition(":")[0] or text
        return not any(
            name == allowed or (allowed.startswith("*.") and name.endswith(allowed[1:]))
            for allowed in self.hosts
        )

    def refusal(self, received: Mapping[bytes, bytes]) -> Response | None:
        """Return the answer to a request that is not let in, None if it is.

        Args:
            received: Its headers.
        """
        if len(self.traffic.ends) > self.at_once:
            return problem(503, "overloaded")
        length = received.get(b"content-length")
        if length is not None and length.isdigit() and int(length) > self.body_bytes:
            return problem(413, CODES[413], headers=CLOSE)
        if self.hosts and self.is_foreign(received.get(b"host", b"")):
            return problem(400, "unknown_host", headers=CLOSE)
        return None
