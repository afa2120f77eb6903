"""Metrics: counted once, with bounded labels, and protected."""

import re
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx2
import pytest
from fastapi import APIRouter, WebSocket
from prometheus_client import REGISTRY, Counter
from prometheus_client.parser import text_string_to_metric_families

from {{ package_name }}.__main__ import main
from {{ package_name }}.core.app import Application, build
from {{ package_name }}.core.component import Component
from {{ package_name }}.core.errors import InvalidSettingsError
from {{ package_name }}.core.metrics import Metrics, metrics_component
from {{ package_name }}.core.names import NAME, PREFIX
from {{ package_name }}.practices import PracticeSettings, practice_components

from support.client import connect, open_websocket, practice_app
from support.server import POLL_SECONDS, START_SECONDS, free_port, starting

TOKEN = "6f1d0c5a9e3b47288d21"
BEARER = {"Authorization": f"Bearer {TOKEN}"}

router = APIRouter(prefix="/orders")


@router.get("/{order}")
async def order(order: int) -> int:
    """Return an order; there is none below 0."""
    if order < 0:
        raise RuntimeError
    return order


@router.websocket("/talk")
async def talk(socket: WebSocket) -> None:
    """Accept a WebSocket and close it."""
    await socket.accept()
    await socket.close()


def with_orders(settings: PracticeSettings) -> Application:
    """Return the application with a route of orders."""
    return build(
        settings.limits, [*practice_components(settings), Component(name="o", routers=(router,))]
    )


@pytest.fixture
async def client() -> AsyncIterator[httpx2.AsyncClient]:
    """Yield a client that may read the metrics."""
    async with connect(with_orders(PracticeSettings.load({"metrics": {"token": TOKEN}}))) as client:
        yield client


def samples(text: str, name: str) -> Iterator[tuple[tuple[str, ...], float]]:
    """Yield the labels and the value of each sample with a name."""
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            if sample.name == name:
                yield tuple(sample.labels.values()), sample.value


async def scraped(client: httpx2.AsyncClient, name: str) -> dict[tuple[str, ...], float]:
    """Return the samples of a metric in a scrape."""
    return dict(samples((await client.get("/metrics", headers=BEARER)).text, name))


async def test_requests_are_counted_by_route(client: httpx2.AsyncClient) -> None:
    """Each request counts once, by its route template, also if it fails."""
    for path in ("/orders/1", "/orders/2", "/orders/x", "/orders/-1", "/nowhere"):
        await client.get(path)
    await client.request("BREW", "/orders/1")

    assert await scraped(client, "http_requests_total") == {
        ("GET", "/orders/{order}", "200"): 2,
        ("GET", "/orders/{order}", "422"): 1,
        ("GET", "/orders/{order}", "500"): 1,
        ("GET", "unmatched", "404"): 1,
        ("OTHER", "/orders/{order}", "405"): 1,
    }
    assert await scraped(client, "http_request_duration_seconds_count") == {
        ("GET", "/orders/{order}"): 4,
        ("GET", "unmatched"): 1,
        ("OTHER", "/orders/{order}"): 1,
    }


@pytest.mark.no_cover
async def test_clients_add_no_series(client: httpx2.AsyncClient) -> None:
    """Paths and methods of clients add no series."""
    for number in range(100):
        await client.get(f"/orders/{number}")
        await client.get(f"/nowhere/{number}")
        await client.request(f"M{number}", "/orders/1")

    assert len(await scraped(client, "http_requests_total")) == 3


async def test_requests_in_flight_are_shown(client: httpx2.AsyncClient) -> None:
    """No request is in flight after the responses, and requests of operators don't count."""
    await client.get("/orders/1")
    await client.get("/orders/-1")

    assert await scraped(client, "http_requests_in_flight") == {(): 0}


async def test_release_is_shown(client: httpx2.AsyncClient) -> None:
    """The release is shown by name and version."""
    (labels,) = await scraped(client, "app_build_info")

    assert labels[0] == NAME


