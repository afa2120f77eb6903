"""Routes as the application serves them: flat, quick to refuse a path, and strict about JSON."""

import json
from collections.abc import Callable, Coroutine
from functools import cached_property
from inspect import signature
from typing import Any, NoReturn

from fastapi import APIRouter, FastAPI, HTTPException, Request, Response
from fastapi.routing import APIRoute, iter_route_contexts
from starlette.routing import BaseRoute, Match
from starlette.types import Receive, Scope, Send

# Every option of a route is an attribute of the route that was made with it.
OPTIONS = frozenset(signature(APIRouter.add_api_route).parameters) - {
    "self",
    "path",
    "endpoint",
    "route_class_override",
}

UNREADABLE = (RecursionError, ValueError)


def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return an object of JSON, unless it names a member twice: readers would see either value."""
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("Duplicate member")
    return found


def number(text: str) -> float:
    """Return a number of JSON, unless it is beyond what a float holds; 1.0 is 1 there."""
    value = float(text)
    if value in {float("inf"), float("-inf")}:
        raise ValueError("Number out of range")
    return int(value) if value.is_integer() else value


def refuse(_text: str) -> NoReturn:
    """Refuse NaN and Infinity, which are not JSON."""
    raise ValueError("Not a number of JSON")


class StrictRequest(Request):
    """A request whose JSON is UTF-8 and means the same to every reader."""

    async def json(self) -> object:
        """Return the body.

        Raises:
            json.JSONDecodeError: It is no JSON, or JSON that readers may take differently.
        """
        body = await self.body()
        try:
            found: object = json.loads(
                body.decode(), object_pairs_hook=unique, parse_constant=refuse, parse_float=number
            )
            if b"\\u" in body:
                json.dumps(found, ensure_ascii=False).encode()  # fails on half a surrogate
        except UNREADABLE as error:
            raise json.JSONDecodeError("Invalid", "", getattr(error, "pos", 0)) from None
        return found


def is_json(content_type: str) -> bool:
    """Tell whether a Content-Type is JSON or a kind of it."""
    media_type = content_type.partition(";")[0].strip().lower()
    return media_type.startswith("application/") and media_type.endswith(("/json", "+json"))


def methods(scope: Scope) -> list[str]:
    """Return what the path of a request takes, by all routes that it has."""
    routes = (item for item in scope["router"].routes if item.matches(scope)[0] is not Match.NONE)
    return sorted({method for item in routes for method in getattr(item, "methods", ())})


class Route(APIRoute):
    """A route that takes no body that it might misread.

    It also refuses most paths by their first characters, so that the last of many routes is found
    nearly as fast as the first.
    """

    @cached_property
    def fixed(self) -> str:
        """What the path begins with, up to its first parameter."""
        return self.path.partition("{")[0]

    @cached_property
    def whole(self) -> bool:
        """Is that all of the path?"""
        return self.fixed == self.path

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Say whether a request is for this route."""
        path: str = scope["path"]
        if not scope.get("root_path") and not (
            path == self.fixed if self.whole else path.startswith(self.fixed)
        ):
            return Match.NONE, {}
        return super().matches(scope)

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request.

        Raises:
            HTTPException: Its path takes other methods, by this route or another.
        """
        if scope["method"] not in (self.methods or ()):
            raise HTTPException(405, headers={"Allow": ", ".join(methods(scope))})
        await self.app(scope, receive, send)

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return what answers a request."""
        handle = super().get_route_handler()
        field = self.body_field
        if field is None or not is_json(getattr(field.field_info, "media_type", "")):
            return handle

        async def strict(request: Request) -> Response:
            headers = request.headers
            if headers.get("content-encoding", "identity").lower() != "identity":
                raise HTTPException(415, "Send the body without a Content-Encoding")
            if "content-type" in headers and not is_json(headers["content-type"]):
                raise HTTPException(415, "Send the body as application/json")
            return await handle(StrictRequest(request.scope, request.receive))

        return strict


def register(app: FastAPI, router: APIRouter) -> None:
    """Add the routes of a router, one by one.

    A router that is included whole answers slower with each level, and hides the prefix of its
    routes from logs and metrics.
    """
    for context in iter_route_contexts(router.routes):
        route = context.original_route
        if isinstance(route, APIRoute) and context.path and context.endpoint:
            options = {name: getattr(context, name) for name in OPTIONS if hasattr(context, name)}
            app.router.add_api_route(
                context.path, context.endpoint, route_class_override=Route, **options
            )
        else:
            app.router.routes.append(route)


def endpoint_of(route: BaseRoute) -> object:
    """Return what a plain route or a mount calls."""
    return getattr(route, "endpoint", getattr(route, "app", None))


def template(scope: Scope) -> str:
    """Return the path of the route that served a request, or "unmatched".

    It has names for what differs between requests, so it is safe in logs, and one of few.
    """
    route = scope.get("route")
    if route is None and "endpoint" in scope:  # plain routes don't say that it was them
        found = (item for item in scope["router"].routes if endpoint_of(item) is scope["endpoint"])
        route = next(found, None)
    return getattr(route, "path_format", getattr(route, "path", "unmatched"))
