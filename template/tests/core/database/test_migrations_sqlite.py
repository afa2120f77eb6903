"""Migrations of SQLite: the copy of a table keeps what the table had."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic import command
from alembic.util import CommandError
from sqlalchemy import Column, Index, Integer, Table, make_url
from sqlalchemy.exc import IntegrityError

from {{ package_name }}.__main__ import main
from {{ package_name }}.core.names import PREFIX

from support.database import database_url
from support.database_revisions import Revisions, project_metadata

TABLES = """
CREATE TABLE parents (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    email VARCHAR(100) COLLATE NOCASE NOT NULL,
    name VARCHAR(100),
    size INTEGER DEFAULT 1 NOT NULL,
    double INTEGER GENERATED ALWAYS AS (size * 2) STORED,
    above_id INTEGER REFERENCES parents (id) ON DELETE CASCADE,
    beside_id INTEGER REFERENCES parents (id) ON DELETE SET NULL,
    CONSTRAINT uq_parents_email UNIQUE (email),
    CONSTRAINT ck_parents_size CHECK (
        size > 0 AND size < 9
    )
);
CREATE TABLE children (parent_id INTEGER REFERENCES parents (id) ON DELETE CASCADE);
CREATE TABLE log (id INTEGER);
CREATE INDEX ix_parents_size ON parents (size) WHERE size > 1;
CREATE INDEX ix_parents_lower ON parents (lower(name));
CREATE TRIGGER own AFTER INSERT ON parents BEGIN INSERT INTO log VALUES (new.id); END;
CREATE TRIGGER other AFTER INSERT ON children BEGIN UPDATE parents SET size = size; END;
CREATE VIEW names AS SELECT name FROM parents;
INSERT INTO parents (id, email) VALUES (1, 'a'), (2, 'b'), (7, 'c');
INSERT INTO children VALUES (1), (2);
DELETE FROM parents WHERE id = 7;
"""

COPY = """
with op.batch_alter_table("parents") as batch:
    batch.alter_column("name", type_=sa.String(200))
"""


@pytest.fixture
def revisions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Revisions]:
    """Yield the migrations of a new database."""
    with database_url() as url:
        yield Revisions(url, tmp_path, monkeypatch)


def script(revisions: Revisions, statements: str) -> None:
    """Run a script on the database."""
    with sqlite3.connect(make_url(revisions.url).database or "") as connection:
        connection.executescript(statements)
    connection.close()


def declarations(revisions: Revisions) -> dict[str, str]:
    """Return the statement that declares each object, in one line."""
    rows = revisions.query("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL")
    return {row.name: " ".join(row.sql.split()) for row in rows}


def test_copy_keeps_everything(revisions: Revisions) -> None:
    """A changed column leaves the rows, and all else that SQLite knows of the table."""
    script(revisions, TABLES)
    before = declarations(revisions)
    revisions.add(COPY, COPY.replace("200", "100"))

    command.upgrade(revisions.config, "heads")
    command.downgrade(revisions.config, "project@0001")
    command.upgrade(revisions.config, "heads")

    after = declarations(revisions)
    assert {name for name in before if name not in after} == set()
    unchanged = {"ix_parents_size", "ix_parents_lower", "own", "other", "names", "children"}
    assert {name: after[name] for name in unchanged} == {name: before[name] for name in unchanged}
    for part in (
        "PRIMARY KEY AUTOINCREMENT",
        'email VARCHAR(100) COLLATE "NOCASE" NOT NULL',
        "name VARCHAR(200)",
        "GENERATED ALWAYS AS (size * 2) STORED",
        "CONSTRAINT uq_parents_email UNIQUE (email)",
        "CONSTRAINT ck_parents_size CHECK (size > 0 AND size < 9)",
        "FOREIGN KEY(above_id) REFERENCES parents (id) ON DELETE CASCADE",
    ):
        assert part in after["parents"]
    assert len(revisions.query("SELECT * FROM children")) == 2
    revisions.query("INSERT INTO parents (email) VALUES ('d')")
    assert revisions.query("SELECT max(id) FROM parents") == [(8,)]
    assert revisions.query("SELECT max(id) FROM log") == [(8,)]


def test_other_changes_of_the_table(revisions: Revisions) -> None:
    """Columns are renamed, changed and dropped beside what is kept."""
    script(revisions, TABLES)
    revisions.add(
        'with op.batch_alter_table("parents") as batch:\n'
        '    batch.alter_column("email", new_column_name="address")\n'
        '    batch.alter_column("size", nullable=True, server_default="2")\n'
        '    batch.add_column(sa.Column("motto", sa.String(9), server_default="-"))\n'
        '    batch.drop_column("double")\n'
        '    batch.create_unique_constraint("uq_parents_name", ["name"])\n'
        '    batch.create_index("ix_parents_motto", ["motto"])'
    )

    command.upgrade(revisions.config, "heads")

    declared = declarations(revisions)
    assert 'address VARCHAR(100) COLLATE "NOCASE" NOT NULL' in declared["parents"]
    assert "CONSTRAINT uq_parents_name UNIQUE (name)" in declared["parents"]
    assert "double" not in declared["parents"]
    assert {"ix_parents_motto", "ix_parents_lower", "own"} <= {*declared}
    rows = revisions.query("SELECT address, size, motto FROM parents")
    assert rows == [("a", 1, "-"), ("b", 1, "-")]
    assert len(revisions.query("SELECT * FROM children")) == 2


@pytest.mark.parametrize(
    ("column", "lost"),
    [
        ("size INTEGER CHECK (size > 0)", "a CHECK constraint without a name"),
        ("size INTEGER UNIQUE ON CONFLICT IGNORE", "an ON CONFLICT clause"),
        (
            "id INTEGER PRIMARY KEY REFERENCES parents (id) DEFERRABLE",
            "a deferrable foreign key without a name",
        ),
    ],
)
@pytest.mark.filterwarnings("ignore:Unnamed CHECK constraint")
def test_copy_that_would_lose_something_is_refused(
    revisions: Revisions, column: str, lost: str
) -> None:
    """What can't be kept is named, and nothing changes."""
    script(revisions, f"CREATE TABLE parents (name VARCHAR(100), {column})")
    before = declarations(revisions)
    revisions.add(COPY)

    with pytest.raises(CommandError, match=f"change of table 'parents' would lose {lost}"):
        command.upgrade(revisions.config, "heads")
    assert declarations(revisions) == before


