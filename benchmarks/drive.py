"""Calls a rendered application and bare FastAPI in turns, without sockets.

It runs in the project's environment, and uses nothing of this package.
"""

import asyncio
import importlib
import json
import sys
import time
from collections.abc import Awaitable, Callable, MutableMapping
from pathlib import Path
from typing import Any

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


def scope(path: str, state: Scope) -> Scope:
    """Return a request as the server hands it over."""
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "server": ("127.0.0.1", PORT),
        "client": ("127.0.0.1", CLIENT_PORT),
        "scheme": "http",
        "method": "GET",
        "root_path": "",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "headers": [(b"host", b"127.0.0.1:8000")],
        "state": dict(state),
    }


async def receive() -> Message:
    """Return the empty body of a request."""
    return {"type": "http.request", "body": b"", "more_body": False}


async def called(app: Application, path: str, state: Scope, number: int) -> float:
    """Return the microseconds of CPU for one of a number of requests, each in a task of its own.

    Raises:
        RuntimeError: One was not answered with 200.
    """
    succeeded = 0

    async def send(message: Message) -> None:
        nonlocal succeeded
        if message["type"] == "http.response.start" and message["status"] == 200:  # noqa: PLR2004  (OK)
            succeeded += 1

    async def request() -> None:
        await app(scope(path, state), receive, send)

    loop = asyncio.get_running_loop()
    start = time.process_time()
    for _ in range(number):
        await loop.create_task(request())
    used = time.process_time() - start
    if succeeded != number:
        raise RuntimeError(f"{number - succeeded} of {number} requests failed")
    return used / number * 1_000_000


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
    async with app.router.lifespan_context(app) as state:
        return [
            (
                await called(bare, path, {}, number),
                await called(app, path, {**(state or {})}, number),
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
