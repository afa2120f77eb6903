"""Posts: listed with their authors, newest first."""

import httpx2

from {{ package_name }}.core.app import Application
from {{ package_name }}.core.page_query import PageQuery
from {{ package_name }}.services.post_service import PostService

from factories import PostFactory, new_post, new_user


async def test_post_is_published(client: httpx2.AsyncClient) -> None:
    """The response has the post as it was sent, with its author."""
    author = await new_user(client, name="Jane")
    body = PostFactory.build(author_id=author, title="Hello", body="two\nlines").model_dump()

    response = await client.post("/posts", json=body)

    post = response.json()
    assert response.status_code == 201
    assert (post["title"], post["body"]) == ("Hello", "two\nlines")
    assert post["author"] == {"id": author, "name": "Jane"}


async def test_post_requires_an_author(client: httpx2.AsyncClient) -> None:
    """A post of an unknown user is not published."""
    response = await client.post("/posts", json=PostFactory.build(author_id=1).model_dump())

    assert (response.status_code, response.json()["code"]) == (404, "not_found")


async def test_posts_are_listed_newest_first(client: httpx2.AsyncClient) -> None:
    """The list of all posts and the list of one author are both in descending order."""
    author, other = [await new_user(client) for _ in range(2)]
    posts = [await new_post(client, author_id) for author_id in (author, other, author)]

    first = (await client.get("/posts?limit=2")).json()
    rest = (await client.get("/posts", params={"cursor": first["next_cursor"]})).json()
    own = (await client.get(f"/users/{author}/posts")).json()

    assert [post["id"] for post in first["items"] + rest["items"]] == posts[::-1]
    assert [post["id"] for post in own["items"]] == [posts[2], posts[0]]
    assert (rest["next_cursor"], own["next_cursor"]) == (None, None)


async def test_callback_runs_after_a_post(app: Application, client: httpx2.AsyncClient) -> None:
    """A callback of `on_change` gets the author, and finds the post."""
    calls: list[tuple[int, int]] = []
    posts = app.services.get(PostService)

    async def record(author_id: int) -> None:
        found = await posts.newest(PageQuery(limit=2), author_id)
        calls.append((author_id, len(found)))

    posts.on_change.append(record)
    author = await new_user(client)
    await new_post(client, author)

    assert calls == [(author, 1)]
