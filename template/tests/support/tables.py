"""Tables that only tests use: the metadata of the migrations does not have them."""

from collections.abc import Mapping
from datetime import datetime
from typing import ClassVar

from sqlalchemy import ForeignKey, MetaData, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from {{ package_name }}.core.database import Database
from {{ package_name }}.core.database.models import Entity
from {{ package_name }}.core.database.repository import (
    ConstraintError,
    Repository,
)
from {{ package_name }}.core.errors import ConflictError, NotFoundError


class Scratch(Entity):
    """Base class of the tables, with metadata of their own."""

    __abstract__ = True

    metadata = MetaData(naming_convention=Entity.metadata.naming_convention)


class Note(Scratch):
    """A note."""

    __tablename__ = "scratch_notes"

    body: Mapped[str] = mapped_column(unique=True)
    written: Mapped[datetime | None]


class Comment(Scratch):
    """A comment on a note."""

    __tablename__ = "scratch_comments"

    note_id: Mapped[int] = mapped_column(ForeignKey(Note.id))


class Draft(Scratch):
    """A draft of a note, which is deleted with it."""

    __tablename__ = "scratch_drafts"

    note_id: Mapped[int] = mapped_column(ForeignKey(Note.id, ondelete="CASCADE"))


class Review(Scratch):
    """A review of a draft, which may answer a comment."""

    __tablename__ = "scratch_reviews"

    draft_id: Mapped[int] = mapped_column(ForeignKey(Draft.id))
    comment_id: Mapped[int | None] = mapped_column(ForeignKey(Comment.id))


class BodyTakenError(ConflictError):
    """Another note has the same body."""


class NoteRepository(Repository[Note]):
    """The notes."""

    model = Note
    constraint_errors: ClassVar[Mapping[str, ConstraintError | None]] = {
        "uq_scratch_notes_body": (BodyTakenError, "Another note has this body."),
    }


class CommentRepository(Repository[Comment]):
    """The comments."""

    model = Comment
    reference_errors: ClassVar[Mapping[str, ConstraintError | None]] = {
        "fk_scratch_comments_note_id": (ConflictError, "The note has comments."),
    }


class ReviewRepository(Repository[Review]):
    """The reviews."""

    model = Review
    constraint_errors: ClassVar[Mapping[str, ConstraintError | None]] = {
        "fk_scratch_reviews_comment_id": (NotFoundError, "There is no such comment."),
        "fk_scratch_reviews_draft_id": (NotFoundError, "There is no such draft."),
    }
    reference_errors: ClassVar[Mapping[str, ConstraintError | None]] = {
        "fk_scratch_reviews_comment_id": (ConflictError, "The comment has reviews."),
        "fk_scratch_reviews_draft_id": (ConflictError, "A draft has reviews."),
    }


async def bodies(database: Database) -> list[str]:
    """Return the bodies of all notes."""

    async def read(session: AsyncSession) -> list[str]:
        return list(await session.scalars(select(Note.body).order_by(Note.id)))

    return await database.read(read)
