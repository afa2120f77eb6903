"""The database: work is done whole or not at all, and an outage is told as one."""

import asyncio
import logging
from datetime import UTC, datetime, timedelta, timezone

import pytest
from fastapi import APIRouter, Request
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError, IntegrityError, StatementError
from sqlalchemy.ext.asyncio import AsyncSession

from {{ package_name }}.app import create_app
from {{ package_name }}.core.component import Component
from {{ package_name }}.core.database import (
    ATTEMPTS,
    Database,
    GivenUpError,
    build,
)
from {{ package_name }}.core.database import {{ database }} as dialect
from {{ package_name }}.core.database.models import from_text
from {{ package_name }}.core.errors import UnavailableError
from {{ package_name }}.practices import enabled
from {{ package_name }}.settings import Settings

from support.client import connect
from support.database import AWAY
from support.tables import Note, Scratch, bodies


async def test_work_is_committed(database: Database) -> None:
    """What work has changed is there for others when it has succeeded."""

    async def work(session: AsyncSession) -> str:
        session.add(Note(body="kept"))
        return "done"

    assert await database.write(work) == "done"
    assert await bodies(database) == ["kept"]


async def test_failed_work_leaves_nothing(database: Database) -> None:
    """An error of whatever kind undoes what the work has changed, and arrives as it was raised."""

    async def work(session: AsyncSession) -> None:
        session.add(Note(body="lost"))
        await session.flush()
        raise LookupError

    with pytest.raises(LookupError):
        await database.write(work)
    assert await bodies(database) == []


async def test_cancelled_work_leaves_nothing(database: Database) -> None:
    """A request that is ended in the middle has changed nothing, and gives its connection back."""
    begun = asyncio.Event()

    async def work(session: AsyncSession) -> None:
        session.add(Note(body="lost"))
        await session.flush()
        begun.set()
        await asyncio.sleep(60)

    writing = asyncio.create_task(database.write(work))
    await begun.wait()
    writing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await writing

    assert await bodies(database) == []


async def test_reading_writes_nothing(database: Database) -> None:
    """Work that says it only reads is held to it, and its mistake is not taken for an outage."""

    async def work(session: AsyncSession) -> None:
        session.add(Note(body="lost"))

    with pytest.raises(DBAPIError, match=r"read-?only"):
        await database.read(work)
    await database.write(work)
    assert await bodies(database) == ["lost"]


async def test_broken_rule_is_no_outage(database: Database) -> None:
    """What the database refuses because of the data is not taken for its failure."""

    async def work(session: AsyncSession) -> None:
        session.add_all([Note(body="same"), Note(body="same")])

    with pytest.raises(IntegrityError, match="scratch_notes") as broken:
        await database.write(work)
    assert dialect.is_broken("uq_scratch_notes_body", broken.value)
    assert not dialect.is_broken("uq_scratch_notes_written", broken.value)


def test_constraints_have_names() -> None:
    """Migrations and errors can name every constraint."""
    names = {constraint.name for constraint in Scratch.metadata.tables["scratch_notes"].constraints}

    assert names == {"pk_scratch_notes", "uq_scratch_notes_body"}


class Giving:
    """Work that the database gives up so many times."""

    def __init__(self, times: int) -> None:
        self.times = times
        self.tried = 0

    async def __call__(self, session: AsyncSession) -> int:
        """Write, then be given up."""
        self.tried += 1
        session.add(Note(body=f"try {self.tried}"))
        await session.flush()
        if self.tried <= self.times:
            raise GivenUpError("Others changed the same data; try again.")
        return self.tried


async def test_work_that_was_given_up_is_done_again(database: Database) -> None:
    """Work that another transaction has pushed aside is done anew, from the start."""
    assert await database.write(Giving(ATTEMPTS - 1)) == ATTEMPTS
    assert await bodies(database) == [f"try {ATTEMPTS}"]


async def test_work_is_not_tried_for_ever(database: Database) -> None:
    """Who is pushed aside each time is told to come back later."""
    work = Giving(ATTEMPTS)

    with pytest.raises(UnavailableError):
        await database.write(work)
    assert work.tried == ATTEMPTS


