"""The outermost middleware: limits, hooks and unhandled errors, in one pass around the rest."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from typing import Any, cast

from fastapi import Request, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from {{ package_name }}.core.component import Component, Endpoint
from {{ package_name }}.core.web.context import RequestContext
from {{ package_name }}.core.web.in_flight import InFlightRequests
from {{ package_name }}.core.web.limits import (
    AdmissionControl,
    LimitedBody,
    LimitsSettings,
)
from {{ package_name }}.core.web.problems import (
    CODES,
    CONNECTION_CLOSE,
    error_response,
    problem_response,
)
from {{ package_name }}.core.web.routing import route_template
from {{ package_name }}.core.web.security_headers import security_headers

logger = logging.getLogger(__name__)

SAFE_METHODS = ("GET", "HEAD")
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
        settings: LimitsSettings,
        components: Sequence[Component],
        management_endpoints: Mapping[str, Endpoint],
        in_flight: InFlightRequests,
    ) -> None:
        self.app = app
        self.settings = settings
        self.in_flight = in_flight
        self.admission = AdmissionControl(settings, in_flight)
        self.management_endpoints = management_endpoints
        self.on_request = [item.on_request for item in components if item.on_request]
        self.on_response = [item.on_response for item in reversed(components) if item.on_response]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        endpoint = self.management_endpoints.get(scope["path"])
        if endpoint is not None:
            await serve_endpoint(endpoint, scope, receive, send)
            return
        in_flight = self.in_flight
        request_headers = dict(scope["headers"])
        context = RequestContext(scope, request_headers, time.perf_counter(), [])
        for hook in self.on_request:
            hook(context)
        task = current_task()
        in_flight.deadlines[task] = context.start + in_flight.timeout
        body = None
        if b"content-length" in request_headers or b"transfer-encoding" in request_headers:
            reset = partial(in_flight.reset_deadline, task)
            body = LimitedBody(receive, self.settings.max_body_bytes, reset)
            receive = body.receive
            in_flight.deadlines[task] = context.start + self.settings.body_timeout_seconds

        send = partial(self.send_with_headers, context, task, send)
        try:
            await (self.admission.reject(request_headers) or self.app)(scope, receive, send)
        except asyncio.CancelledError as error:
            await self.timeout_response(error, context, task, body)(scope, receive, send)
        except Exception as error:
            logger.exception("request.failed")
            if context.started:  # only a broken connection can tell the client now
                raise
            await error_response(error)(scope, receive, send)
        finally:
            del in_flight.deadlines[task]
            in_flight.timed_out.discard(task)
            context.route = route_template(scope)
            context.duration = time.perf_counter() - context.start
            for hook in self.on_response:
                hook(context)

    def send_with_headers(
        self, context: RequestContext, task: asyncio.Task[Any], send: Send, message: Message
    ) -> Awaitable[None]:
        """Send an ASGI message, with the headers that every response carries."""
        if message["type"] == "http.response.start":
            context.started = True
            context.status = message["status"]
            headers = message["headers"]
            message["headers"] = [
                *headers,
                *security_headers(headers),
                *context.headers,
                *self.in_flight.drain_headers,
            ]
        elif message.get("more_body"):  # the client is reading the response
            self.in_flight.reset_deadline(task)
        return send(message)

    def timeout_response(
        self,
        error: asyncio.CancelledError,
        context: RequestContext,
        task: asyncio.Task[Any],
        body: LimitedBody | None,
    ) -> Response:
        """Return the response to a request that was cancelled at its deadline.

        Raises:
            asyncio.CancelledError: The server cancelled it, or the response has started.
        """
        if task not in self.in_flight.timed_out or context.started:
            raise error
        task.uncancel()
        if body is not None and not body.complete:
            return problem_response(408, CODES[408], headers=CONNECTION_CLOSE)
        return problem_response(503, "deadline_exceeded")
