"""Faults of a service: stops, bad requests, slow clients, long bodies, overload, its own errors.

A rendered project with all of its practices is served by its own command. A bound on time is either
a setting of the service plus two seconds or a share of what the same test has measured before.
"""

import asyncio
import json
import re
import sys
import time
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from itertools import chain, product, repeat
from random import Random
from threading import Event

import pytest

from conftest import Variant
from faults import (
    CANARY,
    CHUNKED,
    COMPONENTS,
    GOOD,
    HOST,
    JSON,
    ROUTES,
    Balancer,
    Collector,
    Malformed,
    Project,
    Response,
    Service,
    ask,
    chunk,
    client,
    collecting,
    connected,
    exchanged,
    get,
    installed,
    is_ready,
    malformed,
    parsed,
    post,
    post_chunked,
    pushed,
    request,
    unread,
)

pytestmark = [
    pytest.mark.full,
    pytest.mark.timed,
    pytest.mark.skipif(sys.platform != "linux", reason="asks /proc what the service holds"),
]

PATIENCE = 2.0
"""Seconds after a timeout until the service must have acted."""

MEBIBYTE = 1_048_576


@pytest.fixture(scope="module")
def collector() -> Iterator[Collector]:
    """Yield the trace collector of all services."""
    with collecting() as collector:
        yield collector


@pytest.fixture(scope="module")
def project(variant: Variant, collector: Collector) -> Iterator[Project]:
    """Yield an installed project that has routes."""
    with installed(variant(preset="full", database="none")) as project:
        package = project.folder / "src" / "my_service"
        (package / "components.py").write_text(COMPONENTS.lstrip(), encoding="utf-8")
        routes = package / "api" / "routes"
        (routes / "faults.py").write_text(ROUTES.lstrip(), encoding="utf-8")
        project.shell["MY_SERVICE_TRACING__ENDPOINT"] = f"http://127.0.0.1:{collector.server_port}"
        yield project


async def until(holds: Callable[[], bool]) -> None:
    """Wait up to 30 seconds until a condition holds."""
    for _ in range(600):
        if holds():
            return
        await asyncio.sleep(0.05)
    pytest.fail("The condition does not hold in time")


# Stops


async def use(balancer: Balancer, stop: asyncio.Event, results: Counter[str]) -> None:
    """Send requests to a ready service until the event is set."""
    async with client() as asking:
        while not stop.is_set():
            try:
                service = balancer.choose()
                response = await asking.ask(service.port, GOOD[balancer.turn % len(GOOD)])
                results[str(response.status)] += 1
            except OSError as error:
                results[repr(error)] += 1
            await asyncio.sleep(0.02)


async def roll(project: Project, balancer: Balancer, times: int) -> list[int]:
    """Replace the older of two services some times; return the exit statuses."""
    async with AsyncExitStack() as stack:

        async def add() -> None:
            service = await stack.enter_async_context(project.served(SERVER__DRAIN_SECONDS="1"))
            watching = asyncio.create_task(balancer.watch(service))
            stack.callback(watching.cancel)
            await until(lambda: service in balancer.ready)

        async def end(service: Service) -> int:
            service.stop()
            status = await service.status()
            balancer.services.remove(service)
            return status

        await add()
        await add()
        stop, results = asyncio.Event(), Counter[str]()
        async with asyncio.TaskGroup() as group:
            for _ in range(40):
                group.create_task(use(balancer, stop, results))
            statuses = []
            for _ in range(times):
                status, _ = await asyncio.gather(end(balancer.services[0]), add())
                statuses.append(status)
            stop.set()
    assert set(results) == {"200", "201"}, results
    assert results.total() > 50 * times, results
    return statuses


def test_no_request_fails_while_services_are_replaced(project: Project) -> None:
    """No request of 40 keep-alive clients fails during 20 stops under load."""
    assert asyncio.run(roll(project, Balancer(), 20)) == [0] * 20


def test_running_request_is_finished(project: Project) -> None:
    """A request in flight at SIGTERM gets its response, and the exit status is 0."""

    async def main() -> None:
        async with project.served() as service, asyncio.TaskGroup() as group:
            asked = group.create_task(ask(service.port, get("/slow?seconds=1")))
            await asyncio.sleep(0.3)
            service.stop()

            assert await service.status() == 0
            assert (await asked).status == 200

    asyncio.run(main())


