"""Request and response bodies."""

from types import SimpleNamespace

import pytest
from pydantic import TypeAdapter, ValidationError

from {{ package_name }}.core.web.schemas import (
    MAX_ID,
    Id,
    RequestBody,
    ResponseBody,
)


class OrderIn(RequestBody):
    """A request body."""

    quantity: int


class OrderOut(ResponseBody):
    """A response body."""

    id: Id


@pytest.mark.parametrize(
    "body", [{}, {"quantity": "2"}, {"quantity": 2.5}, {"quantity": 2, "price": 0}]
)
def test_request_body_is_strict(body: dict[str, object]) -> None:
    """A body with a missing or unknown field, or with a value of another type, is rejected."""
    assert OrderIn.model_validate({"quantity": 2}).quantity == 2
    with pytest.raises(ValidationError):
        OrderIn.model_validate(body)


def test_response_body_reads_attributes() -> None:
    """A response body is made from an object, and leaves out what it does not name."""
    row = SimpleNamespace(id=7, password="hunter2")

    assert OrderOut.model_validate(row).model_dump() == {"id": 7}


@pytest.mark.parametrize("row_id", [0, -1, MAX_ID + 1])
def test_id_is_bounded(row_id: int) -> None:
    """An id is positive, and an integer that every JSON parser reads exactly."""
    with pytest.raises(ValidationError):
        TypeAdapter[int](Id).validate_python(row_id)
