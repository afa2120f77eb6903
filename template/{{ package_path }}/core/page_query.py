"""The rows that a page of a list needs."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class PageQuery:
    """A query for one page.

    Attributes:
        limit: Maximum number of rows.
        after: Id of the last row of the page before, None for the first page.
    """

    limit: int
    after: int | None = None
