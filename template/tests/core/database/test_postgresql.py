"""PostgreSQL: its errors mean what they mean, and no wait is endless."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from {{ package_name }}.core.database import Database, build
from {{ package_name }}.core.database import postgresql as dialect
from {{ package_name }}.core.errors import UnavailableError
from {{ package_name }}.settings import Settings

from support.tables import Note, bodies

Work = Callable[[AsyncSession], Awaitable[None]]


def crossing(first: int, second: int, both: asyncio.Barrier) -> Work:
    """Return work that locks two rows, the second of which somebody else holds at first."""
    tried = 0

    async def work(session: AsyncSession) -> None:
        nonlocal tried
        tried += 1
        for number in (first, second):
            note = await session.get_one(Note, number, with_for_update=True)
            note.body += f" {first}"
            if tried == 1 and number == first:
                await both.wait()

    return work


async def write_two(session: AsyncSession) -> None:
    """Write two notes."""
    session.add_all([Note(id=1, body="one"), Note(id=2, body="two")])


async def test_deadlock_is_nobody_s_problem(database: Database) -> None:
    """Two that wait for each other are both served: who is given up tries again."""
    await database.write(write_two)
    both = asyncio.Barrier(2)

    async with asyncio.TaskGroup() as group:
        group.create_task(database.write(crossing(1, 2, both)))
        group.create_task(database.write(crossing(2, 1, both)))

    found = [sorted(body.split()[1:]) for body in await bodies(database)]
    assert found == [["1", "2"], ["1", "2"]]


async def test_lock_is_not_waited_for_for_ever(database: Database, settings: Settings) -> None:
    """Who waits for what somebody else does not let go is told to come back later."""
    await database.write(write_two)
    hasty = build(settings.database.model_copy(update={"lock_seconds": 0.2}))

    async def lock(session: AsyncSession) -> None:
        await session.scalars(select(Note).with_for_update())

    async def hold(session: AsyncSession) -> None:
        await lock(session)
        with pytest.raises(UnavailableError):
            await hasty.write(lock)

    await database.write(hold)
    await hasty.engine.dispose()


async def test_server_knows_the_limits(database: Database) -> None:
    """The limits hold in the server, also for a client that is gone."""

    async def read(session: AsyncSession) -> list[str]:
        names = "statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout"
        return [str(await session.scalar(text(f"SHOW {name}"))) for name in names]

    assert await database.read(read) == ["15s", "5s", "30s"]


async def test_idle_connection_is_asked_first(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A connection that nobody has used for a while, and that works, goes on working."""
    monkeypatch.setattr(dialect, "IDLE_SECONDS", -1)

    async def own(session: AsyncSession) -> int:
        return int((await session.scalars(text("SELECT pg_backend_pid()"))).one())

    assert await database.read(own) == await database.read(own)


async def test_closed_connection_is_replaced(database: Database, settings: Settings) -> None:
    """Who comes after the server has closed an idle connection notices nothing of it."""

    async def own(session: AsyncSession) -> int:
        return int((await session.scalars(text("SELECT pg_backend_pid()"))).one())

    async def end(session: AsyncSession) -> bool:
        query = text("SELECT pg_terminate_backend(:number, 5000)")
        return bool(await session.scalar(query, {"number": idle}))

    idle = await database.read(own)
    other = build(settings.database)
    assert await other.write(end)
    await asyncio.sleep(0.1)  # the news is on its way

    assert await database.read(own) != idle
    await other.engine.dispose()
