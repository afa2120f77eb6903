"""Users: registered once, listed in parts, changed by who has seen what they change."""

import json
from functools import partial

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncSession

from {{ package_name }}.core.database import Database
from {{ package_name }}.core.errors import NotFoundError
from {{ package_name }}.domain.models import Account, Post, User

from factories import UserFactory, new_account, new_post, new_user
from support.database import counted

ANY = {"If-Match": "*"}


async def test_registered_user_is_found(client: httpx.AsyncClient) -> None:
    """A new user is where the answer says, and as it says."""
    body = {"email": "Jane@Example.org", "name": "Jane"}

    response = await client.post("/users", json=body)

    user = response.json()
    assert response.status_code == 201
    assert (user["email"], user["name"]) == ("jane@example.org", "Jane")
    assert response.headers["etag"] == '"1"'
    found = await client.get(response.headers["location"])
    assert (found.json(), found.headers["etag"]) == (user, '"1"')


@pytest.mark.parametrize("spelling", ["jane@example.org", "JANE@example.org", "jane@EXAMPLE.org"])
async def test_email_is_taken_once(client: httpx.AsyncClient, spelling: str) -> None:
    """Two users can't share an e-mail address, however it is spelled, and the service goes on."""
    await new_user(client, email="jane@example.org")

    response = await client.post("/users", json={"email": spelling, "name": "Other"})

    assert (response.status_code, response.json()["code"]) == (409, "email_taken")
    assert (await client.get("/users")).status_code == 200


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("email", "nobody"),
        ("email", "@example.org"),
        ("email", "jane@"),
        ("email", None),
        ("name", ""),
        ("name", "x" * 101),
        ("name", "two\nlines"),
        ("name", "nul\x00"),
        ("name", 7),
        ("admin", True),
    ],
    ids=str,
)
async def test_odd_user_is_refused(reader: httpx.AsyncClient, field: str, value: object) -> None:
    """What can't be a user is refused before anybody works on it."""
    body = UserFactory.build().model_dump() | {field: value}

    response = await reader.post("/users", json=body)

    assert (response.status_code, response.json()["code"]) == (422, "invalid_request")


@pytest.mark.parametrize("path", ["/users/1", "/users/1/posts"])
async def test_unknown_user_is_not_found(reader: httpx.AsyncClient, path: str) -> None:
    """Who does not exist has nothing."""
    response = await reader.get(path)

    assert (response.status_code, response.json()["code"]) == (404, "not_found")


async def test_number_may_be_too_large(reader: httpx.AsyncClient) -> None:
    """A number beyond what JSON and a database hold is refused, and is no failure."""
    assert (await reader.get(f"/users/{2**63}")).status_code == 422


async def test_change_needs_what_was_seen(client: httpx.AsyncClient) -> None:
    """Who changes a user says which version they saw; of two who saw the same, the first wins."""
    url = f"/users/{await new_user(client)}"
    seen = (await client.get(url)).headers["etag"]

    blind = await client.patch(url, json={"name": "Blind"})
    first = await client.patch(url, json={"name": "First"}, headers={"If-Match": seen})
    second = await client.patch(url, json={"name": "Second"}, headers={"If-Match": seen})

    assert [blind.status_code, first.status_code, second.status_code] == [428, 200, 412]
    assert first.headers["etag"] == '"2"'
    assert (await client.get(url)).json()["name"] == "First"


@pytest.mark.parametrize(
    ("tags", "status"),
    [('"7", "1"', 200), ('"7"', 412), ('W/"1"', 412), ('""', 412), ("1", 422), ("*, *", 422)],
)
async def test_tags_are_those_of_http(client: httpx.AsyncClient, tags: str, status: int) -> None:
    """One strong tag of several must match; what is none is refused."""
    url = f"/users/{await new_user(client)}"

    response = await client.patch(url, json={"name": "New"}, headers={"If-Match": tags})

    assert response.status_code == status


async def test_change_leaves_the_rest(client: httpx.AsyncClient) -> None:
    """What a change does not name stays, and a change may not care what was there."""
    url = f"/users/{await new_user(client, email='old@example.org', name='Old')}"

    response = await client.patch(url, json={"email": "new@example.org"}, headers=ANY)

    user = response.json()
    assert (user["email"], user["name"]) == ("new@example.org", "Old")


async def test_change_can_t_take_an_email(client: httpx.AsyncClient) -> None:
    """A change keeps the rules that a new user has."""
    await new_user(client, email="taken@example.org")
    url = f"/users/{await new_user(client)}"

    response = await client.patch(url, json={"email": "taken@example.org"}, headers=ANY)

    assert (response.status_code, response.json()["code"]) == (409, "email_taken")


