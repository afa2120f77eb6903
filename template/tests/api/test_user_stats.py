"""Statistics of users: cached, and invalidated on change."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import NoReturn

import httpx2
import pytest

from {{ package_name }}.core.app import Application
from {{ package_name }}.core.cache import Cache
from {{ package_name }}.core.database import Database
from {{ package_name }}.core.errors import UnavailableError
from {{ package_name }}.services.ports import Repositories
from {{ package_name }}.services.post_service import PostService

from factories import PostFactory, new_post, new_user
from support.cache import FakeStore
from support.client import connect
from support.database import undone


@dataclass(slots=True)
class ObservedCache:
    """The store of the application's cache, and the events of the cache."""

    store: FakeStore = field(default_factory=FakeStore)
    events: list[str] = field(default_factory=list)

    def record(self, _name: str, event: str) -> None:
        """Record an event."""
        self.events.append(event)


@pytest.fixture
def observed() -> ObservedCache:
    """Return an empty cache."""
    return ObservedCache()


@pytest.fixture
async def client(app: Application, observed: ObservedCache) -> AsyncIterator[httpx2.AsyncClient]:
    """Yield a client of the running application with the observed cache."""
    async with connect(app) as client, undone(app.services.get(Database)):
        cache = app.services.get(Cache)
        cache.store, cache.observe = observed.store, observed.record
        yield client


async def test_stats_are_cached(client: httpx2.AsyncClient, observed: ObservedCache) -> None:
    """The second response is a hit, and has the same bytes."""
    user = await new_user(client)
    body = PostFactory.build(author_id=user, body="four").model_dump()
    post = (await client.post("/posts", json=body)).json()

    first = await client.get(f"/users/{user}/stats")
    observed.events.clear()
    second = await client.get(f"/users/{user}/stats")

    assert first.json() == {
        "posts": 1,
        "characters": 4,
        "first_at": post["created_at"],
        "last_at": post["created_at"],
    }
    assert second.content == first.content
    assert observed.events == ["hit"]


async def test_post_invalidates_stats(client: httpx2.AsyncClient) -> None:
    """Statistics include a new post at once, and no posts of other users."""
    user, other = await new_user(client), await new_user(client)
    before = (await client.get(f"/users/{user}/stats")).json()
    for author in (user, user, other):
        await new_post(client, author)

    after = (await client.get(f"/users/{user}/stats")).json()

    assert before == {"posts": 0, "characters": 0, "first_at": None, "last_at": None}
    assert after["posts"] == 2


async def test_failed_commit_invalidates_stats(
    app: Application, client: httpx2.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A commit that reports an error may have succeeded, so the statistics are invalidated."""
    unit_of_work = app.services.get(PostService).unit_of_work
    write = unit_of_work.write

    async def write_and_fail(work: Callable[[Repositories], Awaitable[object]]) -> NoReturn:
        await write(work)
        raise UnavailableError("The database is unavailable.")

    user = await new_user(client)
    await client.get(f"/users/{user}/stats")
    monkeypatch.setattr(unit_of_work, "write", write_and_fail)
    body = PostFactory.build(author_id=user).model_dump()

    assert (await client.post("/posts", json=body)).status_code == 503
    assert (await client.get(f"/users/{user}/stats")).json()["posts"] == 1


async def test_missing_user_is_not_cached(client: httpx2.AsyncClient) -> None:
    """A user who registers after a 404 response is found."""
    user = await new_user(client)
    early = await client.get(f"/users/{user + 1}/stats")

    assert (early.status_code, early.json()["code"]) == (404, "not_found")
    assert await new_user(client) == user + 1
    assert (await client.get(f"/users/{user + 1}/stats")).status_code == 200


async def test_deletion_invalidates_stats(client: httpx2.AsyncClient) -> None:
    """A deleted user has no statistics, although they were cached."""
    user = await new_user(client)
    assert (await client.get(f"/users/{user}/stats")).status_code == 200
    await client.delete(f"/users/{user}")

    assert (await client.get(f"/users/{user}/stats")).status_code == 404


async def test_stats_work_without_the_cache(
    client: httpx2.AsyncClient, observed: ObservedCache
) -> None:
    """While the cache is unavailable, each request loads the statistics."""
    observed.store.failing = {"get_many", "set_if_absent", "compare_and_set"}
    user = await new_user(client)
    for number in range(3):
        await new_post(client, user)
        stats = (await client.get(f"/users/{user}/stats")).json()
        assert stats["posts"] == number + 1
    assert observed.events.count("load") == 3
