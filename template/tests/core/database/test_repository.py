"""A repository: rows by id, errors for violated constraints, and pages."""

import pytest
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from {{ package_name }}.core.database import Database
from {{ package_name }}.core.database.repository import Repository
from {{ package_name }}.core.errors import ConflictError, NotFoundError
from {{ package_name }}.core.page_query import PageQuery

from support.tables import (
    BodyTakenError,
    Comment,
    Draft,
    Note,
    NoteRepository,
    Review,
    ReviewRepository,
    Scratch,
    bodies,
)


async def add(database: Database, *texts: str) -> list[int]:
    """Store notes and return their ids."""

    async def work(session: AsyncSession) -> list[int]:
        notes = NoteRepository(session)
        return [(await notes.save(Note(body=text))).id for text in texts]

    return await database.write(work)


@pytest.mark.parametrize("for_update", [False, True])
async def test_row_is_found_by_id(database: Database, *, for_update: bool) -> None:
    """A row is found by its id; a missing one is a NotFoundError."""
    (note_id,) = await add(database, "one")

    async def get(session: AsyncSession) -> str:
        return (await NoteRepository(session).get(note_id, for_update=for_update)).body

    async def get_missing(session: AsyncSession) -> None:
        await NoteRepository(session).get(note_id + 1, for_update=for_update)

    assert await database.write(get) == "one"
    with pytest.raises(NotFoundError, match=r"\AThere is no such note\.\Z"):
        await database.write(get_missing)


class OrderNote(Note):
    """A note whose class has a name of two words."""


class OrderNoteRepository(Repository[OrderNote]):
    """The same rows as notes."""

    model = OrderNote


async def test_error_separates_words(database: Database) -> None:
    """The message of a NotFoundError separates the words of the model's name."""

    async def get_missing(session: AsyncSession) -> None:
        await OrderNoteRepository(session).get(1)

    with pytest.raises(NotFoundError, match=r"\AThere is no such order note\.\Z"):
        await database.read(get_missing)


async def test_save_updates_a_row(database: Database) -> None:
    """A changed row is updated."""
    (note_id,) = await add(database, "one")

    async def change(session: AsyncSession) -> None:
        notes = NoteRepository(session)
        note = await notes.get(note_id)
        note.body = "two"
        await notes.save(note)

    await database.write(change)
    assert await bodies(database) == ["two"]


async def test_transaction_continues_after_a_violated_constraint(database: Database) -> None:
    """Only the statement that violates a constraint is rolled back."""

    async def work(session: AsyncSession) -> None:
        notes = NoteRepository(session)
        await notes.save(Note(body="one"))
        with pytest.raises(BodyTakenError, match=r"\AAnother note has this body\.\Z"):
            await notes.save(Note(body="one"))
        await notes.save(Note(body="two"))

    await database.write(work)
    assert await bodies(database) == ["one", "two"]


async def test_other_violated_constraints_stay_errors(database: Database) -> None:
    """A constraint without an error of its own is a bug, and is raised unchanged."""

    async def work(session: AsyncSession) -> None:
        await NoteRepository(session).save(Note())

    with pytest.raises(IntegrityError, match="body"):
        await database.write(work)


async def add_rows(database: Database, *rows: Scratch) -> None:
    """Store rows."""

    async def work(session: AsyncSession) -> None:
        session.add_all(rows)

    await database.write(work)


async def test_row_is_deleted(database: Database) -> None:
    """A row is deleted, with the rows that its deletion cascades to."""
    ids = await add(database, "one", "two")
    await add_rows(database, Draft(note_id=ids[0]))

    async def delete(session: AsyncSession) -> None:
        notes = NoteRepository(session)
        await notes.delete(await notes.get(ids[0]))

    await database.write(delete)
    assert await bodies(database) == ["two"]


@pytest.mark.parametrize("refers", ["itself", "to its draft"])
async def test_reference_forbids_the_deletion(database: Database, refers: str) -> None:
    """The error names the table that refers to the row, or to one that is deleted with it."""
    ids = await add(database, "one", "two")
    await add_rows(
        database,
        Comment(note_id=ids[0 if refers == "itself" else 1]),
        draft := Draft(note_id=ids[0 if refers == "to its draft" else 1]),
    )
    await add_rows(database, Review(draft_id=draft.id))
    message = "The note has comments." if refers == "itself" else "A draft has reviews."

    async def delete(session: AsyncSession) -> None:
        notes = NoteRepository(session)
        note = await notes.get(ids[0])
        with pytest.raises(ConflictError) as raised:
            await notes.delete(note)
        assert raised.value.message == message

    await database.write(delete)
    assert await bodies(database) == ["one", "two"]


@pytest.mark.parametrize(
    ("draft", "comment", "message"),
    [
        (0, 1, "There is no such comment."),
        (1, 0, "There is no such draft."),
        (1, None, "There is no such draft."),
    ],
)
async def test_missing_row_is_named(
    database: Database, draft: int, comment: int | None, message: str
) -> None:
    """Of two rows that a new one refers to, the error names the missing one."""
    (note_id,) = await add(database, "one")
    await add_rows(database, found := Draft(note_id=note_id), answered := Comment(note_id=note_id))
    comment_id = None if comment is None else answered.id + comment
    review = Review(draft_id=found.id + draft, comment_id=comment_id)

    with pytest.raises(NotFoundError) as raised:
        await database.write(lambda session: ReviewRepository(session).save(review))
    assert raised.value.message == message


async def test_changed_row_refers_to_a_missing_one(database: Database) -> None:
    """A change of a reference that violates it has the error of a foreign key of the table."""
    (note_id,) = await add(database, "one")
    await add_rows(database, found := Draft(note_id=note_id))
    await add_rows(database, review := Review(draft_id=found.id))

    async def change(session: AsyncSession) -> None:
        reviews = ReviewRepository(session)
        changed = await reviews.get(review.id)
        changed.draft_id += 1
        await reviews.save(changed)

    with pytest.raises(NotFoundError):
        await database.write(change)


async def test_pages_follow_each_other(database: Database) -> None:
    """A page starts after the id of the row before it, in both orders."""
    ids = await add(database, "one", "two", "three")

    async def ascending(session: AsyncSession) -> list[list[str]]:
        notes = NoteRepository(session)
        first = await notes.list_page(PageQuery(limit=2))
        second = await notes.list_page(PageQuery(limit=2, after=first[-1].id))
        return [[note.body for note in page] for page in (first, second)]

    async def descending(session: AsyncSession) -> list[list[str]]:
        notes = NoteRepository(session)
        queries = PageQuery(limit=2), PageQuery(limit=2, after=ids[1])
        pages = [await session.scalars(notes.descending(query)) for query in queries]
        return [[note.body for note in page] for page in pages]

    assert await database.read(ascending) == [["one", "two"], ["three"]]
    assert await database.read(descending) == [["three", "two"], ["one"]]
