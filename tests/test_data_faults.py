"""Faults of the database: a crash, a freeze, an outage; and the crash of the service itself.

A rendered project is served by its own command, on a PostgreSQL that is started here or on SQLite.
A bound on time is a setting of the service plus a second.
"""

import asyncio
import json
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest

from conftest import Variant
from data_faults import (
    Bank,
    Postgres,
    is_idle,
    is_outage,
    opened_bank,
    pooler,
    postgres,
    sqlite_rows,
)
from environment import check, run
from faults import (
    CANARY,
    Project,
    Response,
    Service,
    ask,
    closed,
    eventually,
    get,
    installed,
    is_ready,
    until_ready,
)

pytestmark = [
    pytest.mark.full,
    pytest.mark.timed,
    pytest.mark.skipif(sys.platform != "linux", reason="asks /proc for the database's processes"),
]

PATIENCE = 1.0
"""Seconds after a timeout until the service must have acted."""

DEADLINE = 3.0
CONNECT = 1.0
POOL = 1.0
LOCK = 1.0

LIMITS = {
    "MY_SERVICE_LIMITS__REQUEST_TIMEOUT_SECONDS": str(DEADLINE),
    "MY_SERVICE_DATABASE__POOL_TIMEOUT_SECONDS": str(POOL),
    "MY_SERVICE_DATABASE__LOCK_TIMEOUT_SECONDS": str(LOCK),
    "MY_SERVICE_HEALTH__PROBE_TIMEOUT_SECONDS": "1",
}
POSTGRESQL_LIMITS = {
    "MY_SERVICE_DATABASE__CONNECT_TIMEOUT_SECONDS": str(CONNECT),
    "MY_SERVICE_DATABASE__STATEMENT_TIMEOUT_SECONDS": "2",
}

NEEDS_DATABASE = get("/accounts")
NEEDS_NONE = get("/openapi.json")
PROBE = get("/health")


@pytest.fixture(scope="module")
def server() -> Iterator[Postgres]:
    """Yield the server."""
    with postgres() as server:
        yield server


@pytest.fixture(scope="module")
def installed_project(variant: Variant, server: Postgres) -> Iterator[Project]:
    """Yield an installed project, whose tables are on the server."""
    with installed(variant(preset="full", database="postgresql")) as project:
        url = {"MY_SERVICE_DATABASE__URL": server.url()}
        project.shell.update(LIMITS | POSTGRESQL_LIMITS | url)
        check(run(project.folder, ["my-service", "migrate"], project.shell))
        yield project


@pytest.fixture
def project(installed_project: Project, server: Postgres) -> Project:
    """Return the project, with nothing in its tables."""
    server.start()
    emptied = server.run("app", "TRUNCATE users, posts, accounts, transfers")
    assert emptied.returncode == 0, emptied.stderr
    return installed_project


@asynccontextmanager
async def sound(service: Service) -> AsyncIterator[None]:
    """Fail if connections stay in use after the block, or the log has a secret or an error."""
    yield
    assert service.process.poll() is None
    await eventually(partial(is_idle, service), DEADLINE + PATIENCE)
    for line in service.lines():
        assert CANARY.decode() not in line
        status = json.loads(line).get("status", 200)
        assert status in {503, 504} or status < 500, line


@asynccontextmanager
async def served(project: Project, pool_size: int = 10) -> AsyncIterator[Service]:
    """Serve a project, and check it after the block as `sound` does."""
    async with (
        project.served(DATABASE__POOL_SIZE=str(pool_size)) as service,
        sound(service),
    ):
        yield service


@dataclass(frozen=True, slots=True)
class Timed:
    """A response and its duration."""

    response: Response
    seconds: float


async def timed(service: Service, data: bytes) -> Timed:
    """Send a request and measure its duration."""
    start = time.monotonic()
    return Timed(await ask(service.port, data), time.monotonic() - start)


async def all_unavailable(service: Service, requests: list[bytes], seconds: float) -> None:
    """Send all concurrently; fail unless each gets an outage response in time."""
    found = await asyncio.gather(*(timed(service, data) for data in requests))
    for each in found:
        assert is_outage(each.response), each
        assert each.seconds < seconds + PATIENCE, each


async def all_pass(service: Service, requests: list[bytes], status: int) -> None:
    """Send all concurrently; fail unless each gets the status."""
    found = await asyncio.gather(*(ask(service.port, data) for data in requests))
    assert [response.status for response in found] == [status] * len(requests)


async def unhurt(service: Service) -> None:
    """Fail if a probe, or a request without the database, takes over 200 ms."""
    waits = []
    for _ in range(10):
        for data in (PROBE, NEEDS_NONE):
            found = await timed(service, data)
            assert found.response.status == 200
            waits.append(found.seconds)
        await asyncio.sleep(0.05)
    assert sorted(waits)[-3] < 0.2, waits  # a busy machine may lose a packet


