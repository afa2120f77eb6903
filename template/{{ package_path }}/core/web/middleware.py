"""The outermost middleware: limits, hooks and unhandled errors, in one pass around the rest."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from typing import Any, cast

from fastapi import Request, Response
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from starlette.websockets import WebSocketDisconnect

from {{ package_name }}.core.component import Component, Endpoint
from {{ package_name }}.core.errors import AppError
from {{ package_name }}.core.web.context import RequestContext
from {{ package_name }}.core.web.limits import (
    AdmissionControl,
    Body,
    BodyLimit,
)
from {{ package_name }}.core.web.problems import (
    CODES,
    CONNECTION_CLOSE,
    ErrorStatuses,
    error_response,
    problem_response,
)
from {{ package_name }}.core.web.routing import (
    remove_root_path,
    route_template,
)
from {{ package_name }}.core.web.security_headers import security_headers

logger = logging.getLogger(__name__)

REFUSALS = (AppError, HTTPException)
"""Errors by which middleware or a hook refuses a request; any other is a failure."""

SAFE_METHODS = ("GET", "HEAD")
SWITCHING_PROTOCOLS = 101
FORBIDDEN = 403
INTERNAL_ERROR = 1011
"""The code of a WebSocket that is closed by an error (RFC 6455)."""

# Servers run every request in a task.
current_task = cast("Callable[[], asyncio.Task[Any]]", asyncio.current_task)


async def serve_endpoint(endpoint: Endpoint, scope: Scope, receive: Receive, send: Send) -> None:
    """Serve a request to an endpoint for operators."""
    if scope["method"] in SAFE_METHODS:
        response = await endpoint(Request(scope, receive))
    else:
        allow = {"Allow": ", ".join(SAFE_METHODS)}
        response = problem_response(405, CODES[405], headers=allow)
    await response(scope, receive, send)


class RequestMiddleware:
    """Limits and observes a request, and turns an unhandled error into a response.

    The server would close the connection on an unhandled error, and with it fail the next request
    of another client behind the same proxy.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        admission: AdmissionControl,
        components: Sequence[Component],
        management_endpoints: Mapping[str, Endpoint],
        error_statuses: ErrorStatuses,
    ) -> None:
        self.app = app
        self.admission = admission
        self.settings = admission.settings
        self.in_flight = admission.in_flight
        self.management_endpoints = management_endpoints
        self.error_statuses = error_statuses
        self.on_request = [item.on_request for item in components if item.on_request]
        self.on_websocket = [item.on_websocket for item in components if item.on_websocket]
        self.on_response = [item.on_response for item in reversed(components) if item.on_response]

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        """Serve one request or one WebSocket."""
        if scope["type"] == "lifespan":
            return self.app(scope, receive, send)
        path = remove_root_path(scope) if scope.get("root_path") else scope["path"]
        if scope["type"] == "websocket":
            return self.serve_websocket(scope, receive, send)
        endpoint = self.management_endpoints.get(path)
        if endpoint is not None:
            return serve_endpoint(endpoint, scope, receive, send)
        return self.serve_request(scope, receive, send)

    async def serve_request(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        request_headers = dict(scope["headers"])
        context = RequestContext(scope, scope["method"], request_headers, time.perf_counter(), [])
        in_flight, task = self.in_flight, current_task()
        in_flight.deadlines[task] = context.start + in_flight.timeout
        app: ASGIApp = self.app
        body = None
        if b"content-length" in request_headers or b"transfer-encoding" in request_headers:
            app = BodyLimit(app, self.settings.max_body_bytes)
            body = Body(receive, partial(in_flight.reset_deadline, task))
            receive = body.receive
            in_flight.deadlines[task] = context.start + self.settings.body_timeout_seconds

        send = partial(self.send_with_headers, context, task, send)
        try:
            for hook in self.on_request:
                hook(context)
            await (self.admission.reject(context) or app)(scope, receive, send)
        except asyncio.CancelledError as error:
            await self.timeout_response(error, context, task, body)(scope, receive, send)
        except Exception as error:
            if not isinstance(error, REFUSALS):
                logger.exception("request.failed")
            if not context.started:
                await error_response(error, self.error_statuses)(scope, receive, send)
            elif not context.ended:  # only a broken connection can tell the client now
                raise
        finally:
            if not context.ended:
                self.end(context, task)

    async def serve_websocket(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one WebSocket; until it is open it has the limits of a request."""
        request_headers = dict(scope["headers"])
        context = RequestContext(scope, "GET", request_headers, time.perf_counter(), [])
        in_flight, task = self.in_flight, current_task()
        in_flight.deadlines[task] = context.start + in_flight.timeout
        send = partial(self.send_on_websocket, context, task, send)
        try:
            for hook in (*self.on_request, *self.on_websocket):
                hook(context)
            await (self.admission.reject(context) or self.app)(scope, receive, send)
        except asyncio.CancelledError as error:
            await self.timeout_response(error, context, task, None)(scope, receive, send)
        except WebSocketDisconnect:
            pass  # the client has left
        except Exception as error:
            if not isinstance(error, REFUSALS):
                logger.exception("request.failed")
            if not context.started:
                await error_response(error, self.error_statuses)(scope, receive, send)
            elif not context.ended:
                await send({"type": "websocket.close", "code": INTERNAL_ERROR})
        finally:
            in_flight.websockets.discard(task)
            if not context.ended:
                self.end(context, task)

    def send_with_headers(
        self, context: RequestContext, task: asyncio.Task[Any], send: Send, message: Message
    ) -> Awaitable[None]:
        """Send an ASGI message, with the headers that every response carries."""
        if "status" in message:  # the start of a response, also of one that refuses a WebSocket
            context.started = True
            context.status = message["status"]
            headers = message.get("headers", ())
            message["headers"] = [
                *headers,
                *security_headers(headers),
                *context.headers,
                *self.in_flight.drain_headers,
            ]
        elif message["type"] == "http.response.body":
            if message.get("more_body"):
                context.streamed = True
                self.in_flight.reset_deadline(task)  # the client is reading the response
            elif context.streamed:
                return self.send_last(context, task, send, message)
            else:
                self.end(context, task)
        return send(message)

    async def send_last(
        self, context: RequestContext, task: asyncio.Task[Any], send: Send, message: Message
    ) -> None:
        """Send the last chunk of a stream, for which the client may have to read others first."""
        await send(message)
        self.end(context, task)

    def send_on_websocket(
        self, context: RequestContext, task: asyncio.Task[Any], send: Send, message: Message
    ) -> Awaitable[None]:
        """Send an ASGI message of a WebSocket, and note whether it is open."""
        match message["type"]:
            case "websocket.accept":
                context.started, context.status = True, SWITCHING_PROTOCOLS
                message["headers"] = [*message.get("headers", ()), *context.headers]
                del self.in_flight.deadlines[task]
                self.in_flight.websockets.add(task)
            case "websocket.http.response.start":
                return self.send_with_headers(context, task, send, message)
            case "websocket.close":
                if not context.started:
                    context.started, context.status = True, FORBIDDEN
                self.end(context, task)
        return send(message)

    def end(self, context: RequestContext, task: asyncio.Task[Any]) -> None:
        """Note the end of a response: what the task does after it has no deadline."""
        self.in_flight.deadlines.pop(task, None)
        self.in_flight.timed_out.discard(task)
        context.ended = True
        context.route = route_template(context.scope)
        context.duration = time.perf_counter() - context.start
        for hook in self.on_response:
            hook(context)

    def timeout_response(
        self,
        error: asyncio.CancelledError,
        context: RequestContext,
        task: asyncio.Task[Any],
        body: Body | None,
    ) -> Response:
        """Return the response to a request that was cancelled at its deadline, or after the drain.

        Raises:
            asyncio.CancelledError: Another cancelled it, or the response has started.
        """
        is_late = task in self.in_flight.timed_out
        if context.started or not (is_late or self.in_flight.draining):
            raise error
        task.uncancel()
        if not is_late:
            return problem_response(503, CODES[503])
        if body is not None and not body.complete:
            return problem_response(408, CODES[408], headers=CONNECTION_CLOSE)
        return problem_response(503, "deadline_exceeded")
