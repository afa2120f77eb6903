"""Numbers of users: counted once, and anew when they have changed."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import NoReturn

import httpx
import pytest
from fastapi import FastAPI

from {{ package_name }}.core.errors import UnavailableError

from factories import PostFactory, new_post, new_user
from support.cache import FakeStore
from support.client import connect
from support.database import undone


@dataclass(slots=True)
class Cached:
    """What the cache has done."""

    store: FakeStore
    events: list[str] = field(default_factory=list)

    def note(self, _name: str, event: str) -> None:
        """Note what it does."""
        self.events.append(event)


@pytest.fixture
def cached() -> Cached:
    """Return what the cache of the application does, in a store that works."""
    return Cached(FakeStore())


@pytest.fixture
async def client(app: FastAPI, cached: Cached) -> AsyncIterator[httpx.AsyncClient]:
    """Yield a client of the application, which runs."""
    async with connect(app) as client, undone(app.state.started["database"]):
        cache = app.state.started["cache"]
        cache.store, cache.observe = cached.store, cached.note
        yield client


async def test_numbers_are_counted_once(client: httpx.AsyncClient, cached: Cached) -> None:
    """The second answer is the first, byte by byte, and nobody counts for it."""
    user = await new_user(client)
    body = PostFactory.build(author_id=user, body="four").model_dump()
    post = (await client.post("/posts", json=body)).json()

    first = await client.get(f"/users/{user}/stats")
    cached.events.clear()
    second = await client.get(f"/users/{user}/stats")

    assert first.json() == {
        "posts": 1,
        "characters": 4,
        "first_at": post["created_at"],
        "last_at": post["created_at"],
    }
    assert second.content == first.content
    assert cached.events == ["hit"]


async def test_new_post_counts(client: httpx.AsyncClient) -> None:
    """Who has published sees it in the numbers."""
    user, other = await new_user(client), await new_user(client)
    before = (await client.get(f"/users/{user}/stats")).json()
    for author in (user, user, other):
        await new_post(client, author)

    after = (await client.get(f"/users/{user}/stats")).json()

    assert before == {"posts": 0, "characters": 0, "first_at": None, "last_at": None}
    assert after["posts"] == 2


async def test_commit_whose_answer_is_lost_counts(
    app: FastAPI, client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who is told that the database failed sees in the numbers what it has done."""
    transactions = app.state.started["posts"].transactions
    write = transactions.write

    async def write_and_fail(work: object) -> NoReturn:
        await write(work)
        raise UnavailableError("The database can't serve right now.")

    user = await new_user(client)
    await client.get(f"/users/{user}/stats")
    monkeypatch.setattr(transactions, "write", write_and_fail)
    body = PostFactory.build(author_id=user).model_dump()

    assert (await client.post("/posts", json=body)).status_code == 503
    assert (await client.get(f"/users/{user}/stats")).json()["posts"] == 1


async def test_who_comes_later_has_numbers(client: httpx.AsyncClient) -> None:
    """Who was asked for too early is found when they are there: what is missing is not kept."""
    user = await new_user(client)
    early = await client.get(f"/users/{user + 1}/stats")

    assert (early.status_code, early.json()["code"]) == (404, "not_found")
    assert await new_user(client) == user + 1
    assert (await client.get(f"/users/{user + 1}/stats")).status_code == 200


async def test_who_is_gone_has_no_numbers(client: httpx.AsyncClient) -> None:
    """Who was removed is not found, though somebody has asked before."""
    user = await new_user(client)
    assert (await client.get(f"/users/{user}/stats")).status_code == 200
    await client.delete(f"/users/{user}")

    assert (await client.get(f"/users/{user}/stats")).status_code == 404


async def test_cache_that_fails_is_nobodys_trouble(
    client: httpx.AsyncClient, cached: Cached
) -> None:
    """Without the cache everything works, and is counted each time."""
    cached.store.fails = {"read", "add", "replace"}
    user = await new_user(client)
    for number in range(3):
        await new_post(client, user)
        numbers = (await client.get(f"/users/{user}/stats")).json()
        assert numbers["posts"] == number + 1
    assert cached.events.count("load") == 3
