"""The requests that are in flight, and the deadline of each."""

import asyncio
import time
from typing import Any

SWEEP_SECONDS = 0.25


class InFlightRequests:
    """The requests in flight. One task enforces all deadlines: a timer for each would cost more.

    Attributes:
        timeout: Seconds until a response starts, and between two chunks of it.
        deadlines: The deadline of each request, by time.perf_counter(), by its task; until its
            response has ended, or its WebSocket is open.
        websockets: The tasks of open WebSockets.
        timed_out: Tasks that were cancelled at their deadline.
        draining: Whether the server is about to stop.
        drain_headers: Headers added while draining (`Connection: close`).
    """

    def __init__(self, timeout: float) -> None:
        self.timeout = timeout
        self.deadlines: dict[asyncio.Task[Any], float] = {}
        self.websockets: set[asyncio.Task[Any]] = set()
        self.timed_out: set[asyncio.Task[Any]] = set()
        self.draining = False
        self.drain_headers: tuple[tuple[bytes, bytes], ...] = ()

    def drain(self) -> None:
        """Report not ready, and close each connection after its next response."""
        self.draining = True
        self.drain_headers = ((b"connection", b"close"),)

    def reset_deadline(self, task: asyncio.Task[Any]) -> None:
        """Reset the deadline after progress."""
        if task in self.deadlines:
            self.deadlines[task] = time.perf_counter() + self.timeout

    async def enforce_deadlines(self) -> None:
        """Cancel requests at their deadline, for as long as the application runs."""
        while True:
            await asyncio.sleep(SWEEP_SECONDS)
            now = time.perf_counter()
            for task, deadline in self.deadlines.items():
                if now >= deadline and task not in self.timed_out:
                    self.timed_out.add(task)
                    task.cancel()
