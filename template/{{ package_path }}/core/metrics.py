"""Metrics for Prometheus: rate, errors and duration of the requests, by route."""

import os
import platform
from collections.abc import AsyncGenerator, Callable, Iterable
from contextlib import asynccontextmanager
from importlib.metadata import version
from pathlib import Path
from secrets import compare_digest
from typing import Annotated, TypeVar

from fastapi import Request, Response
from prometheus_client import REGISTRY, CollectorRegistry, Counter, Gauge, Histogram, exposition
from prometheus_client.metrics_core import Metric
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead
from prometheus_client.registry import Collector
from pydantic import AfterValidator, SecretStr

from {{ package_name }}.core.component import Component
from {{ package_name }}.core.errors import InvalidSettingsError
from {{ package_name }}.core.names import NAME
from {{ package_name }}.core.services import Services
from {{ package_name }}.core.settings import SettingsGroup
from {{ package_name }}.core.web.context import RequestContext
from {{ package_name }}.core.web.in_flight import InFlightRequests
from {{ package_name }}.core.web.problems import CODES, problem_response

# A client may send any method; an unknown one counts as OTHER.
KNOWN_METHODS = frozenset({"DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"})
OTHER = "OTHER"

MULTIPROCESS_FOLDER = "PROMETHEUS_MULTIPROC_DIR"

T = TypeVar("T")
BoundSeries = tuple[Callable[[], None], Callable[[float], None]]

MIN_TOKEN_LENGTH = 16
PLACEHOLDERS = ("change", "example", "password", "placeholder", "secret")


def check_token(value: SecretStr) -> SecretStr:
    """Return a token that is hard to guess, or an empty one.

    Raises:
        ValueError: It is short, repetitive, or a placeholder.
    """
    text = value.get_secret_value()
    is_weak = len(text) < MIN_TOKEN_LENGTH or len(set(text)) < MIN_TOKEN_LENGTH // 2
    if text and (is_weak or any(word in text.lower() for word in PLACEHOLDERS)):
        raise ValueError("Use at least 16 random characters, such as from `openssl rand -hex 32`")
    return value


class MetricsSettings(SettingsGroup):
    """The metrics; an empty token keeps them off the public port."""

    token: Annotated[SecretStr, AfterValidator(check_token)] = SecretStr("")


def is_multiprocess() -> bool:
    """Return whether PROMETHEUS_MULTIPROC_DIR is set; prometheus_client reads it, too.

    Raises:
        InvalidSettingsError: It names no folder that can be written.
    """
    folder = os.environ.get(MULTIPROCESS_FOLDER)
    if folder is None:
        return False
    if not folder or not Path(folder).is_dir() or not os.access(folder, os.W_OK):
        raise InvalidSettingsError(
            f"{MULTIPROCESS_FOLDER}: Name a folder that exists and can be written"
        )
    return True


class Metrics:
    """The metrics of one application: a process may run several.

    Attributes:
        registry: The registry, also for the metrics of the project.
        multiprocess: Whether several processes share their metrics in a folder.
    """

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.multiprocess = is_multiprocess()
        self.requests = Counter(
            "http_requests",
            "Requests served.",
            ["method", "route", "status"],
            registry=self.registry,
        )
        self.duration = Histogram(
            "http_request_duration_seconds",
            "Time from the arrival of a request to the end of its response.",
            ["method", "route"],
            registry=self.registry,
        )
        self.in_flight = Gauge(
            "http_requests_in_flight",
            "Requests in flight.",
            multiprocess_mode="livesum",
            registry=self.registry,
        )
        Gauge(
            "app_build_info",
            "The running release; the value is always 1.",
            ["name", "version", "python"],
            multiprocess_mode="max",
            registry=self.registry,
        ).labels(NAME, version(NAME), platform.python_version()).set(1)
        # Looking a series up by its labels costs more than adding to it.
        self.series: dict[tuple[str, str, int], BoundSeries] = {}

    def add_gauge(self, name: str, documentation: str, read: Callable[[], float]) -> None:
        """Add a gauge that is read when it is scraped; none in multiprocess mode.

        In that mode, the process that serves a scrape can read no other process.
        """
        if not self.multiprocess:
            Gauge(name, documentation, registry=self.registry).set_function(read)

    def on_request(self, context: RequestContext) -> None:
        """Count a request in flight; only used with several processes."""
        if context.scope["type"] == "http":
            self.in_flight.inc()

    def on_response(self, context: RequestContext) -> None:
        """Count a request that has ended, also if it failed.

        A WebSocket stays open too long for the durations of requests.
        """
        if context.scope["type"] != "http":
            return
        if self.multiprocess:
            self.in_flight.dec()
        key = (context.method, context.route, context.status)
        count, observe = self.series.get(key) or self.bind(key)
        count()
        observe(context.duration)

    def bind(self, key: tuple[str, str, int]) -> BoundSeries:
        """Return the series of a method, a route and a status."""
        method, route, status = key
        name = method if method in KNOWN_METHODS else OTHER
        series = (
            self.requests.labels(name, route, str(status)).inc,
            self.duration.labels(name, route).observe,
        )
        if method in KNOWN_METHODS:
            self.series[key] = series
        return series

    def collect(self) -> Iterable[Metric]:
        """Return the metrics of the application, and those of the default registry.

        The latter has the metrics of the process, and those that libraries and modules create.
        """
        metrics = (*REGISTRY.collect(), *self.registry.collect())
        return {metric.name: metric for metric in metrics}.values()

    async def expose(self, request: Request) -> Response:
        """Return the metrics of this process, or of all that share PROMETHEUS_MULTIPROC_DIR."""
        registry: Collector = self
        if self.multiprocess:  # the folder has the metrics of every registry
            registry = MultiProcessCollector(None)  # type: ignore[no-untyped-call]  # has no types
        encode, content_type = exposition.choose_encoder(request.headers.get("accept", ""))
        return Response(encode(registry), headers={"Content-Type": content_type})


def component(settings: MetricsSettings) -> Component:
    """Add /metrics: to the admin port, and to the public port for clients with the token."""
    metrics = Metrics()
    token = settings.token.get_secret_value()

    @asynccontextmanager
    async def start(services: Services) -> AsyncGenerator[None]:
        in_flight = services.get(InFlightRequests)
        if not metrics.multiprocess:
            metrics.in_flight.set_function(lambda: len(in_flight.deadlines))
        services.add(Metrics, metrics)
        try:
            yield
        finally:
            if metrics.multiprocess:
                mark_process_dead(os.getpid())  # type: ignore[no-untyped-call]  # has no types

    async def guarded(request: Request) -> Response:
        given = request.headers.get("authorization", "")
        if not compare_digest(given.encode(), f"Bearer {token}".encode()):
            return problem_response(401, CODES[401])
        return await metrics.expose(request)

    return Component(
        name="metrics",
        start=start,
        on_request=metrics.on_request if metrics.multiprocess else None,
        on_response=metrics.on_response,
        management_endpoints={"/metrics": guarded} if token else {},
        admin_endpoints={"/metrics": metrics.expose},
    )


def metrics_component(name: str, kind: type[T], observe: Callable[[T, Metrics], None]) -> Component:
    """Return a component with the metrics of a service; it starts after both.

    Args:
        name: The name of the component.
        kind: The type of the service.
        observe: Adds the metrics; called with the service when the component starts.
    """

    @asynccontextmanager
    async def start(services: Services) -> AsyncGenerator[None]:
        observe(services.get(kind), services.get(Metrics))
        yield

    return Component(name=name, start=start)
