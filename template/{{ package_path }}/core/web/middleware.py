"""The edge: what is done for every request, whatever it asks, in one pass around the rest."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from typing import Any, cast

from fastapi import Request, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from {{ package_name }}.core.web.problems import CLOSE
from {{ package_name }}.core.web.problems import CODES
from {{ package_name }}.core.web.problems import answer
from {{ package_name }}.core.web.problems import problem
from {{ package_name }}.core.web.security_headers import added
from {{ package_name }}.core.web.limits import Body
from {{ package_name }}.core.web.limits import Gate
from {{ package_name }}.core.web.in_flight import Traffic
from {{ package_name }}.core.web.routing import template
from {{ package_name }}.core.component import Component
from {{ package_name }}.core.component import Operation
from {{ package_name }}.core.web.context import Exchange
from {{ package_name }}.core.web.limits import LimitsSettings

logger = logging.getLogger(__name__)

METHODS = ("GET", "HEAD")
# Servers run every request in a task.
current_task = cast("Callable[[], asyncio.Task[Any]]", asyncio.current_task)


def operations_of(components: Sequence[Component]) -> Mapping[str, Operation]:
    """Return what operators may ask on the port of the users, by path."""
    return {path: item for component in components for path, item in component.operations.items()}


async def operate(operation: Operation, scope: Scope, receive: Receive, send: Send) -> None:
    """Answer an operator."""
    if scope["method"] in METHODS:
        response = await operation(Request(scope, receive))
    else:
        response = problem(405, CODES[405], headers={"Allow": ", ".join(METHODS)})
    await response(scope, receive, send)


class Edge:
    """Limits a request, watches it, and answers for whatever nobody else has caught.

    Left to the server, an unforeseen error ends the connection, and with it the next request of
    an innocent client behind the same proxy.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        settings: LimitsSettings,
        components: Sequence[Component],
        traffic: Traffic,
    ) -> None:
        self.app = app
        self.settings = settings
        self.traffic = traffic
        self.gate = Gate(settings, traffic)
        self.operations = operations_of(components)
        self.before = [item.before for item in components if item.before]
        self.after = [item.after for item in reversed(components) if item.after]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        operation = self.operations.get(scope["path"])
        if operation is not None:
            await operate(operation, scope, receive, send)
            return
        traffic = self.traffic
        received = dict(scope["headers"])
        exchange = Exchange(scope, received, time.perf_counter(), [])
        for hook in self.before:
            hook(exchange)
        task = current_task()
        traffic.ends[task] = exchange.start + traffic.seconds
        body = None
        if b"content-length" in received or b"transfer-encoding" in received:
            body = Body(receive, self.settings.body_bytes, partial(traffic.extend, task))
            receive = body.receive
            traffic.ends[task] = exchange.start + self.settings.body_seconds

        watched = partial(self.watch, exchange, task, send)
        try:
            await (self.gate.refusal(received) or self.app)(scope, receive, watched)
        except asyncio.CancelledError as error:
            await self.late(error, exchange, task, body)(scope, receive, watched)
        except Exception as error:
            logger.exception("request.failed")
            if exchange.started:  # the status is out: only a broken connection tells the client
                raise
            await answer(error)(scope, receive, watched)
        finally:
            del traffic.ends[task]
            traffic.overdue.discard(task)
            exchange.route = template(scope)
            exchange.seconds = time.perf_counter() - exchange.start
            for hook in self.after:
                hook(exchange)

    def watch(
        self, exchange: Exchange, task: asyncio.Task[Any], send: Send, message: Message
    ) -> Awaitable[None]:
        """Pass a part of the answer on, with the headers that every answer has."""
        if message["type"] == "http.response.start":
            exchange.started = True
            exchange.status = message["status"]
            headers = message["headers"]
            message["headers"] = [
                *headers,
                *added(headers),
                *exchange.headers,
                *self.traffic.farewell,
            ]
        elif message.get("more_body"):  # a client that takes its answer has time
            self.traffic.extend(task)
        return send(message)

    def late(
        self,
        error: asyncio.CancelledError,
        exchange: Exchange,
        task: asyncio.Task[Any],
        body: Body | None,
    ) -> Response:
        """Return the answer to a request whose time is up.

        Raises:
            asyncio.CancelledError: The server itself has ended it, or the answer has begun.
        """
        if task not in self.traffic.overdue or exchange.started:
            raise error
        task.uncancel()
        if body is not None and not body.complete:
            return problem(408, CODES[408], headers=CLOSE)
        return problem(503, "deadline_exceeded")
