"""Tables of the tests, which no migration knows."""

from datetime import datetime

from sqlalchemy import MetaData, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from {{ package_name }}.core.database import Database
from {{ package_name }}.core.database.models import Base, UtcDateTime


class Scratch(DeclarativeBase):
    """Has the rules of the real tables."""

    metadata = MetaData(naming_convention=Base.metadata.naming_convention)


class Note(Scratch):
    """Something to write down."""

    __tablename__ = "scratch_notes"

    id: Mapped[int] = mapped_column(primary_key=True)
    body: Mapped[str] = mapped_column(unique=True)
    written: Mapped[datetime | None] = mapped_column(UtcDateTime)


async def bodies(database: Database) -> list[str]:
    """Return what is written down."""

    async def read(session: AsyncSession) -> list[str]:
        return list(await session.scalars(select(Note.body).order_by(Note.id)))

    return await database.read(read)
