"""Pagination: cursors, and the pages of a list."""

from dataclasses import dataclass

import httpx2
import pytest
from fastapi import APIRouter, Response

from {{ package_name }}.core.app import build
from {{ package_name }}.core.component import Component
from {{ package_name }}.core.web.pagination import (
    CURSOR_LENGTH,
    InvalidCursorError,
    Page,
    PageParams,
    decode_cursor,
    encode_cursor,
)
from {{ package_name }}.core.web.schemas import MAX_ID, ResponseBody
from {{ package_name }}.practices import PracticeSettings

from support.client import connect


@dataclass
class Row:
    """A row of a list."""

    id: int


class RowOut(ResponseBody):
    """A row, as the API returns it."""

    id: int


router = APIRouter()


def select(params: PageParams) -> list[Row]:
    """Return the rows of a query: ids 1 to 5."""
    query = params.to_query()
    start = 1 if query.after is None else query.after + 1
    return [Row(number) for number in range(start, 6)][: query.limit]


@router.get("/rows")
async def list_rows(params: PageParams) -> Page[RowOut]:
    """List the rows."""
    return Page[RowOut].from_items(select(params), params)


@router.get("/fast-rows", response_model=Page[RowOut])
async def list_rows_fast(params: PageParams) -> Response:
    """List the rows by the fast form."""
    return Page[Row].response(select(params), params)


async def read_all(client: httpx2.AsyncClient, path: str) -> list[list[int]]:
    """Return the ids of each page, from the first to the last."""
    pages, query = [], "?limit=2"
    while True:
        page = (await client.get(path + query)).json()
        pages.append([item["id"] for item in page["items"]])
        if page["next_cursor"] is None:
            return pages
        query = f"?limit=2&cursor={page['next_cursor']}"


@pytest.mark.parametrize("path", ["/rows", "/fast-rows"])
async def test_pages_follow_each_other(settings: PracticeSettings, path: str) -> None:
    """Each cursor leads to the next page, and the last page has none."""
    app = build(settings.limits, [Component(name="rows", routers=(router,))])
    async with connect(app) as client:
        assert await read_all(client, path) == [[1, 2], [3, 4], [5]]


@pytest.mark.parametrize("row_id", [1, 255, MAX_ID])
def test_cursor_keeps_the_id(row_id: int) -> None:
    """A cursor is decoded to its id, and has a fixed length."""
    cursor = encode_cursor(row_id)

    assert len(cursor) == CURSOR_LENGTH
    assert decode_cursor(cursor) == row_id


@pytest.mark.parametrize(
    "cursor", ["", "x" * 11, "é" * 12, "=" * 12, "A" * 12, "_" * 12, "AAAAAAAAAQE=", "AAAA AAAAAAB"]
)
def test_other_text_is_rejected(cursor: str) -> None:
    """Text that is no cursor raises an error, which becomes a 422."""
    with pytest.raises(InvalidCursorError):
        decode_cursor(cursor)
