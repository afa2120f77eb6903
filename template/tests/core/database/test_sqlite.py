"""SQLite: one transaction writes at a time, and every wait has a timeout."""

import asyncio
import sqlite3
from pathlib import Path
from threading import Event
from typing import Any, cast
from urllib.parse import quote

import pytest
from pydantic import SecretStr
from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    FromClause,
    MetaData,
    Table,
    make_url,
    text,
)
from sqlalchemy.dialects import sqlite
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.schema import CreateTable

from {{ package_name }}.core.database import Database, build, migrations
from {{ package_name }}.core.database.models import Base
from {{ package_name }}.core.database.sqlite import (
    DatabaseSettings,
    database_file,
    is_unavailable,
    parse_url,
    violates,
)
from {{ package_name }}.core.errors import UnavailableError
from {{ package_name }}.practices import PracticeSettings

from support.settings import assert_refused
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


async def test_lock_timeout_is_an_outage(database: Database, settings: PracticeSettings) -> None:
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


async def test_waiting_writers_hold_no_connection(
    database: Database, settings: PracticeSettings
) -> None:
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


async def test_cancelled_opening_leaves_no_connection(
    settings: PracticeSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A connection is closed if its request is cancelled while it opens."""
    closed = Event()
    loop = asyncio.get_running_loop()

    class Watched(sqlite3.Connection):
        def close(self) -> None:
            super().close()
            closed.set()

    def connect(*arguments: object, **options: object) -> sqlite3.Connection:
        loop.call_soon_threadsafe(reading.cancel)
        opened: sqlite3.Connection = cast("Any", Watched)(*arguments, **options)
        return opened

    monkeypatch.setattr(sqlite3, "connect", connect)
    database = build(settings.database)
    reading = asyncio.create_task(bodies(database))

    with pytest.raises(asyncio.CancelledError):
        await reading
    assert await asyncio.to_thread(closed.wait, 10)
    await database.engine.dispose()


@pytest.mark.parametrize(
    ("message", "violated"),
    [
        ("FOREIGN KEY constraint failed", {"fk_orders_customer_id", "fk_orders_product_id"}),
        ("UNIQUE constraint failed: orders.number", {"uq_orders_number", "ix_orders_number"}),
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
        "ix_orders_number",
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


@pytest.mark.parametrize("code", [5, 10, 13, 14, 15, 261, 517, 778, 1032, 1544])
def test_outages_have_extended_codes(code: int) -> None:
    """A full disk, an unreadable file or a lock is an outage, whatever more the code says."""
    original = sqlite3.OperationalError()
    original.sqlite_errorcode = code

    assert is_unavailable(OperationalError("", None, original))


@pytest.mark.parametrize("code", [1, 19, 2067])
def test_other_errors_are_no_outage(code: int) -> None:
    """A bad statement or a violated constraint is no outage."""
    original = sqlite3.OperationalError()
    original.sqlite_errorcode = code

    assert not is_unavailable(OperationalError("", None, original))


async def test_missing_file_is_an_outage(tmp_path: Path) -> None:
    """Only `migrate` creates the database; the service is not ready without one."""
    file = tmp_path / "a b?#%.db"
    settings = DatabaseSettings(url=SecretStr(f"sqlite+aiosqlite:///{quote(str(file))}"))
    database = build(settings)

    with pytest.raises(UnavailableError):
        await database.probe()
    assert not file.exists()
    await asyncio.to_thread(migrations.upgrade, settings)
    await database.probe()
    assert file.exists()
    await database.engine.dispose()


@pytest.mark.parametrize(
    ("url", "file"),
    [
        ("sqlite+aiosqlite:////data/my.db", Path("/data/my.db")),
        ("sqlite+aiosqlite:///file:my.db?mode=ro&uri=true", None),
    ],
)
def test_file_of_the_database(url: str, file: Path | None) -> None:
    """A URL that has options for the file is used as it is."""
    assert database_file(DatabaseSettings(url=SecretStr(url))) == file


async def test_url_with_options_for_the_file(tmp_path: Path) -> None:
    """The options of SQLite work as SQLAlchemy documents them."""
    url = f"sqlite+aiosqlite:///file:{quote(str(tmp_path / 'new.db'))}?mode=rwc&uri=true"
    settings = DatabaseSettings(url=SecretStr(url))
    database = build(settings)

    await asyncio.to_thread(migrations.upgrade, settings)
    await database.probe()
    await database.engine.dispose()


async def test_id_of_a_deleted_row_is_not_used_again(database: Database) -> None:
    """A client that has seen the old row can't change a new one by its id."""

    async def write(session: AsyncSession) -> int:
        note = Note(body="note")
        session.add(note)
        await session.flush()
        await session.delete(note)
        return note.id

    assert [await database.write(write) for _ in range(3)] == [1, 2, 3]


class Model(Base):
    """Base class of models with metadata of their own."""

    __abstract__ = True

    metadata = MetaData(naming_convention=Base.metadata.naming_convention)


class Arguments(Model):
    """A model with table arguments."""

    __tablename__ = "with_arguments"
    __table_args__ = (CheckConstraint("id > 0", name="id"), {"comment": "ours"})

    id: Mapped[int] = mapped_column(primary_key=True)


class Reused(Model):
    """A model that wants SQLite's default."""

    __tablename__ = "reused"
    __table_args__ = ({"sqlite_autoincrement": False},)

    id: Mapped[int] = mapped_column(primary_key=True)


class Child(Arguments):
    """A model whose id is that of its parent."""

    __tablename__ = "children"

    id: Mapped[int] = mapped_column(ForeignKey(Arguments.id), primary_key=True)


class Pair(Model):
    """A model with a key of two columns."""

    __tablename__ = "pairs"

    left: Mapped[int] = mapped_column(primary_key=True)
    right: Mapped[int] = mapped_column(primary_key=True)


class Big(Model):
    """A model whose keys the client chooses."""

    __tablename__ = "big"

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)


