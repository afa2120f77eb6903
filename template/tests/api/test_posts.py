"""Posts: shown with who wrote them, newest first."""

import httpx
from fastapi import FastAPI

from {{ package_name }}.core.web.pagination import Slice

from factories import PostFactory, new_post, new_user


async def test_post_shows_its_author(client: httpx.AsyncClient) -> None:
    """A new post comes back as it was sent, with its author."""
    author = await new_user(client, name="Jane")
    body = PostFactory.build(author_id=author, title="Hello", body="two\nlines").model_dump()

    response = await client.post("/posts", json=body)

    post = response.json()
    assert response.status_code == 201
    assert (post["title"], post["body"]) == ("Hello", "two\nlines")
    assert post["author"] == {"id": author, "name": "Jane"}


async def test_post_needs_an_author(client: httpx.AsyncClient) -> None:
    """Nobody writes nothing."""
    response = await client.post("/posts", json=PostFactory.build(author_id=1).model_dump())

    assert (response.status_code, response.json()["code"]) == (404, "not_found")


async def test_newest_come_first(client: httpx.AsyncClient) -> None:
    """The lists of all posts, and of one user's, begin with the newest and go on to the oldest."""
    one, other = [await new_user(client) for _ in range(2)]
    posts = [await new_post(client, author) for author in (one, other, one)]

    first = (await client.get("/posts?limit=2")).json()
    rest = (await client.get("/posts", params={"cursor": first["next"]})).json()
    ones = (await client.get(f"/users/{one}/posts")).json()

    assert [post["id"] for post in first["items"] + rest["items"]] == posts[::-1]
    assert [post["id"] for post in ones["items"]] == [posts[2], posts[0]]
    assert (rest["next"], ones["next"]) == (None, None)


async def test_new_post_is_told(app: FastAPI, client: httpx.AsyncClient) -> None:
    """Whoever wants to know who has posted is told, and finds the post."""
    told: list[tuple[int, int]] = []
    posts = app.state.started["posts"]

    async def tell(author: int) -> None:
        told.append((author, len(await posts.newest(Slice(limit=2, of=author)))))

    posts.changed.append(tell)
    author = await new_user(client)
    await new_post(client, author)

    assert told == [(author, 1)]
