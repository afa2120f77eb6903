"""Calls an application without sockets, and compares two ways to do some work.

It runs in the environment of a rendered project, so it imports nothing beyond `inside` and `apps`.
"""

import asyncio
import importlib
import json
import statistics
import sys
import time
from collections.abc import Awaitable, Callable, MutableMapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Application = Callable[
    [Scope, Callable[[], Awaitable[Message]], Callable[[Message], Awaitable[None]]],
    Awaitable[None],
]

PORT = 8000
CLIENT_PORT = 50_000


class Call(NamedTuple):
    """A request: the path with its query, the method, and the JSON body."""

    path: str
    method: str = "GET"
    body: bytes = b""


class Work(NamedTuple):
    """Work that consists of equal units."""

    units: int
    begin: Callable[[], Awaitable[object]]


async def cost(work: Work) -> tuple[float, float]:
    """Do some work; return the seconds of wall time and of CPU for one unit."""
    wall, cpu = time.perf_counter(), time.process_time()
    await work.begin()
    used, taken = time.process_time() - cpu, time.perf_counter() - wall
    return taken / work.units, used / work.units


async def compare(baseline: Work, subject: Work, rounds: int) -> dict[str, float]:
    """Do both in turns; return the baseline's cost of a unit as a multiple of the subject's."""
    pairs = [(await cost(baseline), await cost(subject)) for _ in range(rounds + 1)]
    del pairs[0]  # the warm-up
    return {
        "time": statistics.median(before[0] / after[0] for before, after in pairs),
        "CPU": statistics.median(before[1] / after[1] for before, after in pairs),
    }


def scope(call: Call, state: Scope) -> Scope:
    """Return a request as the server passes it on."""
    path, _, query = call.path.partition("?")
    headers = [(b"host", b"127.0.0.1:8000")]
    if call.body:
        headers.append((b"content-type", b"application/json"))
        headers.append((b"content-length", str(len(call.body)).encode()))
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "server": ("127.0.0.1", PORT),
        "client": ("127.0.0.1", CLIENT_PORT),
        "scheme": "http",
        "method": call.method,
        "root_path": "",
        "path": path,
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "headers": headers,
        "state": dict(state),
    }


class Client:
    """Sends requests one after the other, each in a task of its own, and counts them.

    Attributes:
        app: The application.
        state: What the application's lifespan yielded.
        requests: Requests that were sent.
    """

    def __init__(self, app: Application, state: Scope | None = None) -> None:
        self.app = app
        self.state = state or {}
        self.requests = 0

    async def send(self, calls: Sequence[Call], take: Callable[[bytes], object] = len) -> None:
        """Send requests.

        Args:
            calls: The requests.
            take: Called with each chunk of each response's body.

        Raises:
            RuntimeError: A status is not 2xx.
        """
        succeeded = 0

        async def send(message: Message) -> None:
            nonlocal succeeded
            if message["type"] == "http.response.body":
                take(message.get("body", b""))
            elif 200 <= message["status"] < 300:  # noqa: PLR2004  (success)
                succeeded += 1

        async def request(call: Call) -> None:
            chunks = iter([{"type": "http.request", "body": call.body, "more_body": False}])

            async def receive() -> Message:
                for chunk in chunks:
                    return chunk
                await asyncio.Event().wait()  # the client stays connected
                return {"type": "http.disconnect"}

            await self.app(scope(call, self.state), receive, send)

        loop = asyncio.get_running_loop()
        for call in calls:
            await loop.create_task(request(call))
        self.requests += len(calls)
        if succeeded != len(calls):
            raise RuntimeError(f"{len(calls) - succeeded} of {len(calls)} requests failed")

    async def json(self, call: Call) -> Any:  # noqa: ANN401
        """Send one request; return the JSON of the response."""
        chunks: list[bytes] = []
        await self.send([call], chunks.append)
        return json.loads(b"".join(chunks))


def check_same(baseline: object, subject: object) -> None:
    """Refuse to compare ways with different results."""
    if baseline != subject:
        raise RuntimeError(f"{baseline} and {subject} are not the same")


def main() -> None:
    """Write what a module measures to a file; standard output is the service's log."""
    module, options, result = sys.argv[1:]
    found = importlib.import_module(module).measure(json.loads(options))
    Path(result).write_text(json.dumps(found), encoding="utf-8")


if __name__ == "__main__":
    main()
