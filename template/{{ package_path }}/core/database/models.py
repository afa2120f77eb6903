"""Base classes and column types of models."""

from datetime import UTC, datetime
from typing import ClassVar

from sqlalchemy import BigInteger, DateTime, Dialect, Integer, MetaData, TypeDecorator, func
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.sql.type_api import _ResultProcessorType

from {{ package_name }}.core.database.{{ database }} import build_table

# Migrations and error messages refer to constraints by name.
NAMING_CONVENTION = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


def from_text(value: str | None) -> datetime | None:
    """Parse a time as SQLite stores it: in UTC, without an offset."""
    return None if value is None else datetime.fromisoformat(f"{value}+00:00")


class UtcDateTime(TypeDecorator[datetime]):
    """A point in time: aware in Python, UTC in the database."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Convert a time to UTC; PostgreSQL's driver converts by itself.

        Raises:
            ValueError: It has no time zone.
        """
        if value is not None and value.tzinfo is None:
            raise ValueError("A datetime needs a time zone")
        return value.astimezone(UTC) if value and dialect.name == "sqlite" else value

    def result_processor(
        self, dialect: Dialect, coltype: object
    ) -> _ResultProcessorType[datetime] | None:
        """Return the parser; PostgreSQL's driver parses by itself."""
        return from_text if dialect.name == "sqlite" else super().result_processor(dialect, coltype)


class Base(DeclarativeBase):
    """Base class of models. Migrations find the models in every module of the package."""

    metadata = MetaData(naming_convention=NAMING_CONVENTION)
    type_annotation_map: ClassVar[dict[object, object]] = {datetime: UtcDateTime}
    __table_cls__ = staticmethod(build_table)


# An INTEGER PRIMARY KEY is SQLite's row id, which has 64 bits too.
BigIntPk = BigInteger().with_variant(Integer(), "sqlite")


class Entity(Base):
    """A row with an id that grows with time."""

    __abstract__ = True

    id: Mapped[int] = mapped_column(BigIntPk, primary_key=True)
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
