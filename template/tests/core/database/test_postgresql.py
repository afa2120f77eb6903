"""PostgreSQL: conflicts are retried, and every wait has a timeout."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from sqlalchemy import make_url, text
from sqlalchemy.ext.asyncio import AsyncSession

from {{ package_name }}.core.database import Database, build
from {{ package_name }}.core.database import postgresql as dialect
from {{ package_name }}.core.errors import UnavailableError
from {{ package_name }}.practices import PracticeSettings

from support.database import counted
from support.tables import Note, NoteRepository, bodies

Work = Callable[[AsyncSession], Awaitable[None]]


def crossing(first: int, second: int, both: asyncio.Barrier) -> Work:
    """Return work that locks two rows; the barrier makes its first attempt meet a deadlock."""
    attempts = 0

    async def work(session: AsyncSession) -> None:
        nonlocal attempts
        attempts += 1
        for note_id in (first, second):
            note = await session.get_one(Note, note_id, with_for_update=True)
            note.body += f" {first}"
            if attempts == 1 and note_id == first:
                await both.wait()

    return work


async def test_missing_database_is_an_outage(database_url: str) -> None:
    """A server that rejects the connection is as unavailable as one that is down."""
    url = make_url(database_url).set(database="missing").render_as_string(hide_password=False)
    missing = build(PracticeSettings.load({"database": {"url": url}}).database)

    with pytest.raises(UnavailableError):
        await missing.probe()
    await missing.engine.dispose()


async def backend_pid(session: AsyncSession) -> int:
    """Return the process id of the connection's server process."""
    return int((await session.scalars(text("SELECT pg_backend_pid()"))).one())


async def write_two(session: AsyncSession) -> None:
    """Write two notes."""
    session.add_all([Note(id=1, body="one"), Note(id=2, body="two")])


async def test_deadlock_is_retried(database: Database) -> None:
    """Two transactions that wait for each other both succeed: one is rolled back and retried."""
    await database.write(write_two)
    both = asyncio.Barrier(2)

    async with asyncio.TaskGroup() as group:
        group.create_task(database.write(crossing(1, 2, both)))
        group.create_task(database.write(crossing(2, 1, both)))

    found = [sorted(body.split()[1:]) for body in await bodies(database)]
    assert found == [["1", "2"], ["1", "2"]]


async def test_lock_timeout_is_an_outage(database: Database, settings: PracticeSettings) -> None:
    """A transaction that waits too long for a locked row raises an UnavailableError."""
    await database.write(write_two)
    impatient = build(settings.database.model_copy(update={"lock_timeout_seconds": 0.2}))

    async def lock(session: AsyncSession) -> None:
        await NoteRepository(session).get(1, for_update=True)

    async def hold(session: AsyncSession) -> None:
        await lock(session)
        with pytest.raises(UnavailableError):
            await impatient.write(lock)

    await database.write(hold)
    await impatient.engine.dispose()


async def test_server_enforces_the_timeouts(database: Database) -> None:
    """The server has the timeouts too, for a client that is lost."""

    async def read(session: AsyncSession) -> list[str]:
        names = "statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout"
        return [str(await session.scalar(text(f"SHOW {name}"))) for name in names]

    assert await database.read(read) == ["15s", "5s", "30s"]


async def test_transactions_have_the_timeouts_behind_a_pooler(settings: PracticeSettings) -> None:
    """With transaction pooling, one statement sets the timeouts in each transaction only."""
    pooled = build(settings.database.model_copy(update={"transaction_pooling": True}))

    async def read(session: AsyncSession) -> list[str]:
        names = "statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout"
        return [str(await session.scalar(text(f"SHOW {name}"))) for name in names]

    with counted(pooled) as statements:
        assert await pooled.read(read) == ["15s", "5s", "30s"]
        assert await pooled.write(read) == ["15s", "5s", "30s"]
    async with pooled.engine.connect() as connection:
        outside = await connection.execution_options(isolation_level="AUTOCOMMIT")
        assert (await outside.exec_driver_sql("SHOW statement_timeout")).scalar() == "0"
    await pooled.engine.dispose()
    assert len(statements) == 2 * (1 + 3)


async def test_no_statement_stays_prepared_behind_a_pooler(settings: PracticeSettings) -> None:
    """With transaction pooling, no prepared statement is left in a session for another client."""
    limits = {"transaction_pooling": True, "pool_size": 1}
    pooled = build(settings.database.model_copy(update=limits))

    async def prepared(session: AsyncSession) -> list[str]:
        await session.execute(text("SELECT 1"))
        await session.execute(text("SELECT 2"))
        return list(await session.scalars(text("SELECT name FROM pg_prepared_statements")))

    assert await pooled.read(prepared) == []
    await pooled.engine.dispose()


async def test_idle_connection_is_tested(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A connection that was idle for long is pinged, and used again."""
    monkeypatch.setattr(dialect, "PING_AFTER_SECONDS", -1)

    assert await database.read(backend_pid) == await database.read(backend_pid)


async def test_closed_connection_is_replaced(
    database: Database, settings: PracticeSettings
) -> None:
    """After the server has closed an idle connection, the next transaction gets a new one."""

    async def end(session: AsyncSession) -> bool:
        query = text("SELECT pg_terminate_backend(:pid, 5000)")
        return bool(await session.scalar(query, {"pid": idle}))

    idle = await database.read(backend_pid)
    other = build(settings.database)
    assert await other.write(end)
    await asyncio.sleep(0.1)  # until the client has read the close

    assert await database.read(backend_pid) != idle
    await other.engine.dispose()
