"""What all models have in common."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import ClassVar

from sqlalchemy import DateTime, Dialect, MetaData, TypeDecorator
from sqlalchemy.orm import DeclarativeBase

# Every constraint has a name that follows from what it is about: migrations and errors need it.
NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


def from_text(value: str | None) -> datetime | None:
    """Read a moment as SQLite has stored it: in UTC, without saying so."""
    return None if value is None else datetime.fromisoformat(f"{value}+00:00")


class Moment(TypeDecorator[datetime]):
    """A point in time: aware in Python, UTC in the database, whatever that can hold."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, _dialect: Dialect) -> datetime | None:
        """Write a moment.

        Raises:
            ValueError: It has no time zone, so nobody knows when it is.
        """
        if value is not None and value.tzinfo is None:
            raise ValueError("A moment needs its time zone")
        return value if value is None else value.astimezone(UTC)

    def result_processor(
        self, dialect: Dialect, _coltype: object
    ) -> Callable[[str | None], datetime | None] | None:
        """Return how to read a moment; PostgreSQL's driver does it by itself."""
        return from_text if dialect.name == "sqlite" else None


class Base(DeclarativeBase):
    """A table. Put your models into modules of this folder; migrations find them there."""

    metadata = MetaData(naming_convention=NAMES)
    type_annotation_map: ClassVar[dict[object, object]] = {datetime: Moment}