def test_second_signal_ends_it_at_once(project: Project) -> None:
    """A second SIGTERM ends the drain and the requests in flight."""

    async def main() -> None:
        async with (
            project.served(SERVER__DRAIN_SECONDS="60") as service,
            connected(service.port) as idle,
            connected(service.port) as busy,
        ):
            await idle.ask(get("/items/1"))
            busy.writer.write(get("/slow?seconds=25"))
            service.stop()
            assert not await is_ready(service)
            assert (await ask(service.port, get("/items/1"))).closes
            service.stop()

            assert await service.status(seconds=5) == 0
            received = await busy.reader.read()
            assert received.startswith(b"HTTP/1.1 503")

    asyncio.run(main())


# Bad requests


async def survived(service: Service, requests: list[Malformed]) -> list[Response | None]:
    """Send all requests, 16 at a time; return the responses."""
    some = asyncio.Semaphore(16)

    async def one(bad: Malformed) -> Response | None:
        async with some:
            try:
                async with asyncio.timeout(30):
                    return await exchanged(service.port, bad.data)
            except TimeoutError:
                pytest.fail(f"No response, and not closed: {bad}")

    return await asyncio.gather(*(one(bad) for bad in requests))


def is_wrong(bad: Malformed, response: Response | None) -> bool:
    """Return whether the response is wrong."""
    if response is None:
        return False
    if response.status < 400:
        return bad.refused
    is_ours = response.is_problem or bad.data.startswith(b"HEAD")
    return response.status >= 500 or len(response.body) > 65_536 or not is_ours


def is_event(line: str) -> bool:
    """Return whether a log line is one JSON object that reports no failure of the service."""
    try:
        event = json.loads(line)
    except ValueError:
        return False
    return (
        isinstance(event, dict)
        and line.isascii()
        and line.isprintable()
        and event["level"] in {"info", "warning"}
        and event.get("client", "127.0.0.1") == "127.0.0.1"
        and event.get("status", 0) < 500
        and event["event"] != "forged"
    )


def show(found: dict[str, list[str]]) -> str:
    """Return the first ten findings of each kind, one a line."""
    return "".join(f"\n{name}: {text[:500]}" for name in found for text in found[name][:10])


def test_thousand_bad_requests(project: Project, collector: Collector) -> None:
    """Every bad request gets a problem that quotes nothing of it, and the service goes on."""
    requests = malformed()
    assert len(requests) >= 1000

    async def main() -> tuple[list[Response | None], list[str]]:
        async with project.served(
            LIMITS__ALLOWED_HOSTS="127.0.0.1",
            LIMITS__BODY_TIMEOUT_SECONDS="1",
            LOGGING__CLIENT_ADDRESS="true",
            SERVER__HEADER_TIMEOUT_SECONDS="1",
            TRACING__SAMPLE_RATIO="1",
        ) as service:
            await survived(service, requests[:50])
            before = service.resident()
            responses = await survived(service, requests)

            assert service.resident() - before < 100 * MEBIBYTE
            assert (await ask(service.port, get("/health"))).status == 200
            assert (await ask(service.port, get("/items/1"))).status == 200
            service.stop()
            assert await service.status() == 0
            return responses, service.lines()

    responses, lines = asyncio.run(main())

    pairs = list(zip(requests, responses, strict=True))
    found = {
        "wrong": [f"{bad}: {response}" for bad, response in pairs if is_wrong(bad, response)],
        "quoted": [str(bad) for bad, response in pairs if response and CANARY in response.body],
        "odd": [line for line in lines if not is_event(line)],
        "leaked": [line for line in lines if CANARY.decode() in line],
    }
    assert show(found) == ""
    assert collector.batches
    assert CANARY not in b"".join(collector.batches)


# Slow clients


async def trickle(service: Service, head: bytes, part: bytes) -> tuple[float, bytes]:
    """Send the start of a request, then a byte a second; return the duration and the response."""
    async with connected(service.port) as slow:
        start = time.monotonic()
        slow.writer.write(head)
        received = b""
        with suppress(ConnectionError):
            while True:
                slow.writer.write(part)
                try:
                    async with asyncio.timeout(1):
                        received += (new := await slow.reader.read(65_536))
                except TimeoutError:
                    continue
                if not new:
                    break
        return time.monotonic() - start, received


