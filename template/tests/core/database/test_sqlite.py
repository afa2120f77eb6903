"""SQLite: one writes at a time, and nobody waits for it for ever."""

import asyncio
import sqlite3

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from {{ package_name }}.core.database import Database, build
from {{ package_name }}.core.database.sqlite import is_broken
from {{ package_name }}.core.errors import UnavailableError
from {{ package_name }}.settings import Settings

from support.tables import Note, bodies


async def test_writers_take_turns(database: Database) -> None:
    """Ten that read before they write lose nothing of each other."""

    async def write(session: AsyncSession) -> None:
        count = await session.scalar(text("SELECT count(*) FROM scratch_notes"))
        await asyncio.sleep(0.01)
        session.add(Note(body=f"note {count}"))

    async with asyncio.TaskGroup() as group:
        for _ in range(10):
            group.create_task(database.write(write))

    assert await bodies(database) == [f"note {number}" for number in range(10)]


async def test_writer_is_not_waited_for_for_ever(database: Database, settings: Settings) -> None:
    """Who waits for somebody that does not end is told to come back later; readers don't wait."""
    hasty = build(settings.database.model_copy(update={"lock_seconds": 0.2}))

    async def write(session: AsyncSession) -> None:
        session.add(Note(body="mine"))

    async def hold(session: AsyncSession) -> None:
        session.add(Note(body="held"))
        await session.flush()
        assert await bodies(hasty) == []
        with pytest.raises(UnavailableError):
            await hasty.write(write)

    await database.write(hold)
    await hasty.engine.dispose()
    assert await bodies(database) == ["held"]


async def test_writers_leave_room_for_readers(database: Database, settings: Settings) -> None:
    """Who waits for a turn holds no connection meanwhile, and is told if it does not come."""
    limits = {"pool_size": 2, "pool_seconds": 0.2, "lock_seconds": 0.2}
    small = build(settings.database.model_copy(update=limits))

    async def write(session: AsyncSession) -> None:
        session.add(Note(body="mine"))

    async def hold(_session: AsyncSession) -> None:
        waiting = [asyncio.create_task(small.write(write)) for _ in range(5)]
        assert await bodies(small) == []
        for task in waiting:
            with pytest.raises(UnavailableError, match="Too many"):
                await task

    await small.write(hold)
    await small.engine.dispose()
    assert await bodies(database) == []


def test_broken_reference_is_known() -> None:
    """SQLite does not say which reference is broken, so it may be any."""
    broken = IntegrityError("", None, sqlite3.IntegrityError("FOREIGN KEY constraint failed"))

    assert is_broken("fk_orders_customer_id", broken)
    assert not is_broken("uq_orders_number", broken)


async def test_files_are_safe(database: Database) -> None:
    """Readers don't block the writer, and references between tables are checked."""

    async def read(session: AsyncSession) -> list[object]:
        names = "journal_mode", "foreign_keys"
        return [await session.scalar(text(f"PRAGMA {name}")) for name in names]

    assert await database.read(read) == ["wal", 1]
