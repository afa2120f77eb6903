"""The database: transactions are atomic, and an outage becomes an UnavailableError."""

import asyncio
import logging
from datetime import UTC, datetime, timedelta, timezone
from traceback import format_exception

import pytest
from alembic import command
from alembic.config import Config
from alembic.util import CommandError
from fastapi import APIRouter
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError, IntegrityError, StatementError
from sqlalchemy.ext.asyncio import AsyncSession

from {{ package_name }}.core.app import Application
from {{ package_name }}.core.app import build as build_app
from {{ package_name }}.core.component import Component
from {{ package_name }}.core.database import (
    ATTEMPTS,
    Database,
    DatabaseDep,
    TransactionConflictError,
    build,
    component,
)
from {{ package_name }}.core.database import {{ database }} as dialect
from {{ package_name }}.core.database.models import from_text
from {{ package_name }}.core.errors import UnavailableError
from {{ package_name }}.core.names import NAME, PREFIX
from {{ package_name }}.practices import PracticeSettings

from support.client import connect
from support.database import AWAY, PROJECT
from support.tables import Note, bodies


def app_with_a_route(settings: PracticeSettings) -> Application:
    """Return an application with a route that runs a query."""
    router = APIRouter(prefix="/try")

    @router.get("")
    async def query(database: DatabaseDep) -> int | None:
        return await database.read(lambda session: session.scalar(text("SELECT 7")))

    components = component(settings.database), Component(name="try", routers=(router,))
    return build_app(settings.limits, components)


async def test_work_is_committed(database: Database) -> None:
    """Changes of successful work are visible to later transactions."""

    async def work(session: AsyncSession) -> str:
        session.add(Note(body="kept"))
        return "done"

    assert await database.write(work) == "done"
    assert await bodies(database) == ["kept"]


async def test_failed_work_is_rolled_back(database: Database) -> None:
    """Any error rolls the work back, and is raised unchanged."""

    async def work(session: AsyncSession) -> None:
        session.add(Note(body="lost"))
        await session.flush()
        raise LookupError

    with pytest.raises(LookupError):
        await database.write(work)
    assert await bodies(database) == []


async def test_cancelled_work_is_rolled_back(database: Database) -> None:
    """A cancelled request changes nothing, and returns its connection to the pool."""
    started = asyncio.Event()

    async def work(session: AsyncSession) -> None:
        session.add(Note(body="lost"))
        await session.flush()
        started.set()
        await asyncio.sleep(60)

    writing = asyncio.create_task(database.write(work))
    await started.wait()
    writing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await writing

    assert await bodies(database) == []


async def test_read_only_work_cannot_write(database: Database) -> None:
    """A write in read-only work is an error, and is not taken for an outage."""

    async def work(session: AsyncSession) -> None:
        session.add(Note(body="lost"))

    with pytest.raises(DBAPIError, match=r"read-?only"):
        await database.read(work)
    await database.write(work)
    assert await bodies(database) == ["lost"]


async def test_violated_constraint_is_no_outage(database: Database) -> None:
    """A violated constraint stays an IntegrityError, and its name is known."""

    async def work(session: AsyncSession) -> None:
        session.add_all([Note(body="same"), Note(body="same")])

    with pytest.raises(IntegrityError, match="scratch_notes") as violation:
        await database.write(work)
    constraints = ("uq_scratch_notes_body", "uq_scratch_notes_written")

    async def violated(session: AsyncSession) -> list[bool]:
        error = violation.value
        return [await dialect.is_violated(session, error, name, None) for name in constraints]

    assert await database.read(violated) == [True, False]


def test_constraints_have_names() -> None:
    """Migrations and errors can name every constraint."""
    names = {constraint.name for constraint in Note.metadata.tables["scratch_notes"].constraints}

    assert names == {"pk_scratch_notes", "uq_scratch_notes_body"}


class Conflicting:
    """Work whose first attempts meet a conflict."""

    def __init__(self, conflicts: int) -> None:
        self.conflicts = conflicts
        self.attempts = 0

    async def __call__(self, session: AsyncSession) -> int:
        """Write, and raise the error of a conflict."""
        self.attempts += 1
        session.add(Note(body=f"attempt {self.attempts}"))
        await session.flush()
        if self.attempts <= self.conflicts:
            raise TransactionConflictError("Another transaction changed the same data.")
        return self.attempts


async def test_conflict_is_retried(database: Database) -> None:
    """After a conflict, the whole work runs again."""
    assert await database.write(Conflicting(ATTEMPTS - 1)) == ATTEMPTS
    assert await bodies(database) == [f"attempt {ATTEMPTS}"]


async def test_attempts_are_bounded(database: Database) -> None:
    """If every attempt meets a conflict, the caller gets an UnavailableError."""
    work = Conflicting(ATTEMPTS)

    with pytest.raises(UnavailableError):
        await database.write(work)
    assert work.attempts == ATTEMPTS