async def good(service: Service, stop: asyncio.Event, results: Counter[str]) -> None:
    """Send a request every 50 ms until the event is set."""
    async with client() as asking:
        while not stop.is_set():
            for data in (*GOOD, get("/health")):
                response = await asking.ask(service.port, data)
                results[str(response.status)] += 1
                await asyncio.sleep(0.05)


def test_slow_clients(project: Project) -> None:
    """Slow heads and bodies are cut off at their timeout, and other clients are served."""

    async def main() -> None:
        stop, results = asyncio.Event(), Counter[str]()
        async with (
            project.served(
                SERVER__HEADER_TIMEOUT_SECONDS="2", LIMITS__BODY_TIMEOUT_SECONDS="2"
            ) as service,
            asyncio.TaskGroup() as group,
        ):
            for _ in range(20):
                group.create_task(good(service, stop, results))
            head = b"GET /items/1 HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: "
            body = request(b"POST", b"/items", JSON + b"Content-Length: 1000\r\n")
            slow = [
                asyncio.create_task(trickle(service, start, b"x"))
                for start in (head, body)
                for _ in range(200)
            ]
            ends = await asyncio.gather(*slow)
            stop.set()
        assert max(seconds for seconds, _ in ends) < 2 + PATIENCE
        assert {received[:12] for _, received in ends} <= {b"HTTP/1.1 408", b""}
        assert set(results) == {"200", "201"}

    asyncio.run(main())


@pytest.mark.parametrize(
    ("clients", "data"),
    [
        pytest.param(50, get("/stream"), id="stream"),
        pytest.param(20, get("/big"), id="long response"),
        pytest.param(20, get("/big") * 3, id="many responses"),
    ],
)
def test_clients_that_never_read(project: Project, clients: int, data: bytes) -> None:
    """A client that reads nothing of a response for the request timeout is cut off."""

    async def main() -> None:
        async with project.served(LIMITS__REQUEST_TIMEOUT_SECONDS="2") as service:
            few = service.sockets() + 5  # what asks here and there
            sockets = [unread(service.port, data) for _ in range(clients)]
            try:
                await until(lambda: service.sockets() > clients)
                start = time.monotonic()
                while service.sockets() > few:
                    assert time.monotonic() - start < 2 + 2 * PATIENCE, service.sockets()
                    assert (await ask(service.port, get("/health"))).status == 200
                    await asyncio.sleep(0.1)
            finally:
                for socket in sockets:
                    socket.close()

    asyncio.run(main())


def test_body_timeout_is_not_that_of_the_response(project: Project) -> None:
    """The body timeout ends with the body; the response has the request timeout."""

    async def main() -> None:
        async with project.served(LIMITS__BODY_TIMEOUT_SECONDS="1") as service:
            assert (await ask(service.port, post("/slow?seconds=2", b"x"))).status == 200
        async with project.served(LIMITS__REQUEST_TIMEOUT_SECONDS="1") as service:
            response = await ask(service.port, post("/slow?seconds=20", b"x"))
            assert (response.status, response.is_problem) == (503, True)

    asyncio.run(main())


# Long bodies

LIMIT = MEBIBYTE
SPARE = 400_000
PART = bytes(65_536)


@contextmanager
def frugal(service: Service, limit: float) -> Iterator[None]:
    """Fail if the service reads more bytes than the limit, or needs 10 MB of memory."""
    read, peak = service.read(), service.peak()
    yield
    assert service.read() - read < limit
    assert service.peak() - peak < 10 * MEBIBYTE


def start_of(path: str, *lines: bytes) -> bytes:
    """Return the head of a request that has a body."""
    return request(b"POST", path.encode(), JSON + b"".join(lines))


