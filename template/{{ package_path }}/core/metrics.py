"""Metrics for Prometheus: rate, errors and duration of the requests, by route."""

import os
import platform
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from importlib.metadata import version
from secrets import compare_digest

from fastapi import FastAPI, Request, Response
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, exposition
from prometheus_client.gc_collector import GCCollector
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead
from prometheus_client.process_collector import ProcessCollector

from {{ package_name }}.core.web.problems import CODES
from {{ package_name }}.core.web.problems import problem
from {{ package_name }}.core.component import Component
from {{ package_name }}.core.web.context import Exchange
from {{ package_name }}.settings import Settings

NAME = "{{ distribution_name }}"

# Any other method, which clients are free to invent, counts as this.
METHODS = frozenset({"DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"})
OTHER = "OTHER"

Adders = tuple[Callable[[], None], Callable[[float], None]]


class Metrics:
    """The metrics of one application; they are its own, so that a process may hold two.

    Attributes:
        registry: Where the project's own metrics belong too.
    """

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.shared = "PROMETHEUS_MULTIPROC_DIR" in os.environ  # as the client library has it
        self.requests = Counter(
            "http_requests",
            "Requests that were answered.",
            ["method", "route", "status"],
            registry=self.registry,
        )
        self.duration = Histogram(
            "http_request_duration_seconds",
            "Time from the arrival of a request to the end of its answer.",
            ["method", "route"],
            registry=self.registry,
        )
        self.in_flight = Gauge(
            "http_requests_in_flight",
            "Requests that are being served.",
            multiprocess_mode="livesum",
            registry=self.registry,
        )
        Gauge(
            "build_info",
            "The release that runs; the value is always 1.",
            ["name", "version", "python"],
            multiprocess_mode="max",
            registry=self.registry,
        ).labels(NAME, version(NAME), platform.python_version()).set(1)
        ProcessCollector(registry=self.registry)
        GCCollector(registry=self.registry)
        # Looking a series up by its labels costs more than adding to it.
        self.adders: dict[tuple[str, str, int], Adders] = {}

    def arrive(self, _exchange: Exchange) -> None:
        """Count a request in, where one process can't ask another."""
        self.in_flight.inc()

    def leave(self, exchange: Exchange) -> None:
        """Count a request that has ended, also if it failed."""
        if self.shared:
            self.in_flight.dec()
        key = (exchange.scope["method"], exchange.route, exchange.status)
        count, observe = self.adders.get(key) or self.find(key)
        count()
        observe(exchange.seconds)

    def find(self, key: tuple[str, str, int]) -> Adders:
        """Return what adds to the series of a method, a route and a status, and remember it."""
        method, route, status = key
        name = method if method in METHODS else OTHER
        adders = (
            self.requests.labels(name, route, str(status)).inc,
            self.duration.labels(name, route).observe,
        )
        if method in METHODS:
            self.adders[key] = adders
        return adders

    async def expose(self, request: Request) -> Response:
        """Answer a scrape: for this process, or for all that share PROMETHEUS_MULTIPROC_DIR."""
        registry = self.registry
        if self.shared:
            registry = CollectorRegistry()
            MultiProcessCollector(registry)  # type: ignore[no-untyped-call]  # has no types
        encode, content_type = exposition.choose_encoder(request.headers.get("accept", ""))
        return Response(encode(registry), headers={"Content-Type": content_type})


def component(settings: Settings) -> Component:
    """Plug the metrics in: for everybody on the admin port, for who has the token on the other."""
    metrics = Metrics()
    token = settings.metrics.token.get_secret_value()

    @asynccontextmanager
    async def start(app: FastAPI) -> AsyncIterator[Mapping[str, object]]:
        if not metrics.shared:
            metrics.in_flight.set_function(lambda: len(app.state.traffic.ends))
        try:
            yield {"metrics": metrics}
        finally:
            if metrics.shared:
                mark_process_dead(os.getpid())  # type: ignore[no-untyped-call]  # has no types

    async def guarded(request: Request) -> Response:
        given = request.headers.get("authorization", "")
        if not compare_digest(given.encode(), f"Bearer {token}".encode()):
            return problem(401, CODES[401])
        return await metrics.expose(request)

    return Component(
        name="metrics",
        start=start,
        before=metrics.arrive if metrics.shared else None,
        after=metrics.leave,
        operations={"/metrics": guarded} if token else {},
        admin_operations={"/metrics": metrics.expose},
    )
