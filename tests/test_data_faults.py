"""What a service with a database must survive: the crash, freeze and absence of it, and its own.

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
    postgres,
    sqlite_rows,
)
from environment import check, run
from faults import (
    CANARY,
    Answer,
    Project,
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
"""Seconds after a limit in which the service must have acted on it."""

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
    """Refuse that anything of what happens in the block lasts, or does not belong into the log."""
    yield
    assert service.process.poll() is None
    await eventually(partial(is_idle, service), DEADLINE + PATIENCE)
    for line in service.lines():
        assert CANARY.decode() not in line
        status = json.loads(line).get("status", 200)
        assert status in {503, 504} or status < 500, line


@asynccontextmanager
async def served(project: Project, pool_size: int = 10) -> AsyncIterator[Service]:
    """Serve a project, and see that nothing lasts."""
    async with (
        project.served(DATABASE__POOL_SIZE=str(pool_size)) as service,
        sound(service),
    ):
        yield service


@dataclass(frozen=True, slots=True)
class Timed:
    """An answer, and how long it took."""

    answer: Answer
    seconds: float


async def timed(service: Service, data: bytes) -> Timed:
    """Ask, and look at the clock."""
    start = time.monotonic()
    return Timed(await ask(service.port, data), time.monotonic() - start)


async def all_told(service: Service, requests: list[bytes], seconds: float) -> None:
    """Send all at once; refuse that one waits longer, or is told anything but to come back."""
    found = await asyncio.gather(*(timed(service, data) for data in requests))
    for each in found:
        assert is_outage(each.answer), each
        assert each.seconds < seconds + PATIENCE, each


async def all_pass(service: Service, requests: list[bytes], status: int) -> None:
    """Send all at once; refuse that one is answered otherwise."""
    found = await asyncio.gather(*(ask(service.port, data) for data in requests))
    assert [answer.status for answer in found] == [status] * len(requests)


async def unhurt(service: Service) -> None:
    """Refuse that a probe, or who needs no database, waits."""
    waits = []
    for _ in range(10):
        for data in (PROBE, NEEDS_NONE):
            found = await timed(service, data)
            assert found.answer.status == 200
            waits.append(found.seconds)
        await asyncio.sleep(0.05)
    assert sorted(waits)[-3] < 0.2, waits  # a busy machine may lose a packet


# Away


async def is_alive(service: Service) -> bool:
    """Tell whether the process answers."""
    assert service.process.poll() is None, service.lines()
    try:
        return (await ask(service.port, PROBE, 5)).status == 200
    except OSError:
        return False


def test_database_may_come_later(project: Project, server: Postgres) -> None:
    """Without its database a service lives and says so; it serves as soon as that is there."""

    async def main() -> None:
        async with project.running() as service, sound(service):
            await eventually(partial(is_alive, service), 60)
            await unhurt(service)
            assert (await ask(service.port, get("/health/ready"))).status == 503
            await all_told(service, [NEEDS_DATABASE] * 20, CONNECT)

            await asyncio.to_thread(server.start)
            await until_ready(service, 5)
            await all_pass(service, [NEEDS_DATABASE] * 20, 200)

    server.stop()
    asyncio.run(main())


def test_wrong_password_is_told(project: Project, server: Postgres) -> None:
    """Who has the wrong password finds that in the log, and the password nowhere."""
    url = server.url(f"not-{CANARY.decode()}")

    async def main() -> None:
        async with project.running(DATABASE__URL=url) as service, sound(service):
            await eventually(partial(is_alive, service), 60)
            assert not await is_ready(service)
            answer = await ask(service.port, NEEDS_DATABASE)
            assert is_outage(answer)
            assert CANARY not in answer.body
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
    """What was acknowledged is stored, what was not can be asked again, and nobody waits long."""

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


# Waits


def test_database_freezes(project: Project, server: Postgres) -> None:
    """Of a database that says nothing more, only those hear who need it, and in time."""

    async def main() -> None:
        async with served(project) as service:
            bank = await opened_bank(service, DEADLINE + PATIENCE, 2, 1000)
            transfers = bank.plain(20)
            async with asyncio.TaskGroup() as group:
                load = [group.create_task(timed(service, data)) for data in transfers]
                with server.frozen():
                    asked = [NEEDS_DATABASE] * 20
                    await asyncio.gather(all_told(service, asked, DEADLINE), unhurt(service))
                    assert not await is_ready(service)
                await until_ready(service, 5)
            for found in (task.result() for task in load):
                assert found.answer.status == 201 or is_outage(found.answer)
                assert found.seconds < DEADLINE + PATIENCE
            await all_pass(service, transfers, 201)
            assert server.rows("SELECT count(*) FROM transfers") == [(20,)]

    asyncio.run(main())


def test_locks_and_connections_are_not_waited_for_for_ever(
    project: Project, server: Postgres
) -> None:
    """Who needs what somebody else holds, or a connection when there is none, is told so soon."""

    async def main() -> None:
        async with served(project, pool_size=2) as service:
            bank = await opened_bank(service, DEADLINE + PATIENCE, 2, 1000)
            with server.locked():
                await all_told(service, bank.plain(1), LOCK)
                # PostgreSQL waits in line for a row, and then for the row: LOCK holds for each.
                told = all_told(service, bank.plain(8), POOL + 2 * LOCK)
                await asyncio.gather(told, unhurt(service))
            await all_pass(service, bank.plain(8), 201)

    asyncio.run(main())


async def leave(service: Service, data: bytes, seconds: float) -> None:
    """Ask, and be gone before the answer comes."""
    _, writer = await asyncio.open_connection("127.0.0.1", service.port)
    writer.write(data)
    await asyncio.sleep(seconds)
    await closed(writer)


def test_clients_that_leave(project: Project, server: Postgres) -> None:
    """A thousand clients that don't wait for their answer cost no connection to the database."""

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
"""After which a busy machine need not go on to the last transfer."""


async def spend(bank: Bank, disturb: Callable[[], Awaitable[None]]) -> None:
    """Move money from many clients, and disturb them once in the middle."""
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
    """Ten thousand transfers, and a crash of the database among them, neither make nor lose any."""

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
    """So it is when the service itself is killed, and the next one finds its file."""
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