def test_long_bodies(project: Project) -> None:
    """A body of one byte over the limit gets 413, and 200 MB are not read first."""
    too_long: dict[str, Callable[[str], Iterator[bytes]]] = {
        "a byte": lambda path: iter([post(path, bytes(LIMIT + 1))]),
        "a byte in a chunk": lambda path: iter([post_chunked(path, bytes(LIMIT), b"x")]),
        "200 MB": lambda path: chain(
            [start_of(path, b"Content-Length: 200000000\r\n")], repeat(PART, 3052)
        ),
        "200 MB in chunks": lambda path: chain(
            [start_of(path, CHUNKED)], repeat(chunk(PART), 3052)
        ),
    }

    async def main() -> None:
        async with project.served() as service:
            for size in (65_536, LIMIT):  # also shows that what it reads is counted
                before = service.read()
                assert (await ask(service.port, post("/raw", bytes(size)))).status == 200
                assert size < service.read() - before < size + SPARE
            for path, (name, parts) in product(("/raw", "/items"), too_long.items()):
                with frugal(service, LIMIT + SPARE):
                    end = await asyncio.to_thread(pushed, service.port, parts(path), 30)
                response = parsed(end.received)
                assert response is not None, name
                assert (response.status, response.is_problem, end.ended) == (413, True, True), name

    asyncio.run(main())


@pytest.mark.parametrize(
    ("path", "head", "part"),
    [
        pytest.param("/raw", b"", chunk(b"x"), id="small chunks"),
        pytest.param("/raw", b"1;", bytes(b"x" * 65_536), id="extension of a chunk"),
        pytest.param("/raw", b"0\r\n", b"X: x\r\n" * 10_000, id="trailers"),
        pytest.param("/raw", b"0\r\nX: ", b"x" * 65_536, id="trailer"),
        pytest.param("/unknown", b"", chunk(PART), id="unread body"),
        pytest.param("/unknown", b"0\r\n", b"X: x\r\n" * 10_000, id="unread trailers"),
        pytest.param("/health", b"", chunk(PART), id="body of a probe"),
    ],
)
def test_endless_bodies(project: Project, path: str, head: bytes, part: bytes) -> None:
    """An endless body is cut off at its timeout, and costs no memory."""
    parts = chain([start_of(path, CHUNKED) + head], repeat(part))

    async def main() -> None:
        async with project.served(
            LIMITS__BODY_TIMEOUT_SECONDS="2", SERVER__HEADER_TIMEOUT_SECONDS="2"
        ) as service:
            await ask(service.port, post("/raw", bytes(LIMIT)))
            with frugal(service, float("inf")):
                end = await asyncio.to_thread(pushed, service.port, parts, 2 + PATIENCE)
            assert end.ended
            assert (await ask(service.port, get("/items/1"))).status == 200

    asyncio.run(main())


def test_trailer_is_no_header(project: Project) -> None:
    """Trailers, which proxies do not check, do not become headers of the request."""
    late = b"1\r\nx\r\n0\r\nAuthorization: Bearer x\r\nX-Forwarded-For: 6.6.6.6\r\n\r\n"

    async def main() -> None:
        async with project.served() as service:
            response = await ask(service.port, start_of("/raw", CHUNKED) + late)
            assert json.loads(response.body) == [1, len((HOST + JSON + CHUNKED).splitlines())]

    asyncio.run(main())


# Overload

MAX_CONCURRENT = 32
SLOW = get("/slow?seconds=0.5")


@dataclass(slots=True)
class Crowd:
    """The responses to the clients.

    Attributes:
        results: Responses by status.
        odd: Responses that are neither 200 nor a proper 503.
    """

    results: Counter[int] = field(default_factory=Counter)
    odd: list[Response] = field(default_factory=list)

    def take(self, response: Response) -> None:
        """Count a response."""
        self.results[response.status] += 1
        is_refusal = (
            response.status == 503 and response.is_problem and "retry-after" in response.headers
        )
        if response.status != 200 and not is_refusal:
            self.odd.append(response)


async def crowded(service: Service, clients: int, rate: float, seconds: float) -> Crowd:
    """Send requests from many clients at a rate per second."""
    crowd, start = Crowd(), time.monotonic()

    async def ask_often(at: float) -> None:
        async with client() as asking:
            while max(at, time.monotonic()) < start + seconds:
                await asyncio.sleep(at - time.monotonic())
                crowd.take(await asking.ask(service.port, SLOW))
                at += clients / rate

    async with asyncio.TaskGroup() as group:
        for number in range(clients):
            group.create_task(ask_often(start + number / rate))
    return crowd


