"""Migrations of PostgreSQL: its own column types, and the types of its enums."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic import command
from alembic.util import CommandError
from sqlalchemy import (
    ARRAY,
    JSON,
    Column,
    DateTime,
    DefaultClause,
    Enum,
    String,
    Table,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import INET, INT4RANGE, JSONB, TSVECTOR

from {{ package_name }}.core.database.models import BigIntPk, UtcDateTime

from support.database import database_url
from support.database_revisions import Revisions, project_metadata


@pytest.fixture
def revisions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Revisions]:
    """Yield the migrations of a new database."""
    with database_url() as url:
        yield Revisions(url, tmp_path, monkeypatch)


def enums(revisions: Revisions) -> set[str]:
    """Return the names of all enum types."""
    rows = revisions.query("SELECT typname AS name FROM pg_type WHERE typtype = 'e'")
    return {row.name for row in rows}


def test_types_of_postgresql(revisions: Revisions) -> None:
    """Arrays, documents and the other types of PostgreSQL are migrated up, down and up."""
    metadata = project_metadata()
    Table(
        "samples",
        metadata,
        Column("id", BigIntPk, primary_key=True),
        Column("times", ARRAY(UtcDateTime), nullable=False),
        Column("names", ARRAY(String(20), dimensions=2), server_default="{}"),
        Column("ids", ARRAY(Uuid())),
        Column("colors", ARRAY(Enum("red", "blue", name="hue"))),
        Column("data", JSON, server_default=text("'{}'")),
        Column("document", JSONB, server_default=text("'{}'"), nullable=False),
        Column("at", UtcDateTime().with_variant(DateTime(), "sqlite")),
        Column("search", TSVECTOR),
        Column("address", INET),
        Column("range", INT4RANGE),
    )

    revisions.generate(metadata)

    revisions.up_down_up()
    revisions.up_down_up("base")
    metadata.tables["samples"].c.data.server_default = DefaultClause(text("'[]'"))
    revisions.set_models(metadata)
    with pytest.raises(CommandError, match="modify_default"):
        command.check(revisions.config)


def test_enum_is_dropped_with_its_table(revisions: Revisions) -> None:
    """A downgrade leaves no type of an enum; the types of others are left."""
    revisions.query("CREATE TYPE foreign_type AS ENUM ('one')")
    metadata = project_metadata()
    Table("orders", metadata, Column("state", Enum("new", "paid", name="state"), primary_key=True))

    revisions.generate(metadata)
    command.upgrade(revisions.config, "heads")
    assert enums(revisions) == {"foreign_type", "state"}
    command.downgrade(revisions.config, "project@0001")

    assert enums(revisions) == {"foreign_type"}


def test_index_is_created_concurrently(revisions: Revisions) -> None:
    """A migration may leave its transaction, as Alembic documents, and has no timeout there."""
    revisions.query("CREATE TABLE orders (id INTEGER)")
    revisions.add(
        "with op.get_context().autocommit_block():\n"
        '    op.create_index("ix_id", "orders", ["id"], postgresql_concurrently=True)\n'
        '    timeout = op.get_bind().scalar(sa.text("SHOW statement_timeout"))\n'
        "op.execute(f\"COMMENT ON TABLE orders IS '{timeout}'\")"
    )

    command.upgrade(revisions.config, "heads")

    rows = revisions.query("SELECT obj_description('orders'::regclass) AS timeout")
    assert [row.timeout for row in rows] == ["0"]
    assert len(revisions.query("SELECT 1 FROM pg_indexes WHERE indexname = 'ix_id'")) == 1
