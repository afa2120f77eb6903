"""Calls a rendered application and bare FastAPI in turns, without sockets.

It runs in the project's environment, and imports nothing of this package.
"""

import asyncio
import importlib
import json
import sys
import time
from collections.abc import Awaitable, Callable, MutableMapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import uvloop
from fastapi import FastAPI

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Application = Callable[
    [Scope, Callable[[], Awaitable[Message]], Callable[[Message], Awaitable[None]]],
    Awaitable[None],
]

PORT = 8000
CLIENT_PORT = 50_000


class Call(NamedTuple):
    """A request: its path with the query, its method, and its body in JSON, if it has one."""

    path: str
    method: str = "GET"
    body: bytes = b""


class Cost(NamedTuple):
    """Microseconds of CPU, and on the clock."""

    cpu: float
    clock: float


async def cost(work: Awaitable[object], number: int) -> Cost:
    """Do some work and return what it cost, divided by a number."""
    clock, cpu = time.perf_counter(), time.process_time()
    await work
    used, taken = time.process_time() - cpu, time.perf_counter() - clock
    return Cost(used / number * 1_000_000, taken / number * 1_000_000)


def scope(call: Call, state: Scope) -> Scope:
    """Return a request as the server hands it over."""
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


async def called(
    app: Application,
    calls: Sequence[Call],
    state: Scope,
    take: Callable[[bytes], object] = len,
) -> None:
    """Send requests one after the other, each in a task of its own.

    Args:
        app: Who gets them.
        calls: The requests.
        state: What the application's lifespan yielded.
        take: Is given each part of each answer's body.

    Raises:
        RuntimeError: One was not answered with a status of 2xx.
    """
    succeeded = 0

    async def send(message: Message) -> None:
        nonlocal succeeded
        if message["type"] == "http.response.body":
            take(message.get("body", b""))
        elif 200 <= message["status"] < 300:  # noqa: PLR2004  (success)
            succeeded += 1

    async def request(call: Call) -> None:
        parts = iter([{"type": "http.request", "body": call.body, "more_body": False}])

        async def receive() -> Message:
            for part in parts:
                return part
            await asyncio.Event().wait()  # the client stays
            return {"type": "http.disconnect"}

        await app(scope(call, state), receive, send)

    loop = asyncio.get_running_loop()
    for call in calls:
        await loop.create_task(request(call))
    if succeeded != len(calls):
        raise RuntimeError(f"{len(calls) - succeeded} of {len(calls)} requests failed")


def bare_application() -> FastAPI:
    """Return bare FastAPI."""
    app = FastAPI()

    @app.get("/ping")
    async def ping() -> dict[str, str]:
        return {"message": "pong"}

    return app


async def in_turns(app: FastAPI, path: str, rounds: int, number: int) -> list[tuple[float, float]]:
    """Return the microseconds of bare FastAPI and of the application, a pair a round."""
    bare = bare_application()
    calls = [Call(path)] * number
    async with app.router.lifespan_context(app) as state:
        return [
            (
                (await cost(called(bare, calls, {}), number)).cpu,
                (await cost(called(app, calls, {**(state or {})}), number)).cpu,
            )
            for _ in range(rounds)
        ]


def main() -> None:
    """Write the pairs of microseconds to a file; standard output is the application's."""
    package, path, rounds, number, result = sys.argv[1:]
    settings = importlib.import_module(f"{package}.settings").Settings.load({})
    app = importlib.import_module(f"{package}.app").create_app(settings)
    pairs = uvloop.run(in_turns(app, path, int(rounds), int(number)))
    Path(result).write_text(json.dumps(pairs), encoding="utf-8")


if __name__ == "__main__":
    main()
