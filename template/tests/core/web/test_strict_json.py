"""JSON bodies that every parser reads the same way."""

from collections.abc import AsyncIterator

import httpx2
import pytest
from fastapi import APIRouter
from pydantic import BaseModel

from {{ package_name }}.core.app import build
from {{ package_name }}.core.component import Component
from {{ package_name }}.practices import PracticeSettings

from support.client import connect

JSON = {"Content-Type": "application/json"}


class Order(BaseModel):
    """A body."""

    name: str = ""
    price: float = 0
    extra: object = None


router = APIRouter(prefix="/orders")


@router.post("", status_code=201)
async def place(order: Order) -> Order:
    """Place an order."""
    return order


@pytest.fixture
async def client(settings: PracticeSettings) -> AsyncIterator[httpx2.AsyncClient]:
    """Yield a client of the route."""
    async with connect(build(settings.limits, [Component(name="o", routers=(router,))])) as client:
        yield client


@pytest.mark.parametrize(
    "body",
    [
        b'{"price": NaN}',
        b'{"price": Infinity}',
        b'{"price": -Infinity}',
        b'{"price": 1e999}',
        b'{"price": -1e999}',
        b'{"name": "a", "name": "b"}',
        b'{"extra": {"a": 1, "a": 2}}',
        b'{"name": "\xff"}',
        b'\xef\xbb\xbf{"name": "a"}',
        '{"name": "a"}'.encode("utf-16"),
        b'{"name": "a"} trailing',
        b'{"name": "a"',
        b"",
        b"{'name': 'a'}",
        b'{"name": "\\ud800"}',
        b'{"extra": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
        b'{"price": ' + b"9" * 5000 + b"}",
    ],
    ids=range(17),
)
async def test_ambiguous_json_is_rejected(client: httpx2.AsyncClient, body: bytes) -> None:
    """A body that is not JSON, or that parsers read differently, gets 422."""
    response = await client.post("/orders", content=body, headers=JSON)

    assert response.status_code == 422
    assert response.json()["code"] == "invalid_request"


@pytest.mark.parametrize(
    "body",
    [
        b'{"name": "\\u0000", "price": -0.0}',
        b' {"name": "\\ud83d\\ude00"} ',
        '{"name": "Ærøskøbing"}'.encode(),
        b'{"price": 1e308, "extra": [{"a": 1}, {"a": 2}]}',
    ],
    ids=range(4),
)
async def test_plain_json_is_accepted(client: httpx2.AsyncClient, body: bytes) -> None:
    """JSON with escapes, Unicode and large numbers is accepted."""
    response = await client.post("/orders", content=body, headers=JSON)

    assert response.status_code == 201


@pytest.mark.parametrize(
    "headers",
    [
        {"Content-Type": "text/plain"},
        {"Content-Type": "application/x-www-form-urlencoded"},
        {"Content-Type": "application/jsonp"},
        {**JSON, "Content-Encoding": "gzip"},
    ],
    ids=["text", "form", "nearly JSON", "compressed"],
)
async def test_other_media_types_are_rejected(
    client: httpx2.AsyncClient, headers: dict[str, str]
) -> None:
    """A body of another media type, or a compressed one, gets 415."""
    response = await client.post("/orders", content=b"{}", headers=headers)

    assert response.status_code == 415
    assert response.json()["code"] == "unsupported_media_type"


@pytest.mark.parametrize("kind", ["application/json; charset=utf-8", "application/vnd.a+json"])
async def test_json_media_types_are_accepted(client: httpx2.AsyncClient, kind: str) -> None:
    """A media type may have parameters or the suffix +json."""
    response = await client.post("/orders", content=b"{}", headers={"Content-Type": kind})

    assert response.status_code == 201
