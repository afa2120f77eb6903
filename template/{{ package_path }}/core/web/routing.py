"""Routes: as FastAPI includes them, but flat, fast to rule out a path, and strict about JSON."""

import re
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import dataclass, replace
from typing import Any, cast

from fastapi import APIRouter, FastAPI, HTTPException, Request, Response
from fastapi._body_limit import wrap_app_with_body_limit
from fastapi._form_limits import _FormLimits
from fastapi.routing import (
    APIRoute,
    _EffectiveRouteContext,
    _IncludedRouter,
    request_response,
)
from starlette.routing import BaseRoute, Match
from starlette.types import Receive, Scope, Send

from {{ package_name }}.core.web.strict_json import (
    is_json,
    strict_request_class,
)

TEMPLATE = "route_template"
"""Key of a scope: the template of a route that is no API route."""


class Route(APIRoute):
    """A route that reads JSON strictly, and rules out most paths by their prefix.

    The prefix makes the last of many routes nearly as fast as the first.

    Attributes:
        literal_prefix: The path up to its first parameter.
        is_literal: Whether the path has no parameter.
    """

    methods: set[str]
    literal_prefix: str
    is_literal: bool

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Return whether a request is for this route."""
        path: str = scope["path"]
        if not scope.get("root_path") and not (
            path == self.literal_prefix if self.is_literal else path.startswith(self.literal_prefix)
        ):
            return Match.NONE, {}
        try:
            return super().matches(scope)
        except ValueError:  # int() refuses thousands of digits
            return Match.NONE, {}

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request. HEAD is served as GET; the server leaves the body out.

        Raises:
            HTTPException: The path exists, but not with this method (405).
        """
        if scope["method"] in self.methods:
            await self.app(scope, receive, send)
            return
        by_method: dict[str, tuple[Any, Scope]] = {}
        for route in scope["app"].router.routes:
            match, child_scope = route.matches(scope)
            if match is not Match.NONE:
                for method in getattr(route, "methods", None) or ():
                    by_method.setdefault(method, (route, child_scope))
        if "GET" in by_method:
            by_method.setdefault("HEAD", by_method["GET"])
        if scope["method"] not in by_method:
            raise HTTPException(405, headers={"Allow": ", ".join(sorted(by_method))})
        route, child_scope = by_method[scope["method"]]
        scope.update(child_scope)
        await route.app(scope, receive, send)

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return the handler, which reads JSON strictly if the route has a JSON body."""
        handle = super().get_route_handler()
        field = self.body_field
        if field is None or not is_json(getattr(field.field_info, "media_type", "")):
            return handle

        async def strict(request: Request) -> Response:
            headers = request.headers
            # A request class of the project may decode the body.
            if type(request) is Request and (
                headers.get("content-encoding", "identity").lower() != "identity"
            ):
                raise HTTPException(415, "Send the body without a Content-Encoding")
            if "content-type" in headers and not is_json(headers["content-type"]):
                raise HTTPException(415, "Send the body as application/json")
            request.__class__ = strict_request_class(type(request))
            return await handle(request)

        return strict


@dataclass
class OtherRoute(_IncludedRouter):
    """A WebSocket, a mount or a plain route, as FastAPI includes it."""

    template: str = "unmatched"

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Return whether a request is for this route."""
        try:
            return super().matches(scope)
        except ValueError:  # int() refuses thousands of digits
            return Match.NONE, {}

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request."""
        scope[TEMPLATE] = self.template
        await super().handle(scope, receive, send)


def strict_route_class(kind: type[APIRoute]) -> type[Route]:
    """Return the class of routes that are of a class and strict."""
    if issubclass(Route, kind):
        return Route
    return type(kind.__name__, (kind, Route), {})


def flat_route(
    original: APIRoute, context: _EffectiveRouteContext, form_limits: _FormLimits
) -> Route:
    """Return an API route with everything that its inclusion adds.

    Args:
        original: The route of a router.
        context: FastAPI's state of the route and the routers around it.
        form_limits: The limits of the routers around it.
    """
    kind = strict_route_class(type(original))
    route = kind.__new__(kind)
    state = vars(original)
    vars(route).update(state)
    vars(route).update({name: value for name, value in vars(context).items() if name in state})
    limits: _FormLimits = {**form_limits, **original.form_limits}
    route.form_limits = limits
    route.literal_prefix = route.path.partition("{")[0]
    route.is_literal = route.literal_prefix == route.path
    # "$" matches before a line feed too.
    route.path_regex = re.compile(route.path_regex.pattern.removesuffix("$") + r"\Z")
    route.app = wrap_app_with_body_limit(
        request_response(route.get_route_handler()), route.max_body_size
    )
    return route


class UnsupportedRouterError(Exception):
    """The class of a router changes how it finds its routes."""


def check_router(router: APIRouter) -> None:
    """Raise if the class of a router has a search of its own: its routes leave it.

    Raises:
        UnsupportedRouterError: The message names the class and the method.
    """
    for name in ("app", "handle", "matches"):
        if getattr(type(router), name) is not getattr(APIRouter, name):
            raise UnsupportedRouterError(
                f"{type(router).__name__} has a method {name!r}, which an included router never "
                "calls here; mount the router instead."
            )


def flat_routes(included: _IncludedRouter, form_limits: _FormLimits) -> Iterator[BaseRoute]:
    """Yield the routes of an included router in order; each is served as FastAPI would serve it."""
    check_router(included.original_router)
    context = included.include_context
    form_limits = {**form_limits, **context.form_limits}
    for candidate in included.effective_candidates():
        if isinstance(candidate, _IncludedRouter):
            yield from flat_routes(candidate, form_limits)
        elif isinstance(candidate.original_route, APIRoute):
            yield flat_route(candidate.original_route, candidate, form_limits)
        else:
            alone = APIRouter(routes=[candidate.original_route])
            yield OtherRoute(
                alone,
                replace(context, included_router=alone, form_limits=form_limits),
                template=getattr(candidate.starlette_route, "path_format", "unmatched"),
            )


def register(app: FastAPI, router: APIRouter) -> None:
    """Include a router, and replace what FastAPI includes by flat routes.

    FastAPI would search the routes at each level of nesting twice for a request, and hide the
    prefix of a route from logs and metrics.

    Raises:
        UnsupportedRouterError: The class of a router has a search of its own.
    """
    app.include_router(router)
    included = cast("_IncludedRouter", app.router.routes.pop())
    app.router.routes.extend(flat_routes(included, {}))
    frontends: list[Any] = vars(app.router)["_low_priority_routes"]  # it has no public name
    frontends.extend(included.effective_low_priority_routes())


def remove_root_path(scope: Scope) -> str:
    """Return the path below the root path, whether or not the proxy has removed that.

    The server puts the root path before every path; a proxy that has left it there makes it two.
    """
    root_path, path = scope["root_path"], scope["path"]
    if path.startswith(f"{root_path}{root_path}/"):
        path = scope["path"] = path.removeprefix(root_path)
        scope["raw_path"] = scope["raw_path"].removeprefix(root_path.encode())
    return str(path.removeprefix(root_path) if path.startswith(f"{root_path}/") else path)


def public_path(request: Request, path: str) -> str:
    """Return a path as clients see it: below the root path of a proxy."""
    return f"{request.scope.get('root_path', '')}{path}"


def route_template(scope: Scope) -> str:
    """Return the template of the route that served a request, or "unmatched"."""
    if TEMPLATE in scope:
        return str(scope[TEMPLATE])
    route = scope.get("route")
    if route is None and "endpoint" in scope:  # plain routes of FastAPI don't set it
        routes, endpoint = scope["router"].routes, scope["endpoint"]
        route = next((item for item in routes if getattr(item, "endpoint", None) is endpoint), None)
    return getattr(route, "path_format", getattr(route, "path", "unmatched"))