@pytest.mark.parametrize("given", [{}, {"Authorization": "Bearer x"}, {"Authorization": TOKEN}])
async def test_metrics_need_the_token(client: httpx2.AsyncClient, given: dict[str, str]) -> None:
    """On the public port, a client needs the token."""
    response = await client.get("/metrics", headers=given)

    assert response.status_code == 401
    assert response.json()["code"] == "unauthorized"


async def test_without_a_token_there_are_no_metrics(settings: PracticeSettings) -> None:
    """Without a token in the settings, the public port has no metrics."""
    async with connect(practice_app(settings)) as client:
        assert (await client.get("/metrics", headers=BEARER)).status_code == 404


async def test_admin_port_shows_them() -> None:
    """On the admin port they need no token, and have the format that the scraper accepts."""
    settings = PracticeSettings.load({"admin": {"port": free_port()}})
    url = f"http://127.0.0.1:{settings.admin.port}/metrics"
    async with connect(practice_app(settings)) as client, httpx2.AsyncClient() as operators:
        await client.get("/nowhere")
        accept = {"Accept": "application/openmetrics-text; version=1.0.0"}
        plain, openmetrics = await operators.get(url), await operators.get(url, headers=accept)

    assert dict(samples(plain.text, "http_requests_total")) == {("GET", "unmatched", "404"): 1}
    assert openmetrics.headers["content-type"].startswith("application/openmetrics-text")


async def test_applications_count_apart() -> None:
    """Two applications in one process don't share their metrics."""
    settings = PracticeSettings.load({"metrics": {"token": TOKEN}})
    async with connect(practice_app(settings)) as one, connect(practice_app(settings)) as two:
        await one.get("/nowhere")

        assert await scraped(one, "http_requests_total")
        assert not await scraped(two, "http_requests_total")


@pytest.fixture
def counter() -> Iterator[Counter]:
    """Yield a counter on the default registry, as modules and libraries create it."""
    counter = Counter("default_registry_events", "Events of the test.")
    yield counter
    REGISTRY.unregister(counter)


async def test_default_registry_is_shown(counter: Counter) -> None:
    """Each application shows the default registry; no metric is shown twice."""
    counter.inc(3)
    settings = PracticeSettings.load({"metrics": {"token": TOKEN}})
    async with connect(practice_app(settings)) as one, connect(practice_app(settings)) as two:
        assert await scraped(one, "default_registry_events_total") == {(): 3}
        assert await scraped(two, "default_registry_events_total") == {(): 3}
        text = (await one.get("/metrics", headers=BEARER)).text

    families = [family.name for family in text_string_to_metric_families(text)]
    assert len(families) == len(set(families))
    assert {"python_gc_collections", "http_requests"} <= set(families)


# As the linter of Prometheus, `promtool check metrics`: base units, in full.
BAD_NAME = re.compile(
    r"[^a-z0-9_]|_(count|sum|bucket|counter|gauge|histogram|summary|ms|sec|secs|milliseconds|"
    r"microseconds|nanoseconds|minutes|hours|days|kb|mb|gb|kilobytes|megabytes|gigabytes|percent)$"
)


async def test_names_follow_prometheus(client: httpx2.AsyncClient) -> None:
    """Every metric has a help text and a name by the conventions of Prometheus."""
    await client.get("/orders/1")
    text = (await client.get("/metrics", headers=BEARER)).text

    for family in text_string_to_metric_families(text):
        hint = f"{family.name}: add a help text, use snake_case and base units such as _seconds"
        assert family.documentation, hint
        assert not BAD_NAME.search(family.name), hint
    counters = re.findall(r"^# TYPE (\S+) counter$", text, re.MULTILINE)
    assert [name for name in counters if not name.endswith("_total")] == []


