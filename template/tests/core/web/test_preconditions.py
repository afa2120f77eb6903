"""Preconditions: a client changes only a version that it has seen."""

from collections.abc import AsyncIterator

import httpx2
import pytest
from fastapi import APIRouter

from {{ package_name }}.core.app import build
from {{ package_name }}.core.component import Component
from {{ package_name }}.core.web.idempotency import IdempotencyKey
from {{ package_name }}.core.web.preconditions import IF_MATCH, IfMatch, etag
from {{ package_name }}.practices import PracticeSettings

from support.client import connect

router = APIRouter()


@router.patch("/order", openapi_extra={"parameters": [IF_MATCH]})
async def update_order(versions: IfMatch) -> list[int] | None:
    """Return the versions of the request."""
    return None if versions is None else sorted(versions)


@router.post("/order")
async def create_order(key: IdempotencyKey) -> str:
    """Return the key of the request."""
    return key


@pytest.fixture
async def client(settings: PracticeSettings) -> AsyncIterator[httpx2.AsyncClient]:
    """Yield a client of both routes."""
    app = build(settings.limits, [Component(name="order", routers=(router,))])
    async with connect(app) as client:
        yield client


@pytest.mark.parametrize(
    ("if_match", "versions"),
    [("*", None), (etag(7), [7]), ('"1", "2"', [1, 2]), ('W/"1"', []), ('"other"', [])],
)
async def test_versions_of_if_match(
    client: httpx2.AsyncClient, if_match: str, versions: list[int] | None
) -> None:
    """If-Match names versions; a weak tag or a foreign one matches none."""
    response = await client.patch("/order", headers={"If-Match": if_match})

    assert response.json() == versions


async def test_if_match_is_required(client: httpx2.AsyncClient) -> None:
    """Without If-Match the response is 428, and a malformed one gets 422."""
    missing = await client.patch("/order")
    malformed = await client.patch("/order", headers={"If-Match": "7"})

    assert (missing.status_code, missing.json()["code"]) == (428, "precondition_required")
    assert malformed.status_code == 422


async def test_idempotency_key_is_required(client: httpx2.AsyncClient) -> None:
    """A request needs a key of 8 to 64 plain characters."""
    good = await client.post("/order", headers={"Idempotency-Key": "order-12345"})
    short = await client.post("/order", headers={"Idempotency-Key": "order"})
    missing = await client.post("/order")

    assert (good.status_code, short.status_code, missing.status_code) == (200, 422, 422)
