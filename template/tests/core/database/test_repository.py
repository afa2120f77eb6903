"""A repository: rows by id, errors for violated constraints, and pages."""

import pytest
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from {{ package_name }}.core.database import Database
from {{ package_name }}.core.database.repository import Repository
from {{ package_name }}.core.errors import ConflictError, NotFoundError
from {{ package_name }}.core.page_query import PageQuery

from support.tables import BodyTakenError, Comment, Note, NoteRepository, bodies


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


async def test_row_is_deleted(database: Database) -> None:
    """A row is deleted, unless that violates a constraint."""
    ids = await add(database, "one", "two")

    async def comment(session: AsyncSession) -> None:
        session.add(Comment(note_id=ids[1]))

    async def delete(session: AsyncSession) -> None:
        notes = NoteRepository(session)
        await notes.delete(await notes.get(ids[0]))
        commented = await notes.get(ids[1])
        with pytest.raises(ConflictError, match=r"\AThe note has comments\.\Z"):
            await notes.delete(commented)

    await database.write(comment)
    await database.write(delete)
    assert await bodies(database) == ["two"]


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
