"""Parts of lists, as the API shows them."""

from collections.abc import Sequence
from typing import Self

from {{ package_name }}.core.web.pagination import Paging
from {{ package_name }}.core.web.schemas import ResponseBody
from {{ package_name }}.core.database.models import Entity


class Page(ResponseBody):
    """A part of a list, and where the next one begins."""

    next: str | None

    @classmethod
    def of(cls, found: Sequence[Entity], part: Paging) -> Self:
        """Return the part of a list that was asked for."""
        after = part.next([entity.id for entity in found])
        return cls.model_validate({"items": found[: part.limit], "next": after})