async def test_serialization_failure_is_a_conflict(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An error that the dialect calls a serialization failure is retried."""
    monkeypatch.setattr(
        dialect, "is_serialization_failure", lambda error: isinstance(error, IntegrityError)
    )
    attempts = []

    async def work(session: AsyncSession) -> None:
        attempts.append(1)
        session.add_all([Note(body="same"), Note(body="same")])

    with pytest.raises(TransactionConflictError):
        await database.write(work)
    assert len(attempts) == ATTEMPTS


async def test_exhausted_pool_is_an_outage(settings: PracticeSettings) -> None:
    """Without a free connection within the pool timeout, the caller gets an UnavailableError."""
    small = settings.database.model_copy(update={"pool_size": 1, "pool_timeout_seconds": 0.2})
    database = build(small)

    async def wait(session: AsyncSession) -> None:
        await read(session)
        with pytest.raises(UnavailableError, match="reached"):
            await database.read(read)

    async def read(session: AsyncSession) -> None:
        await session.execute(text("SELECT 1"))

    await database.read(wait)
    await database.engine.dispose()


async def test_datetimes_are_aware(database: Database) -> None:
    """A datetime of any zone is read back in UTC, as the same point in time."""
    written = datetime(2026, 1, 2, 3, 4, tzinfo=timezone(timedelta(hours=5)))

    async def write(session: AsyncSession) -> None:
        session.add_all([Note(body="dated", written=written), Note(body="never")])

    async def read(session: AsyncSession) -> list[datetime | None]:
        return list(await session.scalars(select(Note.written).order_by(Note.id)))

    await database.write(write)
    assert await database.read(read) == [written.astimezone(UTC), None]


def test_text_is_utc() -> None:
    """SQLite stores text in UTC, with or without a fraction of a second."""
    assert from_text("2026-01-02 03:04:05") == datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    assert from_text("2026-01-02 03:04:05.000006") == datetime(2026, 1, 2, 3, 4, 5, 6, tzinfo=UTC)


async def test_naive_datetime_is_rejected(database: Database) -> None:
    """A datetime without a time zone is not stored."""

    async def write(session: AsyncSession) -> None:
        session.add(Note(body="vague", written=datetime.now(UTC).replace(tzinfo=None)))

    with pytest.raises(StatementError, match="time zone"):
        await database.write(write)


async def test_slow_queries_are_logged_without_parameters(
    settings: PracticeSettings, caplog: pytest.LogCaptureFixture
) -> None:
    """The log shows the text of a slow query, and no parameter."""
    database = build(settings.database.model_copy(update={"slow_query_seconds": 1e-9}))

    async def read(session: AsyncSession) -> None:
        await session.execute(text("SELECT :secret"), {"secret": "hunter2"})

    with caplog.at_level(logging.WARNING):
        await database.read(read)
    await database.engine.dispose()

    assert "query.slow" in caplog.text
    assert "hunter2" not in str([record.__dict__ for record in caplog.records])


async def test_routes_get_the_database(settings: PracticeSettings) -> None:
    """A route gets the database as a dependency."""
    async with connect(app_with_a_route(settings)) as client:
        response = await client.get("/try")

    assert response.json() == 7


async def test_connections_are_closed_at_stop(settings: PracticeSettings) -> None:
    """A stopped application has no open connection."""
    app = app_with_a_route(settings)
    async with connect(app):
        database = app.services.get(Database)
        await database.probe()

        assert "Connections in pool: 1" in database.engine.pool.status()
    assert "Connections in pool: 0" in database.engine.pool.status()


async def change(database: Database, statement: str) -> None:
    """Run a statement."""
    async with database.engine.begin() as connection:
        await connection.execute(text(statement))


async def test_ready_if_no_migration_is_pending(own_database_url: str) -> None:
    """A database at the newest migration, or after it by a newer release, is ready."""
    database = build(PracticeSettings.load({"database": {"url": own_database_url}}).database)

    await database.probe()
    await change(
        database,
        "UPDATE alembic_version SET version_num = 'f00d' "
        "WHERE version_num = (SELECT max(version_num) FROM alembic_version)",
    )
    await database.probe()
    await database.engine.dispose()


LOSE_ONE = """
DELETE FROM alembic_version WHERE version_num = (SELECT max(version_num) FROM alembic_version)
"""


@pytest.mark.parametrize("statement", [LOSE_ONE, "DROP TABLE alembic_version"])
async def test_not_ready_if_a_migration_is_pending(own_database_url: str, statement: str) -> None:
    """A database that lacks a migration is not ready; the message names the command."""
    database = build(PracticeSettings.load({"database": {"url": own_database_url}}).database)
    await change(database, statement)

    with pytest.raises(UnavailableError, match=f"run `{NAME} migrate`"):
        await database.probe()
    await database.engine.dispose()


async def test_outage_gets_503() -> None:
    """Requests get 503 while the database is unreachable; the response shows no secret."""
    away = PracticeSettings.load({"database": {"url": AWAY}})
    async with connect(app_with_a_route(away)) as client:
        response = await client.get("/try")

    assert (response.status_code, response.json()["code"]) == (503, "unavailable")
    assert "hunter2" not in response.text


def test_password_is_not_shown() -> None:
    """The settings don't show the password in the URL."""
    settings = PracticeSettings.load({"database": {"url": AWAY}})

    assert "hunter2" not in repr(settings)


async def test_errors_show_no_parameters(database: Database) -> None:
    """No line of an error has the values of its statement: it may be logged."""
    value = "hunter" + "2"  # the traceback shows lines of this test, too

    async def work(session: AsyncSession) -> None:
        session.add_all([Note(body=value), Note(body=value)])

    with pytest.raises(IntegrityError) as failed:
        await database.write(work)
    assert value not in "".join(format_exception(failed.value))


def test_alembic_rejects_bad_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """A command of Alembic shows one line for a bad URL, and nothing of it."""
    monkeypatch.setenv(f"{PREFIX}DATABASE__URL", "hunter2")

    with pytest.raises(CommandError, match=rf"\A{PREFIX}DATABASE__URL: [^\n]+\Z") as refused:
        command.current(Config(toml_file=PROJECT))
    assert "hunter2" not in str(refused.value)
