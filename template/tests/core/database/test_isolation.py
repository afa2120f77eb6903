"""The isolation of tests: what they write is rolled back, and their transactions take turns."""

import asyncio
from functools import partial

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from {{ package_name }}.core.database import Database

from support import database as support
from support.database import undone
from support.tables import Note, NoteRepository, bodies


async def write(session: AsyncSession, text: str) -> None:
    """Store a note, and let other tasks run meanwhile."""
    await NoteRepository(session).save(Note(body=text))
    await asyncio.sleep(0)


async def test_concurrent_transactions_take_turns(database: Database) -> None:
    """Transactions that are started together are all committed, and undone at the end."""
    async with undone(database):
        writes = [database.write(partial(write, text=f"{number}")) for number in range(10)]
        reads = [bodies(database) for _ in range(10)]
        await asyncio.gather(*writes, *reads)
        during = await bodies(database)

    assert during == [f"{number}" for number in range(10)]


async def test_transaction_within_another(database: Database) -> None:
    """A task may read within a transaction of its own, and sees what that has written."""

    async def work(session: AsyncSession) -> list[str]:
        await write(session, "one")
        return await bodies(database)

    async with undone(database):
        assert await database.write(work) == ["one"]


async def test_transaction_that_waits_for_its_own_turn(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A transaction that waits for another task's is an error that names the other fixture."""
    monkeypatch.setattr(support, "TURN_SECONDS", 0.01)

    async def work(_session: AsyncSession) -> None:
        await asyncio.create_task(bodies(database))

    async with undone(database):
        with pytest.raises(RuntimeError, match="`concurrent_client` runs transactions at the same"):
            await database.read(work)
