"""Codecs: a decoded value equals the encoded one, in value and type."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from enum import Enum
from uuid import UUID

import pytest
from pydantic import BaseModel, Field, TypeAdapter

from {{ package_name }}.core.cache.codec import BytesCodec, JsonCodec


class Colour(Enum):
    """An enum."""

    RED = "red"


@dataclass
class Point:
    """A dataclass."""

    x: int
    at: datetime


class Order(BaseModel):
    """A model with an alias."""

    total: Decimal = Field(alias="Total")
    tags: frozenset[str] = frozenset()
    first: Point | None = None


POINT = Point(1, datetime(2026, 1, 1, tzinfo=UTC))
ORDER = Order(Total=Decimal("1.10"), tags=frozenset({"a"}), first=POINT)


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (int | None, None),
        (int, 0),
        (int, 2**70),
        (bool, False),
        (str, ""),
        (str, "größe\u2028\x00"),
        (float, 0.1),
        (bytes, b""),
        (Decimal, Decimal("1.10")),
        (datetime, datetime(2026, 2, 28, 23, 59, 59, 999_999, tzinfo=UTC)),
        (date, date(2026, 2, 28)),
        (timedelta, timedelta(microseconds=1)),
        (UUID, UUID(int=1)),
        (Colour, Colour.RED),
        (Point, POINT),
        (Order, ORDER),
        (list[Order], []),
        (tuple[int, str], (1, "1")),
        (set[int], {1, 2}),
        (dict[int, Decimal], {1: Decimal("0.0")}),
    ],
    ids=str,
)
def test_round_trip(kind: type[object], value: object) -> None:
    """A decoded value is equal and of the same type."""
    codec = JsonCodec(TypeAdapter(kind))
    found = codec.decode(codec.encode(value))

    assert found == value
    assert type(found) is type(value)
    assert repr(found) == repr(value).replace("datetime.timezone.utc", "TzInfo(0)")


def test_value_of_another_type_is_rejected() -> None:
    """A value of another type would be decoded as a different one."""
    codec: JsonCodec[object] = JsonCodec(TypeAdapter[object](int))

    with pytest.raises(ValueError, match="int"):
        codec.encode("1")
    with pytest.raises(ValueError, match="int"):
        codec.decode(b'"x"')


def test_schema_identifies_the_type() -> None:
    """Each type has a schema of its own, always the same."""
    kinds = (int, str, datetime, list[int], Point, Order)
    schemas = {JsonCodec(TypeAdapter[object](kind)).schema for kind in kinds}

    assert len(schemas) == 6
    assert JsonCodec(TypeAdapter(int)).schema == JsonCodec(TypeAdapter(int)).schema


def test_bytes_are_unchanged() -> None:
    """An encoded response is stored unchanged."""
    codec = BytesCodec()

    assert codec.decode(codec.encode(b"\x00{}")) == b"\x00{}"
