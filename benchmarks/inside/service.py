"""A request to a rendered service, against bare FastAPI."""

from collections.abc import Mapping
from importlib import import_module
from typing import Any

import uvloop
from fastapi import FastAPI

from benchmarks.apps.bare import app as bare_app
from benchmarks.inside.driver import Call, Client, Work, compare


async def measure_request(app: FastAPI, options: Mapping[str, Any]) -> dict[str, object]:
    calls = [Call(options["path"])] * options["requests"]
    async with app.router.lifespan_context(app) as state:
        bare, service = Client(bare_app), Client(app, {**(state or {})})
        figures = await compare(
            Work(len(calls), lambda: bare.send(calls)),
            Work(len(calls), lambda: service.send(calls)),
            options["rounds"],
        )
    figures = {"in-process": 1 / figures["CPU"]}
    return {"figures": {"request": figures}, "requests": service.requests}


def measure(options: Mapping[str, Any]) -> dict[str, object]:
    settings = import_module("my_service.settings").Settings.load({})
    app = import_module("my_service.app").create_app(settings)
    return uvloop.run(measure_request(app, options))