@pytest.mark.parametrize(
    "arguments",
    [
        'copy_from=sa.Table("parents", sa.MetaData(), sa.Column("name", sa.String(100)))',
        'table_args=[sa.CheckConstraint("name > 0", name="positive")]',
    ],
)
@pytest.mark.filterwarnings("ignore:Unnamed CHECK constraint")
def test_migration_may_declare_the_table(revisions: Revisions, arguments: str) -> None:
    """A migration that declares what would be lost runs."""
    script(revisions, "CREATE TABLE parents (name VARCHAR(100) CHECK (name > 0))")
    revisions.add(COPY.replace('"parents"', f'"parents", {arguments}'))

    command.upgrade(revisions.config, "heads")

    assert "name VARCHAR(200)" in declarations(revisions)["parents"]


def test_existing_table_gets_autoincrement(revisions: Revisions) -> None:
    """A table of an older project can be changed, so that its ids are not handed out again."""
    script(revisions, "CREATE TABLE parents (id INTEGER PRIMARY KEY)")
    revisions.add(
        'options = {"sqlite_autoincrement": True}\n'
        'with op.batch_alter_table("parents", recreate="always", table_kwargs=options):\n'
        "    pass",
        'options = {"sqlite_autoincrement": False}\n'
        'with op.batch_alter_table("parents", recreate="always", table_kwargs=options):\n'
        "    pass",
    )

    command.upgrade(revisions.config, "heads")
    assert "AUTOINCREMENT" in declarations(revisions)["parents"]
    command.downgrade(revisions.config, "project@0001")
    assert "AUTOINCREMENT" not in declarations(revisions)["parents"]


def test_migration_that_breaks_a_foreign_key_is_rolled_back(revisions: Revisions) -> None:
    """One sentence tells which rows would refer to missing ones."""
    script(revisions, TABLES)
    revisions.add('op.execute("DELETE FROM parents WHERE id = 2")')

    with pytest.raises(CommandError, match=r"a001 was rolled back: .* 'children' .* 'parents'"):
        command.upgrade(revisions.config, "heads")
    assert len(revisions.query("SELECT * FROM parents")) == 2


def test_failed_copy_changes_nothing(revisions: Revisions) -> None:
    """A row that does not fit rolls everything back."""
    script(revisions, TABLES)
    before = declarations(revisions)
    revisions.add(COPY.replace("type_=sa.String(200)", "nullable=False"))

    with pytest.raises(IntegrityError, match="NOT NULL"):
        command.upgrade(revisions.config, "heads")
    assert declarations(revisions) == before


@pytest.mark.parametrize("lock", ["BEGIN IMMEDIATE", "BEGIN EXCLUSIVE"])
def test_locked_database_is_reported_in_one_sentence(
    revisions: Revisions,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    lock: str,
) -> None:
    """`migrate` waits for the lock of another process, and gives up after the timeout."""
    monkeypatch.setenv(f"{PREFIX}DATABASE__URL", revisions.url)
    monkeypatch.setenv(f"{PREFIX}DATABASE__LOCK_TIMEOUT_SECONDS", "0.1")
    other = sqlite3.connect(make_url(revisions.url).database or "")
    other.execute(lock)

    assert main(["migrate"]) == 1
    assert capsys.readouterr().err == "The database is unavailable.\n"
    other.rollback()
    other.close()


def test_expression_index_is_compared_by_name(revisions: Revisions) -> None:
    """A model's expression index is created once."""
    metadata = project_metadata()
    notes = Table("notes", metadata, Column("id", Integer, primary_key=True))
    Index("ix_notes_double", notes.c.id * 2)

    revisions.generate(metadata)
    command.upgrade(revisions.config, "heads")

    assert "ix_notes_double" in declarations(revisions)
    command.check(revisions.config)


def test_vacuum_runs_in_a_migration(revisions: Revisions) -> None:
    """A migration may leave its transaction, as Alembic documents, and goes on in one."""
    script(revisions, TABLES)
    revisions.add(
        "with op.get_context().autocommit_block():\n"
        '    op.execute("VACUUM")\n'
        'op.execute("DELETE FROM parents WHERE id = 2")'
    )

    with pytest.raises(CommandError, match="a001 was rolled back"):
        command.upgrade(revisions.config, "heads")
    assert len(revisions.query("SELECT * FROM parents")) == 2
