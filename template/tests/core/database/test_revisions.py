"""What Alembic writes for the models of an owner runs up and down, and loses no row."""

import enum
import uuid
from argparse import Namespace
from collections.abc import Callable, Iterator
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any

import pytest
from alembic import command
from alembic.util import CommandError
from sqlalchemy import (
    JSON,
    BigInteger,
    CheckConstraint,
    Column,
    Computed,
    Connection,
    DefaultClause,
    Dialect,
    Enum,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Numeric,
    String,
    Table,
    TypeDecorator,
    UniqueConstraint,
    func,
    select,
    table,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import TypeEngine, UserDefinedType

from {{ package_name }}.core.database.models import (
    BigIntPk,
    Entity,
    UtcDateTime,
)

from support.database import database_url
from support.database_revisions import Revisions, project_metadata

# Alembic takes three times as long while coverage is measured; the other tests cover these lines.
not_measured = pytest.mark.no_cover


class Color(enum.Enum):
    """A choice."""

    RED = "red"
    BLUE = "blue"


class Cents(TypeDecorator[Decimal]):
    """A type of the owner's, stored as another one."""

    impl = BigInteger
    cache_ok = True


class Rates(TypeDecorator[Any]):
    """A type that stores a type of the owner's."""

    impl = Cents
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Return the type of the column."""
        return dialect.type_descriptor(JSON())


class Code(UserDefinedType[str]):
    """A type of another package."""

    cache_ok = True

    def get_col_spec(self, **_: object) -> str:
        """Return the SQL of the type."""
        return "VARCHAR(20)"


Short = Annotated[str, mapped_column(String(20))]
Money = Annotated[Decimal, mapped_column(Numeric(10, 2))]


class Sample(Entity):
    """A row with a column of every type that an owner may use."""

    __tablename__ = "samples"
    metadata = project_metadata()

    at: Mapped[datetime] = mapped_column(server_default=func.now())
    maybe_at: Mapped[datetime | None] = mapped_column(index=True)
    variant_at: Mapped[datetime | None] = mapped_column(
        UtcDateTime().with_variant(String(40), "sqlite")
    )
    other_id: Mapped[int | None] = mapped_column(BigIntPk)
    cents: Mapped[Decimal] = mapped_column(Cents)
    rates: Mapped[dict[str, str]] = mapped_column(Rates)
    code: Mapped[str] = mapped_column(Code())
    short: Mapped[Short] = mapped_column(server_default="none")
    money: Mapped[Money] = mapped_column(server_default=text("0"))
    long: Mapped[str]
    color: Mapped[Color]
    tint: Mapped[Color] = mapped_column(Enum(Color, name="tint"), server_default="RED")
    data: Mapped[dict[str, str]] = mapped_column(JSON)
    key: Mapped[uuid.UUID] = mapped_column(unique=True)
    day: Mapped[date]
    hour: Mapped[time]
    span: Mapped[timedelta]
    ratio: Mapped[float]
    raw: Mapped[bytes] = mapped_column(LargeBinary)
    is_on: Mapped[bool] = mapped_column(server_default=text("true"))
    total: Mapped[int]
    double: Mapped[int] = mapped_column(Computed("total * 2", persisted=True))
    __table_args__ = (
        CheckConstraint("total > 0", name="total"),
        UniqueConstraint("short", "day"),
        Index("ix_samples_long_lower", func.lower(text("long"))),
    )


@pytest.fixture
def revisions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Revisions]:
    """Yield the migrations of a new database."""
    with database_url() as url:
        yield Revisions(url, tmp_path, monkeypatch)


def test_every_column_type(revisions: Revisions) -> None:
    """The migration of a model with every type runs up, down and up; no other is needed then."""
    revisions.generate(Sample.metadata)

    revisions.up_down_up()
    revisions.up_down_up("base")


def test_nothing_is_written_without_a_change(
    revisions: Revisions, capsys: pytest.CaptureFixture[str]
) -> None:
    """The command writes no empty migration, and says so."""
    command.upgrade(revisions.config, "heads")
    revisions.config.cmd_opts = Namespace(autogenerate=True)

    command.revision(
        revisions.config, autogenerate=True, head="project@head", version_path=str(revisions.folder)
    )

    assert "no migration is written" in capsys.readouterr().out
    assert list(revisions.folder.iterdir()) == []


def teams() -> MetaData:
    """Return tables that refer to each other by every kind of foreign key."""
    metadata = project_metadata()
    team = Table(
        "teams",
        metadata,
        Column("id", BigIntPk, primary_key=True),
        Column("name", String(100), nullable=False),
        Column("size", Integer, nullable=False),
        Column("parent_id", ForeignKey("teams.id", ondelete="CASCADE")),
        CheckConstraint("size > 0", name="size"),
        UniqueConstraint("name"),
        sqlite_autoincrement=True,
    )
    Index(None, team.c.parent_id)
    for rule in RULES:
        Table(
            f"members_{rule.replace(' ', '_').lower()}",
            metadata,
            Column("id", BigIntPk, primary_key=True),
            Column("team_id", ForeignKey("teams.id", ondelete=rule), index=True),
        )
    return metadata


RULES = ("CASCADE", "RESTRICT", "SET NULL", "NO ACTION")
CHILDREN = tuple(f"members_{rule.replace(' ', '_').lower()}" for rule in RULES)

Change = Callable[[Table], object]


def set_type(team: Table) -> None:
    """Change the type of a column."""
    team.c.name.type = String(200)


def set_nullable(team: Table) -> None:
    """Change whether a column may be NULL."""
    team.c.name.nullable = True


def set_default(team: Table) -> None:
    """Change the default of a column."""
    team.c.size.server_default = DefaultClause("5")


CHANGES: dict[str, Change] = {
    "type": set_type,
    "nullable": set_nullable,
    "default": set_default,
    "column": lambda team: team.append_column(Column("motto", String(9), server_default="x")),
    "required column": lambda team: team.append_column(
        Column("rank", Numeric(10, 2), server_default=text("1.5"), nullable=False)
    ),
    "check": lambda team: team.append_constraint(CheckConstraint("name > ''", name="name")),
    "unique": lambda team: team.append_constraint(UniqueConstraint("size", "name")),
    "foreign key": lambda team: team.append_constraint(
        ForeignKeyConstraint(["size"], ["teams.id"], ondelete="CASCADE")
    ),
    "index": lambda team: Index(None, team.c.size, team.c.name),
    "table": lambda team: Table(
        "badges", team.metadata, Column("team_id", ForeignKey(team.c.id), primary_key=True)
    ),
}


def fill(connection: Connection) -> None:
    """Insert three rows into every table."""
    tables = teams().tables
    rows = [
        {"id": number, "name": f"team {number}", "size": number, "parent_id": number - 1 or None}
        for number in (1, 2, 3)
    ]
    connection.execute(tables["teams"].insert(), rows)
    for child in CHILDREN:
        connection.execute(tables[child].insert(), [{"id": n, "team_id": n} for n in (1, 2, 3)])


def count(connection: Connection) -> list[int]:
    """Return the number of rows of each table."""
    names = "teams", *CHILDREN
    queries = [select(func.count()).select_from(table(name)) for name in names]
    return [connection.scalars(query).one() for query in queries]


@not_measured
def test_changes_of_a_table_keep_every_row(revisions: Revisions) -> None:
    """Changes of a table that others refer to, one migration each, lose no row, up or down."""
    metadata = teams()
    written = {"first": revisions.generate(metadata).revision}
    command.upgrade(revisions.config, "heads")
    revisions.run(fill)
    rows = revisions.run(count)

    for name, change in CHANGES.items():
        change(metadata.tables["teams"])
        written[name] = revisions.write(metadata).revision
        command.upgrade(revisions.config, "heads")
        assert revisions.run(count) == rows, name
    command.check(revisions.config)
    for name, revision in list(written.items())[-2::-1]:
        command.downgrade(revisions.config, revision)
        assert revisions.run(count) == rows, f"back to {name}"
    command.upgrade(revisions.config, "heads")
    assert revisions.run(count) == rows


@not_measured
def test_enum_gets_a_member(revisions: Revisions) -> None:
    """A new member of an enum is written to the database; it can be reverted and added again."""

    def orders(*members: str) -> MetaData:
        metadata = project_metadata()
        state = Enum(*members, name="state")
        Table(
            "orders",
            metadata,
            Column("id", BigIntPk, primary_key=True),
            Column("state", state, nullable=False, server_default=members[0]),
        )
        return metadata

    first = revisions.generate(orders("new", "paid")).revision
    command.upgrade(revisions.config, "heads")
    revisions.query("INSERT INTO orders (id, state) VALUES (1, 'paid')")
    revisions.write(orders("new", "paid", "sent to the customer"))
    command.upgrade(revisions.config, "heads")
    revisions.query("INSERT INTO orders (id, state) VALUES (2, 'sent to the customer')")
    revisions.query("DELETE FROM orders WHERE id = 2")

    revisions.up_down_up(first)
    assert [row.state for row in revisions.query("SELECT state FROM orders")] == ["paid"]
    revisions.up_down_up()


@not_measured
def test_removed_table_is_dropped_and_others_are_left(revisions: Revisions) -> None:
    """A new migration drops the tables of removed models, and none that no migration created."""
    metadata = project_metadata()
    Table("badges", metadata, Column("id", BigIntPk, primary_key=True))
    revisions.generate(metadata)
    command.upgrade(revisions.config, "heads")
    revisions.query("CREATE TABLE spatial_ref_sys (id INTEGER PRIMARY KEY)")

    revisions.write(project_metadata())
    command.upgrade(revisions.config, "heads")

    assert "badges" not in revisions.tables()
    assert "spatial_ref_sys" in revisions.tables()
    command.check(revisions.config)


OTHER = """
op.create_table(
    "plans", sa.Column("id", sa.Integer, primary_key=True), sa.Column("name", sa.String(9))
)
op.create_table("plan", sa.Column("id", sa.Integer, primary_key=True))
op.rename_table("plan", "tariffs")
"""
DROP_OTHER = """
op.drop_table("tariffs")
op.drop_table("plans")
"""


def plans(name_length: int = 9) -> MetaData:
    """Return the tables of the other branch."""
    metadata = project_metadata()
    name = Column("name", String(name_length))
    Table("plans", metadata, Column("id", Integer, primary_key=True), name)
    Table("tariffs", metadata, Column("id", Integer, primary_key=True))
    return metadata


@not_measured
@pytest.mark.parametrize("table", ["plans", "tariffs"])
def test_migration_depends_on_the_branches_that_it_refers_to(
    revisions: Revisions, table: str
) -> None:
    """A table that refers to one of another branch is created after it, on a new database too."""
    revisions.add(OTHER, DROP_OTHER, revision="b001", down_revision=None, label="other")
    metadata = plans()
    Table("orders", metadata, Column("id", ForeignKey(f"{table}.id"), primary_key=True))

    script = revisions.generate(metadata)

    assert script.dependencies == "b001"
    command.upgrade(revisions.config, "project@head")  # brings the table of the other branch
    revisions.up_down_up("base")


def test_added_foreign_key_depends_on_the_branch(revisions: Revisions) -> None:
    """A foreign key that an existing table gets later comes after the table that it refers to."""
    revisions.add(OTHER, DROP_OTHER, revision="b001", down_revision=None, label="other")
    metadata = plans()
    key = Column("id", Integer, primary_key=True)
    orders = Table("orders", metadata, key, Column("plan_id", Integer))
    revisions.generate(metadata)
    command.upgrade(revisions.config, "heads")

    orders.append_constraint(ForeignKeyConstraint(["plan_id"], ["plans.id"]))

    assert revisions.write(metadata).dependencies == "b001"


@not_measured
def test_change_of_another_branch_depends_on_it(revisions: Revisions) -> None:
    """A change of a table of another branch comes after its creation."""
    revisions.add(OTHER, DROP_OTHER, revision="b001", down_revision=None, label="other")

    script = revisions.generate(plans(name_length=20))

    assert script.dependencies == "b001"
    revisions.up_down_up("base")


@not_measured
def test_migration_of_own_tables_depends_on_nothing(revisions: Revisions) -> None:
    """The branches stay independent, so that one can be removed."""
    assert revisions.generate(teams()).dependencies is None


def test_branch_that_another_depends_on_is_not_reverted(revisions: Revisions) -> None:
    """The downgrade of one branch reverts no table of another in silence."""
    revisions.add(OTHER, DROP_OTHER, revision="b001", down_revision=None, label="other")
    metadata = plans()
    Table("orders", metadata, Column("id", ForeignKey("plans.id"), primary_key=True))
    script = revisions.generate(metadata)
    command.upgrade(revisions.config, "heads")
    revisions.query("INSERT INTO plans (id) VALUES (1)")
    revisions.query("INSERT INTO orders (id) VALUES (1)")

    with pytest.raises(CommandError, match=f"Nothing was reverted: migration {script.revision} "):
        command.downgrade(revisions.config, "other@base")
    assert len(revisions.query("SELECT * FROM orders")) == 1
    command.downgrade(revisions.config, "project@0001")
    command.downgrade(revisions.config, "other@base")
    assert len(revisions.query("SELECT * FROM alembic_version WHERE version_num = '0001'")) == 1


def test_missing_migration_is_named(revisions: Revisions) -> None:
    """A migration whose file was removed, and that another needs, is named in one sentence."""
    revisions.add("pass", down_revision="gone")

    with (
        pytest.warns(UserWarning, match="gone"),
        pytest.raises(CommandError, match="Migration 'gone' is missing"),
    ):
        command.upgrade(revisions.config, "heads")
