"""The dashboard: several questions, each on a connection of its own."""

from collections.abc import AsyncIterator

import httpx
import pytest

from {{ package_name }}.app import create_app
from {{ package_name }}.settings import Settings

from factories import new_account, new_post, new_user
from support.client import connect


@pytest.fixture
async def alone(own_database_url: str) -> AsyncIterator[httpx.AsyncClient]:
    """Yield a client of an application with a database of its own, which does keep things."""
    settings = Settings.load({"database": {"url": own_database_url}})
    async with connect(create_app(settings)) as client:
        yield client


async def test_dashboard_shows_all(alone: httpx.AsyncClient) -> None:
    """A user sees themselves, their newest posts, and all that they own."""
    user, other = [await new_user(alone) for _ in range(2)]
    for owner in (user, user, other):
        await new_account(alone, owner, 100)
    posts = [await new_post(alone, user) for _ in range(6)]

    response = await alone.get("/dashboard", params={"user_id": str(user)})

    found = response.json()
    assert response.status_code == 200
    assert found["user"] == (await alone.get(f"/users/{user}")).json()
    assert [post["id"] for post in found["posts"]] == posts[:0:-1]
    assert found["balance"] == 200


async def test_nobody_has_no_dashboard(alone: httpx.AsyncClient) -> None:
    """One question that fails is the answer to all of them."""
    response = await alone.get("/dashboard", params={"user_id": "1"})

    assert (response.status_code, response.json()["code"]) == (404, "not_found")