async def goodput(service: Service, seconds: float) -> float:
    """Return the requests per second that the service serves without overload."""
    crowd = await crowded(service, MAX_CONCURRENT, float("inf"), seconds)
    return 0 if crowd.odd or crowd.results[503] else crowd.results[200] / seconds


def probe(port: int, stop: Event) -> list[float]:
    """Request /health every 100 ms until the event is set; return the durations."""
    waits = []
    while not stop.wait(0.1):
        start = time.monotonic()
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=10) as response:
            assert response.status == 200
        waits.append(time.monotonic() - start)
    return waits


def test_ten_times_the_load(project: Project) -> None:
    """Requests over the limit get 503; goodput and probes stay as before."""

    async def main() -> None:
        async with project.served(LIMITS__MAX_CONCURRENT_REQUESTS=str(MAX_CONCURRENT)) as service:
            before = await goodput(service, 2)
            assert before > 0
            stop = Event()
            probes = asyncio.gather(
                asyncio.to_thread(probe, service.port, stop),
                asyncio.to_thread(probe, service.admin_port, stop),
            )
            try:
                crowd = await crowded(service, 400, 10 * before, 6)
            finally:
                stop.set()
                waits = await probes

            assert crowd.odd == []
            assert crowd.results[503] > crowd.results[200]
            assert crowd.results[200] / 6 > 0.7 * before
            for found in waits:
                *others, _ = sorted(found)  # a packet that a busy machine drops may cost seconds
                assert others[-1] < 1
            async with asyncio.timeout(10):
                while await goodput(service, 1) < 0.7 * before:
                    pass

    asyncio.run(main())


# Errors of the service


def test_connection_outlives_an_error(project: Project) -> None:
    """After an unexpected error, the next request on the same connection is served."""

    async def main() -> None:
        async with project.served() as service, connected(service.port) as kept:
            for _ in range(30):
                failed = await kept.ask(get("/boom"))
                assert (failed.status, failed.is_problem, failed.closes) == (500, True, False)
                assert (await kept.ask(get("/items/1"))).status == 200

    asyncio.run(main())


SERIES = re.compile(
    r'^http_requests_total\{method="(\w+)",route="([^"]+)",status="(\d+)"\} (\S+)$', re.MULTILINE
)


async def counted(service: Service) -> dict[tuple[str, str, str], float]:
    """Return the requests by method, route and status."""
    response = await ask(service.admin_port, get("/metrics"))
    return {
        (method, route, status): float(number)
        for method, route, status, number in SERIES.findall(response.body.decode())
    }


def test_every_request_is_counted_once(project: Project) -> None:
    """Requests are counted by route and status, failures too, and paths add no series."""
    requests = {
        ("GET", "/items/{item_id}", "200"): [get(f"/items/{number}") for number in range(100)],
        ("GET", "/items/{item_id}", "422"): [get(f"/items/x{number}") for number in range(20)],
        ("GET", "unmatched", "404"): [get(f"/unknown/{number}") for number in range(100)],
        ("GET", "/boom", "500"): [get("/boom")] * 7,
        ("POST", "/items", "201"): [post("/items", b'{"name":"a"}')] * 5,
        ("POST", "/items", "422"): [post("/items", b"{}"), post("/items", b"{")],
        ("POST", "/items", "415"): [post("/items", b"x", b"Content-Type: text/plain\r\n")] * 3,
        ("POST", "/raw", "413"): [post_chunked("/raw", bytes(LIMIT), b"x")] * 2,
        ("DELETE", "/items", "405"): [request(b"DELETE", b"/items")] * 4,
        ("OTHER", "unmatched", "404"): [
            request(method, b"/unknown") for method in (b"PURGE", b"TRACE", b"PROPFIND")
        ],
    }
    expected = {key: len(sent) for key, sent in requests.items()}
    mixed = [data for sent in requests.values() for data in sent]
    Random(1).shuffle(mixed)  # noqa: S311  (no secret hangs on it)

    async def main() -> None:
        async with project.served() as service:
            for data in mixed:
                await asyncio.gather(
                    exchanged(service.port, data), ask(service.port, get("/health"))
                )

            assert await counted(service) == expected

    asyncio.run(main())