# Outages


async def is_alive(service: Service) -> bool:
    """Return whether the process responds."""
    assert service.process.poll() is None, service.lines()
    try:
        return (await ask(service.port, PROBE, 5)).status == 200
    except OSError:
        return False


def test_database_may_come_later(project: Project, server: Postgres) -> None:
    """A service starts without its database, is not ready, and serves once the database is up."""

    async def main() -> None:
        async with project.running() as service, sound(service):
            await eventually(partial(is_alive, service), 60)
            await unhurt(service)
            assert (await ask(service.port, get("/health/ready"))).status == 503
            await all_unavailable(service, [NEEDS_DATABASE] * 20, CONNECT)

            await asyncio.to_thread(server.start)
            await until_ready(service, 5)
            await all_pass(service, [NEEDS_DATABASE] * 20, 200)

    server.stop()
    asyncio.run(main())


def test_wrong_password_is_logged(project: Project, server: Postgres) -> None:
    """A wrong password is reported in the log, without the password."""
    url = server.url(f"not-{CANARY.decode()}")

    async def main() -> None:
        async with project.running(DATABASE__URL=url) as service, sound(service):
            await eventually(partial(is_alive, service), 60)
            assert not await is_ready(service)
            response = await ask(service.port, NEEDS_DATABASE)
            assert is_outage(response)
            assert CANARY not in response.body
            (line, *_) = (line for line in service.lines() if "probe.failed" in line)
            assert "password authentication failed for user" in line

    asyncio.run(main())


# Crashes


@pytest.mark.parametrize(
    "end", [pytest.param(Postgres.kill, id="killed"), pytest.param(Postgres.stop, id="restarted")]
)
def test_database_ends_under_load(
    project: Project, server: Postgres, end: Callable[[Postgres], None]
) -> None:
    """Acknowledged transfers are stored, the others can be retried, and no client waits long."""

    async def main() -> Bank:
        async with served(project) as service:
            bank = await opened_bank(service, DEADLINE + PATIENCE, 20, 1000)
            stop = asyncio.Event()
            async with asyncio.TaskGroup() as group:
                for name in range(20):
                    group.create_task(bank.move_some(f"client-{name}", lambda _: stop.is_set()))
                for _ in range(4):
                    await asyncio.sleep(0.8)
                    await asyncio.to_thread(end, server)
                    await unhurt(service)
                    await asyncio.to_thread(server.start)
                    await until_ready(service, 5)
                stop.set()
            return bank

    bank = asyncio.run(main())

    bank.check(server.rows, 1000)
    assert bank.results["503"] > 0, bank.results
    assert bank.results["201"] > 200, bank.results


def test_pooler_in_transaction_mode(project: Project, server: Postgres) -> None:
    """Behind PgBouncer, 20 connections share 3 sessions, if the service knows of it."""

    async def main(url: str) -> Bank:
        async with project.running(DATABASE__URL=url) as unaware:
            await eventually(partial(is_alive, unaware), 60)
            assert not await is_ready(unaware)
        async with (
            project.served(
                DATABASE__URL=url, DATABASE__TRANSACTION_POOLING="true", DATABASE__POOL_SIZE="20"
            ) as service,
            sound(service),
        ):
            bank = await opened_bank(service, DEADLINE + PATIENCE, 20, 1000)
            async with asyncio.TaskGroup() as group:
                for number in range(20):
                    group.create_task(bank.move_some(f"client-{number}", lambda count: count == 20))
            return bank

    with pooler(server, sessions=3) as url:
        pooled = {"MY_SERVICE_DATABASE__TRANSACTION_POOLING": "true"}
        shell = project.shell | pooled | {"MY_SERVICE_DATABASE__URL": url}
        check(run(project.folder, ["my-service", "migrate"], shell))
        bank = asyncio.run(main(url))

    bank.check(server.rows, 1000)
    assert bank.results["201"] > 200, bank.results


# Waits


def test_database_freezes(project: Project, server: Postgres) -> None:
    """When the database freezes, only requests that need it fail, within their timeouts."""

    async def main() -> None:
        async with served(project) as service:
            bank = await opened_bank(service, DEADLINE + PATIENCE, 2, 1000)
            transfers = bank.plain(20)
            async with asyncio.TaskGroup() as group:
                load = [group.create_task(timed(service, data)) for data in transfers]
                with server.frozen():
                    asked = [NEEDS_DATABASE] * 20
                    await asyncio.gather(all_unavailable(service, asked, DEADLINE), unhurt(service))
                    assert not await is_ready(service)
                await until_ready(service, 5)
            for found in (task.result() for task in load):
                assert found.response.status == 201 or is_outage(found.response)
                assert found.seconds < DEADLINE + PATIENCE
            await all_pass(service, transfers, 201)
            assert server.rows("SELECT count(*) FROM transfers") == [(20,)]

    asyncio.run(main())


