"""Migrations: they lead to the tables of the models, and back."""

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import render_python_code
from alembic.operations.ops import CreateTableOp, UpgradeOps
from pydantic import SecretStr
from sqlalchemy import Connection, Table, inspect
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import create_async_engine

from {{ package_name }}.__main__ import main
from {{ package_name }}.core.database import migrations
from {{ package_name }}.core.database import {{ database }} as dialect
from {{ package_name }}.core.database.models import Base
from {{ package_name }}.core.errors import UnavailableError
from {{ package_name }}.core.settings import PREFIX

from support.database import AWAY, PROJECT, alembic, database_url
from support.tables import Note


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
        "The database is unavailable.\n",
    }


def upgrade(url: str) -> None:
    """Run the migrations as the command does."""
    migrations.upgrade(dialect.DatabaseSettings(url=SecretStr(url)))


def test_lost_connection_is_an_outage(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """An error of the network during a migration is an UnavailableError."""

    def fail(_connection: Connection) -> None:
        raise ConnectionResetError

    monkeypatch.setattr(migrations, "run_migrations", fail)
    with pytest.raises(UnavailableError, match="can't be reached"):
        upgrade(url)


def test_error_of_a_migration_is_raised(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A statement that fails is a bug, unless the dialect says that the database is unavailable."""
    monkeypatch.setattr(dialect, "BEFORE_MIGRATIONS", ("SELECT missing_column",))
    with pytest.raises(DBAPIError, match="missing_column"):
        upgrade(url)
    monkeypatch.setattr(dialect, "is_unavailable", lambda _error: True)
    with pytest.raises(UnavailableError, match="is unavailable"):
        upgrade(url)
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


def test_new_migration_names_no_type_of_the_core() -> None:
    """A new migration names SQLAlchemy's types, so that it runs without another import."""
    table = Note.__table__
    assert isinstance(table, Table)
    operations = UpgradeOps([CreateTableOp.from_table(table)])

    code = render_python_code(operations, render_item=migrations.render_item)

    assert "sa.DateTime(timezone=True)" in code
    assert "UtcDateTime" not in code


@pytest.mark.slow
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
