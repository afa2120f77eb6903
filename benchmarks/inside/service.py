"""A request to a rendered service, against bare FastAPI."""

from collections.abc import Mapping
from importlib import import_module
from typing import Any

import uvloop
from fastapi import FastAPI

from benchmarks.apps.bare import app as bare
from benchmarks.inside.driver import Call, Work, called, compare


async def compare_requests(app: FastAPI, options: Mapping[str, Any]) -> float:
    """Return the CPU of a request, times that of bare FastAPI."""
    calls = [Call(options["path"])] * options["requests"]
    async with app.router.lifespan_context(app) as state:
        figures = await compare(
            Work(len(calls), lambda: called(bare, calls, {})),
            Work(len(calls), lambda: called(app, calls, {**(state or {})})),
            options["rounds"],
        )
    return 1 / figures["CPU"]


def measure(options: Mapping[str, Any]) -> dict[str, object]:
    """Return the figure, and the requests that the service received."""
    settings = import_module("my_service.settings").Settings.load({})
    app = import_module("my_service.app").create_app(settings)
    ratio = uvloop.run(compare_requests(app, options))
    requests = options["requests"] * (options["rounds"] + 1)
    return {"figures": {"request": {"in-process": ratio}}, "requests": requests}