def test_waits_for_locks_and_connections_are_bounded(project: Project, server: Postgres) -> None:
    """Waits for a locked row or for a connection end at their timeouts."""

    async def main() -> None:
        async with served(project, pool_size=2) as service:
            bank = await opened_bank(service, DEADLINE + PATIENCE, 2, 1000)
            with server.locked():
                await all_unavailable(service, bank.plain(1), LOCK)
                # PostgreSQL queues for a row, then waits for its lock: LOCK is the timeout of each.
                refused = all_unavailable(service, bank.plain(8), POOL + 2 * LOCK)
                await asyncio.gather(refused, unhurt(service))
            await all_pass(service, bank.plain(8), 201)

    asyncio.run(main())


async def leave(service: Service, data: bytes, seconds: float) -> None:
    """Send a request, and close the connection before the response."""
    _, writer = await asyncio.open_connection("127.0.0.1", service.port)
    writer.write(data)
    await asyncio.sleep(seconds)
    await closed(writer)


def test_clients_that_leave(project: Project, server: Postgres) -> None:
    """A thousand clients that close early leave no connection of the pool in use."""

    async def main() -> None:
        async with served(project) as service:
            bank = await opened_bank(service, DEADLINE + PATIENCE, 2, 1000)
            transfers = bank.plain(1000)
            while transfers:
                some, transfers = transfers[:50], transfers[50:]
                async with asyncio.TaskGroup() as group:
                    for number, data in enumerate(some):
                        group.create_task(leave(service, data, number / 1000))
            await eventually(partial(is_idle, service), DEADLINE + PATIENCE)
            mine = "FROM pg_stat_activity WHERE application_name = 'my-service'"
            assert server.rows(f"SELECT count(*) {mine} AND state <> 'idle'") == [(0,)]
            assert server.rows(f"SELECT count(*) {mine}") <= [(10,)]
            await all_pass(service, [NEEDS_DATABASE] * 20, 200)

    asyncio.run(main())


# Money

CLIENTS = 50
TRANSFERS = 200
SECONDS = 40
"""The clients stop after this time, even if transfers are left."""


async def spend(bank: Bank, disturb: Callable[[], Awaitable[None]]) -> None:
    """Request transfers from many clients, and cause one fault in the middle."""
    start = time.monotonic()

    def is_over(number: int) -> bool:
        return number == TRANSFERS or time.monotonic() > start + SECONDS

    async def is_half_done() -> bool:
        is_late = time.monotonic() > start + SECONDS / 2
        return is_late or len(bank.ledger) > CLIENTS * TRANSFERS / 2

    async def disturb_later() -> None:
        await eventually(is_half_done, SECONDS)
        await disturb()

    async with asyncio.TaskGroup() as group:
        group.create_task(disturb_later())
        for name in range(CLIENTS):
            group.create_task(bank.move_some(f"task-{name:02}", is_over))
    assert len(bank.ledger) > 10 * CLIENTS, bank.results


def test_money_on_postgresql(project: Project, server: Postgres) -> None:
    """Ten thousand transfers keep the sum of all balances, though the database crashes once."""

    async def main() -> Bank:
        async with served(project) as service:
            bank = await opened_bank(service, DEADLINE + PATIENCE, 20, 1000)

            async def crash() -> None:
                await asyncio.to_thread(server.kill)
                await asyncio.to_thread(server.start)

            await spend(bank, crash)
            return bank

    bank = asyncio.run(main())

    bank.check(server.rows, 1000)


def test_money_on_sqlite(variant: Variant, tmp_path: Path) -> None:
    """The sum holds too when the service is killed and the next one opens its file."""
    file = tmp_path / "bank.db"

    async def main(project: Project) -> Bank:
        async with project.served() as first:
            bank = await opened_bank(first, DEADLINE + PATIENCE, 20, 1000)
            bank.may_lose = True
            killed, ended = asyncio.Event(), asyncio.Event()

            async def crash() -> None:
                first.process.kill()
                await first.status()
                killed.set()

            async def replace() -> None:
                await killed.wait()
                async with project.served(first.port) as second, sound(second):
                    bank.service = second
                    await ended.wait()

            async with asyncio.TaskGroup() as group:
                group.create_task(replace())
                await spend(bank, crash)
                ended.set()
            return bank

    with installed(variant(preset="full", database="sqlite")) as project:
        url = {"MY_SERVICE_DATABASE__URL": f"sqlite+aiosqlite:///{file}"}
        project.shell.update(LIMITS | url)
        check(run(project.folder, ["my-service", "migrate"], project.shell))
        bank = asyncio.run(main(project))

    bank.check(sqlite_rows(file), 1000)
