"""Migrations: they lead to the tables of the models, and back."""

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic import command
from alembic.config import main as command_line
from pydantic import SecretStr
from sqlalchemy import Connection, inspect, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import create_async_engine

from {{ package_name }}.__main__ import main
from {{ package_name }}.core.database import migrations
from {{ package_name }}.core.database.models import Base
from {{ package_name }}.core.database.{{ database }} import DatabaseSettings
from {{ package_name }}.core.errors import UnavailableError
from {{ package_name }}.core.names import PREFIX

from support.database import AWAY, PROJECT, alembic, database_url


@pytest.fixture
def url() -> Iterator[str]:
    """Yield the URL of an empty database."""
    with database_url() as url:
        yield url


def tables(url: str) -> set[str]:
    """Return the names of all tables."""

    async def read() -> set[str]:
        engine = create_async_engine(url)
        async with engine.connect() as connection:
            names = await connection.run_sync(lambda sync: inspect(sync).get_table_names())
        await engine.dispose()
        return set(names)

    return asyncio.run(read())


def change(url: str, statement: str) -> None:
    """Run a statement."""

    async def run() -> None:
        engine = create_async_engine(url)
        async with engine.begin() as connection:
            await connection.execute(text(statement))
        await engine.dispose()

    asyncio.run(run())


def test_unknown_migration_is_reported_in_one_sentence(
    url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """`migrate` says that a newer release has migrated the database."""
    config = alembic(url)
    command.upgrade(config, "heads")
    change(url, "DELETE FROM alembic_version")
    change(url, "INSERT INTO alembic_version VALUES ('f00d')")
    monkeypatch.setenv(f"{PREFIX}DATABASE__URL", url)

    assert main(["migrate"]) == 1
    assert capsys.readouterr().err == (
        "Can't locate revision identified by 'f00d': a newer release has migrated the database, "
        "or its file is missing in migrations/versions/.\n"
    )


def test_up_down_and_up(url: str) -> None:
    """Every migration can be reverted and run again."""
    config = alembic(url)

    command.upgrade(config, "heads")
    created = tables(url)
    command.downgrade(config, "base")
    assert tables(url) == {"alembic_version"}
    command.upgrade(config, "heads")
    assert tables(url) == created


def test_models_need_no_other_migration(url: str) -> None:
    """The migrations create exactly what the models declare."""
    config = alembic(url)
    command.upgrade(config, "heads")

    command.check(config)


def test_command_migrates(
    url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """`migrate` runs the migrations of the package, in any working directory."""
    monkeypatch.setenv(f"{PREFIX}DATABASE__URL", url)

    assert main(["migrate"]) == 0
    assert capsys.readouterr().out == "The database is at the newest migration.\n"
    assert tables(url) == {"alembic_version", *Base.metadata.tables}
    command.check(alembic(url))


def test_unreachable_database_is_reported_in_one_sentence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """`migrate` then exits with status 1, and shows neither a traceback nor a secret."""
    monkeypatch.setenv(f"{PREFIX}DATABASE__URL", AWAY)

    assert main(["migrate"]) == 1
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err in {
        "The database can't be reached.\n",
        "The file of the database can't be created.\n",
        "The database is unavailable.\n",
    }


def upgrade(url: str) -> None:
    """Run the migrations as the command does."""
    migrations.upgrade(DatabaseSettings(url=SecretStr(url)))


def test_lost_connection_is_an_outage(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """An error of the network during a migration is reported in one sentence."""

    def fail(_connection: Connection) -> None:
        raise ConnectionResetError

    monkeypatch.setattr(migrations, "run_migrations", fail)
    with pytest.raises(UnavailableError, match="can't be reached"):
        upgrade(url)


def test_error_of_a_migration_is_raised(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A statement that fails is a bug, unless the dialect says that the database is unavailable."""

    def fail(connection: Connection) -> None:
        connection.execute(text("SELECT missing_column"))

    monkeypatch.setattr(migrations, "run_migrations", fail)
    with pytest.raises(DBAPIError, match="missing_column"):
        upgrade(url)
    monkeypatch.setattr(migrations, "is_unavailable", lambda _error: True)
    with pytest.raises(UnavailableError, match="is unavailable"):
        upgrade(url)
    assert tables(url) == set()


def test_sql_mode(url: str, capsys: pytest.CaptureFixture[str]) -> None:
    """`alembic upgrade --sql` writes the statements, and changes nothing."""
    command.upgrade(alembic(url), "heads", sql=True)

    assert "CREATE TABLE alembic_version" in capsys.readouterr().out
    assert tables(url) == set()


def test_models_of_all_modules_are_imported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Models may be in any module of the package; the command itself is not imported."""
    inner = tmp_path / "sample" / "inner"
    inner.mkdir(parents=True)
    for folder in (inner, inner.parent):
        (folder / "__init__.py").touch()
    (inner / "models.py").touch()
    (inner.parent / "__main__.py").write_text("raise SystemExit")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(migrations, "PACKAGE", "sample")

    migrations.import_models()

    assert "sample.inner.models" in sys.modules


def test_processes_can_migrate_concurrently(url: str) -> None:
    """Two processes that start together both find the database migrated."""
    code = (
        "import sys; sys.path.insert(0, 'tests');"
        "from alembic import command; from support.database import alembic;"
        "print('ready', flush=True); sys.stdin.readline();"
        "command.upgrade(alembic(sys.argv[1]), 'heads')"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, url],
        cwd=PROJECT.parent,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "ready\n"
        assert other.stdin is not None
        other.stdin.write("go\n")
        other.stdin.flush()
        command.upgrade(alembic(url), "heads")

    assert other.returncode == 0
    command.check(alembic(url))


def test_own_command_of_alembic(
    url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """`alembic` runs on the database of the settings, and reports errors in one line."""
    monkeypatch.chdir(PROJECT.parent)
    monkeypatch.setenv(f"{PREFIX}DATABASE__URL", url)

    command_line(["upgrade", "heads"])
    command.check(alembic(url))
    with pytest.raises(SystemExit) as failure:
        command_line(["upgrade", "f00d"])
    assert failure.value.code
    printed = capsys.readouterr()
    assert "FAILED: Can't locate revision identified by 'f00d'" in printed.out + printed.err
    assert "Traceback" not in printed.err