async def test_conflict_is_told_from_other_errors(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the database calls a conflict is tried again, and then the caller may."""
    monkeypatch.setattr(dialect, "is_conflict", lambda error: isinstance(error, IntegrityError))
    tried = []

    async def work(session: AsyncSession) -> None:
        tried.append(1)
        session.add_all([Note(body="same"), Note(body="same")])

    with pytest.raises(GivenUpError):
        await database.write(work)
    assert len(tried) == ATTEMPTS


async def test_full_pool_is_an_outage(settings: Settings) -> None:
    """Who gets no connection in time is told so, instead of waiting on."""
    small = settings.database.model_copy(update={"pool_size": 1, "pool_seconds": 0.2})
    database = build(small)

    async def wait(session: AsyncSession) -> None:
        await read(session)
        with pytest.raises(UnavailableError, match="reached"):
            await database.read(read)

    async def read(session: AsyncSession) -> None:
        await session.execute(text("SELECT 1"))

    await database.read(wait)
    await database.engine.dispose()


async def test_moments_are_aware(database: Database) -> None:
    """A time comes back with its zone, and as the same moment, whatever zone it had."""
    there = timezone(timedelta(hours=5))
    moment = datetime(2026, 1, 2, 3, 4, tzinfo=there)

    async def write(session: AsyncSession) -> None:
        session.add_all([Note(body="dated", written=moment), Note(body="never")])

    async def read(session: AsyncSession) -> list[datetime | None]:
        return list(await session.scalars(select(Note.written).order_by(Note.id)))

    await database.write(write)
    assert await database.read(read) == [moment.astimezone(UTC), None]


def test_text_is_utc() -> None:
    """SQLite stores text, with a fraction of a second or without, which means UTC."""
    assert from_text("2026-01-02 03:04:05") == datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    assert from_text("2026-01-02 03:04:05.000006") == datetime(2026, 1, 2, 3, 4, 5, 6, tzinfo=UTC)


async def test_time_without_a_zone_is_refused(database: Database) -> None:
    """A time that could be any moment is not stored."""

    async def write(session: AsyncSession) -> None:
        session.add(Note(body="vague", written=datetime.now(UTC).replace(tzinfo=None)))

    with pytest.raises(StatementError, match="time zone"):
        await database.write(write)


async def test_slow_statements_are_logged_without_values(
    settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    """A statement that takes long is named; what it was asked about is not."""
    database = build(settings.database.model_copy(update={"slow_seconds": 1e-9}))

    async def read(session: AsyncSession) -> None:
        await session.execute(text("SELECT :secret"), {"secret": "hunter2"})

    with caplog.at_level(logging.WARNING):
        await database.read(read)
    await database.engine.dispose()

    assert "statement.slow" in caplog.text
    assert "hunter2" not in str([record.__dict__ for record in caplog.records])


async def test_requests_find_it(settings: Settings) -> None:
    """A route has the database at hand, and is ready while it can be reached."""
    router = APIRouter(prefix="/try")

    @router.get("")
    async def ask(request: Request) -> int | None:
        database: Database = request.state.database
        return await database.read(lambda session: session.scalar(text("SELECT 7")))

    components = [*enabled(settings), Component(name="try", routers=(router,))]
    async with connect(create_app(settings, components)) as client:
        response = await client.get("/try")

    assert response.json() == 7


async def test_connections_end_with_the_service(settings: Settings) -> None:
    """A service that has stopped holds no connection any more."""
    app = create_app(settings)
    async with connect(app):
        database: Database = app.state.started["database"]
        await database.probe()

        assert "Connections in pool: 1" in database.engine.pool.status()
    assert "Connections in pool: 0" in database.engine.pool.status()


async def test_outage_is_told() -> None:
    """A database that is away makes the service unavailable: it is no fault of the service."""
    router = APIRouter(prefix="/try")

    @router.get("")
    async def ask(request: Request) -> None:
        await request.state.database.probe()

    away = Settings.load({"database": {"url": AWAY}})
    components = [*enabled(away), Component(name="try", routers=(router,))]
    async with connect(create_app(away, components)) as client:
        response = await client.get("/try")

    assert (response.status_code, response.json()["code"]) == (503, "unavailable")
    assert "hunter2" not in response.text


def test_password_is_not_shown() -> None:
    """The address of the database shows its password nowhere."""
    settings = Settings.load({"database": {"url": AWAY}})

    assert "hunter2" not in repr(settings)