async def test_removed_user_takes_posts_along(client: httpx.AsyncClient) -> None:
    """A user who is removed leaves nothing behind."""
    user = await new_user(client)
    await new_post(client, user)

    assert (await client.delete(f"/users/{user}")).status_code == 204
    assert (await client.get(f"/users/{user}")).status_code == 404
    assert (await client.get("/posts")).json()["items"] == []


async def test_owner_can_t_be_removed(client: httpx.AsyncClient) -> None:
    """Money never loses its owner."""
    user = await new_user(client)
    await new_account(client, user)

    response = await client.delete(f"/users/{user}")

    assert (response.status_code, response.json()["code"]) == (409, "has_accounts")
    assert (await client.get(f"/users/{user}")).status_code == 200


async def test_parts_make_the_whole(client: httpx.AsyncClient) -> None:
    """Parts of a list neither skip nor repeat anybody, though users come and go meanwhile."""
    users = [await new_user(client) for _ in range(5)]
    found: list[int] = []
    cursor: str | None = None

    for _ in range(3):
        query = {"limit": "2"} | ({"cursor": cursor} if cursor else {})
        part = (await client.get("/users", params=query)).json()
        found += [user["id"] for user in part["items"]]
        cursor = part["next"]
        await client.delete(f"/users/{found[0]}")
        users.append(await new_user(client))

    assert found == users[:6]


async def test_cursor_holds_for_its_list(client: httpx.AsyncClient) -> None:
    """A cursor that was not given out for a list is refused."""
    for _ in range(2):
        await new_post(client, await new_user(client))
    cursor = (await client.get("/users?limit=1")).json()["next"]

    for path, given in (("/posts", cursor), ("/users", cursor[:-4] + "AAA=")):
        response = await client.get(path, params={"cursor": given})
        assert (response.status_code, response.json()["code"]) == (422, "invalid_cursor")


async def test_import_and_export(client: httpx.AsyncClient) -> None:
    """Many users come in by one request, and go out by another, a line each."""
    users = [{"email": f"import{key}@example.com", "name": "Jane"} for key in range(1000)]

    response = await client.post("/users/import", json={"users": users})
    await new_user(client)

    assert (response.status_code, response.json()) == (201, {"imported": 1000})
    export = await client.get("/users/export")
    assert export.headers["content-type"] == "application/x-ndjson"
    lines = [json.loads(line) for line in export.text.splitlines()]
    assert [line["email"] for line in lines[:1000]] == [user["email"] for user in users]
    assert len(lines) == 1001


async def test_import_is_all_or_nothing(client: httpx.AsyncClient) -> None:
    """One user who can't be registered keeps the others out, too."""
    users = [user.model_dump() for user in UserFactory.batch(2)]

    response = await client.post("/users/import", json={"users": [*users, users[0]]})

    assert (response.status_code, response.json()["code"]) == (409, "email_taken")
    assert (await client.get("/users")).json() == {"items": [], "next": None}


async def clear(session: AsyncSession) -> None:
    """Remove all that was stored."""
    for model in (Account, User):
        await session.execute(delete(model))


async def fill(session: AsyncSession, number: int) -> None:
    """Store so many users, with an account and a post each, and as many posts of the first."""
    users = [User(email=f"{key}@example.com", name=f"User {key}") for key in range(number)]
    posts = [Post(author=user, title="Hello", body="world") for user in users]
    posts += [Post(author=users[0], title="More", body="words") for _ in users[1:]]
    session.add_all(posts)
    await session.flush()
    session.add_all([Account(owner_id=user.id, balance=1) for user in users])


@pytest.mark.parametrize("path", ["/users", "/posts", "/users/{user}/posts", "/accounts"])
@pytest.mark.no_cover
async def test_lists_take_as_many_statements(
    app: FastAPI, client: httpx.AsyncClient, path: str
) -> None:
    """A list of 100 takes no more statements than a list of one: nothing is asked for each."""
    database: Database = app.state.started["database"]
    taken = []
    for number in (1, 100):
        await database.write(partial(fill, number=number))
        user = (await client.get("/users")).json()["items"][0]["id"]
        with counted(database) as statements:
            found = (await client.get(path.format(user=user), params={"limit": str(number)})).json()
        assert len(found["items"]) == number
        taken.append(len(statements))
        await database.write(clear)

    assert taken[0] == taken[1]


async def test_who_is_gone_is_told(app: FastAPI, client: httpx.AsyncClient) -> None:
    """Whoever wants to know who was removed is told, when they are gone."""
    gone: list[int] = []
    users = app.state.started["users"]

    async def tell(user_id: int) -> None:
        with pytest.raises(NotFoundError):
            await users.get(user_id)
        gone.append(user_id)

    users.changed.append(tell)
    user = await new_user(client)
    await client.delete(f"/users/{user}")

    assert gone == [user]
