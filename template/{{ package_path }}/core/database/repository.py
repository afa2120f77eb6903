"""The generic repository; each table has a subclass."""

import re
from collections.abc import AsyncGenerator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, ClassVar, Generic, TypeVar

from sqlalchemy import Select, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from {{ package_name }}.core.database import {{ database }} as dialect
from {{ package_name }}.core.database.models import Entity
from {{ package_name }}.core.errors import AppError, NotFoundError
from {{ package_name }}.core.page_query import PageQuery

ModelT = TypeVar("ModelT", bound=Entity)
ConstraintError = tuple[type[AppError], str]
"""The class of an error and its message."""


class Repository(Generic[ModelT]):
    """The rows of one table, in one transaction.

    Attributes:
        model: The class of the rows.
        constraint_errors: The errors for violated constraints, by the name of the constraint. A
            test requires one for each foreign key and unique constraint of the table: whatever a
            use case checks before, another transaction may change. None is for a constraint that
            only a bug violates.
        reference_errors: The errors for the deletion of a row, of whatever table, that rows of this
            table refer to, by the name of the foreign key. A test requires one for each foreign key
            without ON DELETE; None is for one that only a bug violates.
    """

    model: type[ModelT]
    constraint_errors: ClassVar[Mapping[str, ConstraintError | None]] = {}
    reference_errors: ClassVar[Mapping[str, ConstraintError | None]] = {}

    def __init__(self, session: AsyncSession) -> None:
        self.session = session

    async def get(self, row_id: int, *, for_update: bool = False) -> ModelT:
        """Return a row, locked until the end of the transaction if it is for an update.

        Raises:
            NotFoundError: There is no row with this id.
        """
        found = await self.session.get(self.model, row_id, with_for_update=for_update or None)
        if found is None:
            words = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", self.model.__name__).lower()
            raise NotFoundError(f"There is no such {words}.")
        return found

    async def save(self, entity: ModelT) -> ModelT:
        """Insert or update a row.

        Raises:
            AppError: It violates a constraint of `constraint_errors`.
        """
        async with self.translate_constraints(entity):
            self.session.add(entity)
        return entity

    async def delete(self, entity: ModelT) -> None:
        """Delete a row.

        Raises:
            AppError: A row refers to it, by a foreign key of the `reference_errors` of any
                repository.
        """
        async with self.translate_constraints(entity, is_deleted=True):
            await self.session.delete(entity)

    @asynccontextmanager
    async def translate_constraints(
        self, entity: ModelT | None = None, *, is_deleted: bool = False
    ) -> AsyncGenerator[None]:
        """Run statements in a savepoint, and raise the error for a violated constraint.

        Only these statements are rolled back then; the transaction continues.

        Args:
            entity: The row that they store or delete, None if there may be several.
            is_deleted: Whether they delete it.
        """
        try:
            async with self.session.begin_nested():
                yield
        except IntegrityError as error:
            errors = all_reference_errors() if is_deleted else self.constraint_errors
            for name, mapped in errors.items():
                if mapped is not None and await dialect.is_violated(
                    self.session, error, name, entity
                ):
                    kind, message = mapped
                    raise kind(message) from error
            raise

    def ascending(self, page: PageQuery) -> Select[ModelT]:
        """Return the statement for a page, oldest row first."""
        query = select(self.model).order_by(self.model.id).limit(page.limit)
        return query if page.after is None else query.where(self.model.id > page.after)

    def descending(self, page: PageQuery) -> Select[ModelT]:
        """Return the statement for a page, newest row first."""
        query = select(self.model).order_by(self.model.id.desc()).limit(page.limit)
        return query if page.after is None else query.where(self.model.id < page.after)

    async def list_page(self, page: PageQuery) -> Sequence[ModelT]:
        """Return the rows of a page, oldest first."""
        return (await self.session.scalars(self.ascending(page))).all()


def repositories(kind: type[Repository[Any]] = Repository) -> Iterator[type[Repository[Any]]]:
    """Yield every repository class."""
    for child in kind.__subclasses__():
        yield child
        yield from repositories(child)


def all_reference_errors() -> Mapping[str, ConstraintError | None]:
    """Return the `reference_errors` of every repository."""
    return {name: error for kind in repositories() for name, error in kind.reference_errors.items()}
