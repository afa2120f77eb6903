"""SQLite: one transaction writes at a time, and every wait has a timeout."""

import asyncio
import sqlite3

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from {{ package_name }}.core.database import Database, build
from {{ package_name }}.core.database.sqlite import violates
from {{ package_name }}.core.errors import UnavailableError
from {{ package_name }}.settings import Settings

from support.tables import Note, bodies


async def test_writers_are_serialized(database: Database) -> None:
    """Of ten transactions that read and then write, none loses the update of another."""

    async def write(session: AsyncSession) -> None:
        count = await session.scalar(text("SELECT count(*) FROM scratch_notes"))
        await asyncio.sleep(0.01)
        session.add(Note(body=f"note {count}"))

    async with asyncio.TaskGroup() as group:
        for _ in range(10):
            group.create_task(database.write(write))

    assert await bodies(database) == [f"note {number}" for number in range(10)]


async def test_lock_timeout_is_an_outage(database: Database, settings: Settings) -> None:
    """A writer that waits too long raises an UnavailableError; readers don't wait."""
    impatient = build(settings.database.model_copy(update={"lock_timeout_seconds": 0.2}))

    async def write(session: AsyncSession) -> None:
        session.add(Note(body="mine"))

    async def hold(session: AsyncSession) -> None:
        session.add(Note(body="held"))
        await session.flush()
        assert await bodies(impatient) == []
        with pytest.raises(UnavailableError):
            await impatient.write(write)

    await database.write(hold)
    await impatient.engine.dispose()
    assert await bodies(database) == ["held"]


async def test_waiting_writers_hold_no_connection(database: Database, settings: Settings) -> None:
    """Waiting writers leave the pool to readers, and have a timeout."""
    limits = {"pool_size": 2, "pool_timeout_seconds": 0.2, "lock_timeout_seconds": 0.2}
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


@pytest.mark.parametrize(
    ("message", "violated"),
    [
        ("FOREIGN KEY constraint failed", {"fk_orders_customer_id", "fk_orders_product_id"}),
        ("UNIQUE constraint failed: orders.number", {"uq_orders_number"}),
        ("UNIQUE constraint failed: orders.year, orders.number", {"uq_orders_year_number"}),
        ("CHECK constraint failed: ck_orders_total", {"ck_orders_total"}),
        ("NOT NULL constraint failed: orders.number", set()),
    ],
)
def test_message_names_the_constraint(message: str, violated: set[str]) -> None:
    """The message of SQLite names the violated constraint, unless it is a foreign key."""
    error = IntegrityError("", None, sqlite3.IntegrityError(message))
    names = (
        "fk_orders_customer_id",
        "fk_orders_product_id",
        "uq_orders_number",
        "uq_orders_year_number",
        "ck_orders_total",
    )

    assert {name for name in names if violates(error, name)} == violated


async def test_pragmas_are_set(database: Database) -> None:
    """Readers don't block the writer, and foreign keys are checked."""

    async def read(session: AsyncSession) -> list[object]:
        names = "journal_mode", "foreign_keys"
        return [await session.scalar(text(f"PRAGMA {name}")) for name in names]

    assert await database.read(read) == ["wal", 1]
