"""The dashboard: several queries at the same time, each on its own connection."""

from collections.abc import AsyncIterator

import httpx2
import pytest

from {{ package_name }}.app import create_app
from {{ package_name }}.settings import Settings

from factories import new_account, new_post, new_user
from support.client import connect


@pytest.fixture
async def committing(own_database_url: str) -> AsyncIterator[httpx2.AsyncClient]:
    """Yield a client of an application that commits to a database of its own."""
    settings = Settings.load({"database": {"url": own_database_url}})
    async with connect(create_app(settings)) as client:
        yield client


async def test_dashboard_has_all_parts(committing: httpx2.AsyncClient) -> None:
    """The dashboard has the user, the five newest posts, and the sum of the user's accounts."""
    user, other = [await new_user(committing) for _ in range(2)]
    for owner in (user, user, other):
        await new_account(committing, owner, 100)
    posts = [await new_post(committing, user) for _ in range(6)]

    response = await committing.get("/dashboard", params={"user_id": str(user)})

    found = response.json()
    assert response.status_code == 200
    assert found["user"] == (await committing.get(f"/users/{user}")).json()
    assert [post["id"] for post in found["posts"]] == posts[:0:-1]
    assert found["balance"] == 200


async def test_unknown_user_has_no_dashboard(committing: httpx2.AsyncClient) -> None:
    """The error of one query is the response."""
    response = await committing.get("/dashboard", params={"user_id": "1"})

    assert (response.status_code, response.json()["code"]) == (404, "not_found")
