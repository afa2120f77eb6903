"""What Alembic writes for the models of an owner runs up and down, and loses no row."""

import enum
import uuid
from collections.abc import Iterator
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
    Boolean,
    CheckConstraint,
    Column,
    Computed,
    Dialect,
    Enum,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Numeric,
    String,
    Table,
    TypeDecorator,
    UniqueConstraint,
    Uuid,
    func,
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

    def get_col_spec(self) -> str:
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
    script = revisions.generate(Sample.metadata)

    revisions.up_down_up()
    revisions.up_down_up("base")