def has_autoincrement(table: FromClause) -> bool:
    """Return whether SQLite never hands out an id of a table again."""
    assert isinstance(table, Table)
    return "AUTOINCREMENT" in str(CreateTable(table).compile(dialect=sqlite.dialect()))


def test_autoincrement_is_set_where_sqlite_takes_it() -> None:
    """A table has AUTOINCREMENT if it has an integer key, whatever table arguments it has."""
    models = Note, Arguments, Reused, Child, Pair, Big

    found = [model for model in models if has_autoincrement(model.__table__)]

    assert found == [Note, Arguments]


def test_every_migrated_table_has_autoincrement(database_url: str) -> None:
    """The migrations declare what the models do."""
    with sqlite3.connect(make_url(database_url).database or "") as connection:
        rows = connection.execute("SELECT name, sql FROM sqlite_master WHERE type = 'table'")
        declared = dict(rows.fetchall())
    connection.close()

    for name, table in Base.metadata.tables.items():
        assert ("AUTOINCREMENT" in declared[name]) == has_autoincrement(table), (
            f"table {name}: write `sqlite_autoincrement=True` into its migration"
        )


@pytest.mark.parametrize(
    ("url", "translated"),
    [
        ("sqlite:///app.db", "/app.db"),
        ("sqlite+aiosqlite:////var/lib/app.db", "//var/lib/app.db"),
        ("sqlite:///file:app.db?mode=ro&uri=true", "/file%3Aapp.db?mode=ro&uri=true"),
    ],
)
def test_url_is_translated(url: str, translated: str) -> None:
    """The URL of a file gets the driver."""
    assert str(parse_url(url)) == f"sqlite+aiosqlite://{translated}"


@pytest.mark.parametrize(
    "url",
    [
        "",
        "hunter2",
        "sqlite://hunter2.db",
        "sqlite://",
        "sqlite:///",
        "sqlite:///:memory:",
        "sqlite:///file:hunter2?mode=memory&uri=true",
        "sqlite:///hunter2.db?mode=ro",
        "sqlite:///hunter2.db\n",
        "sqlite+pysqlite:///hunter2.db",
        "sqlite://user:hunter2@host:port/app",
        "postgresql://user:hunter2@host/app",
        "postgresql://user:hunter2@host:port/app",
    ],
)
def test_bad_url_is_refused(url: str) -> None:
    """A URL that can't be used is an error of one line that names the variable and no value."""
    assert_refused("DATABASE__URL", {"database": {"url": url}})
