"""Routes: flat, fast to rule out a path, and strict about JSON."""

from collections.abc import Callable, Coroutine
from functools import cached_property
from inspect import signature
from typing import Any

from fastapi import APIRouter, FastAPI, HTTPException, Request, Response
from fastapi.routing import APIRoute, iter_route_contexts
from starlette.routing import BaseRoute, Match
from starlette.types import Receive, Scope, Send

from {{ package_name }}.core.web.strict_json import StrictRequest, is_json

# Every option of add_api_route is an attribute of the route that it makes.
ROUTE_OPTIONS = frozenset(signature(APIRouter.add_api_route).parameters) - {
    "self",
    "path",
    "endpoint",
    "route_class_override",
}


def allowed_methods(scope: Scope) -> list[str]:
    """Return the methods of all routes that match the path of a request."""
    routes = (item for item in scope["router"].routes if item.matches(scope)[0] is not Match.NONE)
    return sorted({method for item in routes for method in getattr(item, "methods", ())})


class Route(APIRoute):
    """A route that reads JSON strictly, and rules out most paths by their prefix.

    The prefix makes the last of many routes nearly as fast as the first.
    """

    @cached_property
    def literal_prefix(self) -> str:
        """The path up to its first parameter."""
        return self.path.partition("{")[0]

    @cached_property
    def is_literal(self) -> bool:
        """Whether the path has no parameter."""
        return self.literal_prefix == self.path

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Return whether a request is for this route."""
        path: str = scope["path"]
        if not scope.get("root_path") and not (
            path == self.literal_prefix if self.is_literal else path.startswith(self.literal_prefix)
        ):
            return Match.NONE, {}
        return super().matches(scope)

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request.

        Raises:
            HTTPException: The path exists, but not with this method (405).
        """
        if scope["method"] not in (self.methods or ()):
            raise HTTPException(405, headers={"Allow": ", ".join(allowed_methods(scope))})
        await self.app(scope, receive, send)

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return the handler, which reads JSON strictly if the route has a JSON body."""
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

    Including the router would slow each level of nesting down, and hide the prefix of its routes
    from logs and metrics.
    """
    for context in iter_route_contexts(router.routes):
        route = context.original_route
        if isinstance(route, APIRoute) and context.path and context.endpoint:
            options = {
                name: getattr(context, name) for name in ROUTE_OPTIONS if hasattr(context, name)
            }
            app.router.add_api_route(
                context.path, context.endpoint, route_class_override=Route, **options
            )
        else:
            app.router.routes.append(route)


def get_endpoint(route: BaseRoute) -> object:
    """Return the endpoint of a plain route or a mount."""
    return getattr(route, "endpoint", getattr(route, "app", None))


def route_template(scope: Scope) -> str:
    """Return the template of the route that served a request, or "unmatched"."""
    route = scope.get("route")
    if route is None and "endpoint" in scope:  # plain routes don't set it
        found = (item for item in scope["router"].routes if get_endpoint(item) is scope["endpoint"])
        route = next(found, None)
    return getattr(route, "path_format", getattr(route, "path", "unmatched"))