@pytest.mark.parametrize("folder", ["", "missing", "file"])
def test_folder_must_exist(
    folder: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A folder that the processes can't share ends the command with one line that names it."""
    Path("file").touch()
    monkeypatch.setenv("PROMETHEUS_MULTIPROC_DIR", folder)

    assert main([]) == 2
    assert re.fullmatch(r"PROMETHEUS_MULTIPROC_DIR: .+\n", capsys.readouterr().err)


@pytest.mark.parametrize("token", ["short", "a" * 40, "change-me-change-me-please"])
def test_token_must_be_hard_to_guess(token: str) -> None:
    """A weak token is rejected, and not shown."""
    with pytest.raises(InvalidSettingsError, match=rf"\A{PREFIX}METRICS__TOKEN: ") as refused:
        PracticeSettings.load({"metrics": {"token": token}})

    assert token not in str(refused.value)


async def test_requests_in_flight_with_several_processes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With PROMETHEUS_MULTIPROC_DIR, requests in flight are counted by the hooks."""
    monkeypatch.setenv("PROMETHEUS_MULTIPROC_DIR", str(tmp_path))
    settings = PracticeSettings.load({"metrics": {"token": TOKEN}})
    app = with_orders(settings)
    async with connect(app) as client:
        registry = app.services.get(Metrics).registry
        await client.get("/orders/-1")
        in_flight = registry.get_sample_value("http_requests_in_flight")
        scrape = await client.get("/metrics", headers=BEARER)

    assert in_flight == 0
    assert scrape.status_code == 200


def scrape_after(client: httpx2.Client, url: str, requests: int) -> str:
    """Return the first scrape that counts all requests: each counts after its response is sent."""
    deadline = time.monotonic() + START_SECONDS
    while True:
        text = client.get(f"{url}/metrics").text
        if sum(value for _, value in samples(text, "http_requests_total")) >= requests:
            return text
        assert time.monotonic() < deadline, text
        time.sleep(POLL_SECONDS)


@pytest.mark.parametrize("multiprocess", [False, True])
async def test_metrics_of_a_service(
    settings: PracticeSettings,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    *,
    multiprocess: bool,
) -> None:
    """A gauge reads the service; in multiprocess mode there is none."""
    if multiprocess:
        monkeypatch.setenv("PROMETHEUS_MULTIPROC_DIR", str(tmp_path))

    def observe(app: Application, metrics: Metrics) -> None:
        metrics.add_gauge("components", "Components.", lambda: len(app.components))

    observer = metrics_component("components", Application, observe)
    app = build(settings.limits, [*practice_components(settings), observer])

    async with connect(app):
        value = app.services.get(Metrics).registry.get_sample_value("components")

    assert value == (None if multiprocess else len(app.components))


@pytest.mark.parametrize("multiprocess", [False, True])
async def test_websockets_are_no_requests(
    settings: PracticeSettings,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    *,
    multiprocess: bool,
) -> None:
    """A WebSocket is open for too long to count among the requests."""
    if multiprocess:
        monkeypatch.setenv("PROMETHEUS_MULTIPROC_DIR", str(tmp_path))
    app = with_orders(settings)
    async with connect(app):
        await open_websocket(app, "/orders/talk", {})
        registry = app.services.get(Metrics).registry

    assert registry.get_sample_value("http_requests_in_flight") == 0
    assert "http_requests_total" not in {
        sample.name for metric in registry.collect() for sample in metric.samples
    }


def test_processes_can_share_their_metrics(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With PROMETHEUS_MULTIPROC_DIR, each process shows the metrics of all."""
    monkeypatch.setenv("PROMETHEUS_MULTIPROC_DIR", str(tmp_path))
    setting = {"METRICS__TOKEN": TOKEN, "SERVER__DRAIN_SECONDS": "0"}
    with (
        starting(**setting) as one,
        starting(**setting) as two,
        httpx2.Client(headers=BEARER) as client,
    ):
        one.wait_until_ready()
        two.wait_until_ready()
        for service in (one, two, two):
            client.get(f"{service.url}/counted")
        text = scrape_after(client, two.url, 3)
        two.stop()
        two.end()
        later = client.get(f"{one.url}/metrics").text

    assert dict(samples(text, "http_requests_total"))["GET", "unmatched", "404"] == 3
    assert dict(samples(text, "http_requests_in_flight")) == {(): 0}
    assert dict(samples(later, "http_requests_total"))["GET", "unmatched", "404"] == 3
    assert re.search(r"^app_build_info{", later, re.MULTILINE)
