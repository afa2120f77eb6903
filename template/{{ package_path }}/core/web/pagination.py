"""Opaque keyset-pagination cursors, and the page that a list endpoint returns."""

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Generic, Protocol, Self, TypeVar, cast

from fastapi import Depends, Query, Response

from {{ package_name }}.core.errors import InvalidInputError
from {{ package_name }}.core.page_query import PageQuery
from {{ package_name }}.core.web.schemas import MAX_ID, ResponseBody

ID_BYTES = 9  # the base64 of 9 bytes needs no padding
CURSOR_LENGTH = 12
"""Characters of a cursor."""


class InvalidCursorError(InvalidInputError):
    """No page has returned this cursor."""

    code = "invalid_cursor"


class HasId(Protocol):
    """An entity or a row with an id."""

    @property
    def id(self) -> int:
        """The id, by which lists are ordered."""
        ...


Item = TypeVar("Item")


def encode_cursor(last_id: int) -> str:
    """Return the cursor of the page after a row."""
    return base64.urlsafe_b64encode(last_id.to_bytes(ID_BYTES, "big")).decode()


def decode_cursor(cursor: str) -> int:
    """Return the id of the row that a cursor points behind.

    Raises:
        InvalidCursorError: The text is not a cursor.
    """
    try:
        last_id = int.from_bytes(base64.b64decode(cursor, altchars=b"-_", validate=True), "big")
    except ValueError:
        last_id = 0
    if not 0 < last_id <= MAX_ID or encode_cursor(last_id) != cursor:
        raise InvalidCursorError("The cursor is not valid; start without one.")
    return last_id


@dataclass(frozen=True, slots=True)
class PageRequest:
    """The page that a client requests.

    Attributes:
        limit: Maximum number of items.
        after: Id of the last item of the page before, None for the first page.
    """

    limit: int
    after: int | None

    def to_query(self) -> PageQuery:
        """Return the query; it asks for one more row, to see whether another page follows."""
        return PageQuery(limit=self.limit + 1, after=self.after)

    def next_cursor(self, rows: Sequence[HasId]) -> str | None:
        """Return the cursor of the next page, None if the rows of the query end with this one."""
        return encode_cursor(rows[self.limit - 1].id) if len(rows) > self.limit else None


async def page_request(
    limit: Annotated[int, Query(ge=1, le=100, description="Maximum number of items")] = 20,
    cursor: Annotated[
        str | None,
        Query(
            min_length=CURSOR_LENGTH,
            max_length=CURSOR_LENGTH,
            description="`next_cursor` of the page before",
        ),
    ] = None,
) -> PageRequest:
    """Read the page that a client requests."""
    return PageRequest(limit, None if cursor is None else decode_cursor(cursor))


PageParams = Annotated[PageRequest, Depends(page_request)]


class Page(ResponseBody, Generic[Item]):
    """One page of a list."""

    items: list[Item]
    next_cursor: str | None

    @classmethod
    def from_items(cls, rows: Sequence[HasId], params: PageRequest) -> Self:
        """Return the page for the rows of its query."""
        return cls.model_validate(
            {"items": rows[: params.limit], "next_cursor": params.next_cursor(rows)}
        )

    @classmethod
    def response(cls, rows: Sequence[HasId], params: PageRequest) -> Response:
        """Return the page as a response, without validation: the fast form for long lists."""
        items = cast("list[Item]", rows[: params.limit])
        page = cls.model_construct(items=items, next_cursor=params.next_cursor(rows))
        return Response(page.model_dump_json(), media_type="application/json")
