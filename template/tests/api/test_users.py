"""Users: unique e-mail addresses, pages, preconditions, import and export."""

import json
from functools import partial

import httpx2
import pytest
from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncSession

from {{ package_name }}.core.app import Application
from {{ package_name }}.core.database import Database
from {{ package_name }}.core.errors import NotFoundError
from {{ package_name }}.domain.models import Account, Post, User
from {{ package_name }}.services.user_service import UserService

from factories import UserFactory, new_account, new_post, new_user
from support.database import counted

ANY_VERSION = {"If-Match": "*"}


async def test_user_is_registered(client: httpx2.AsyncClient) -> None:
    """The Location header leads to the new user; the e-mail address is in lower case."""
    body = {"email": "Jane@Example.org", "name": "Jane"}

    response = await client.post("/users", json=body)

    user = response.json()
    assert response.status_code == 201
    assert (user["email"], user["name"]) == ("jane@example.org", "Jane")
    assert response.headers["etag"] == '"1"'
    found = await client.get(response.headers["location"])
    assert (found.json(), found.headers["etag"]) == (user, '"1"')


@pytest.mark.parametrize("spelling", ["jane@example.org", "JANE@example.org", "jane@EXAMPLE.org"])
async def test_email_is_unique(client: httpx2.AsyncClient, spelling: str) -> None:
    """Case makes no difference, and a conflict does not affect the next request."""
    await new_user(client, email="jane@example.org")

    response = await client.post("/users", json={"email": spelling, "name": "Other"})

    assert (response.status_code, response.json()["code"]) == (409, "email_taken")
    assert (await client.get("/users")).status_code == 200


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("email", "jane"),
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
async def test_invalid_user_is_rejected(
    reader: httpx2.AsyncClient, field: str, value: object
) -> None:
    """An invalid or unknown field is rejected."""
    body = UserFactory.build().model_dump() | {field: value}

    response = await reader.post("/users", json=body)

    assert (response.status_code, response.json()["code"]) == (422, "invalid_request")


@pytest.mark.parametrize("path", ["/users/1", "/users/1/posts"])
async def test_unknown_user_is_not_found(reader: httpx2.AsyncClient, path: str) -> None:
    """An unknown user is a 404, also for the list of their posts."""
    response = await reader.get(path)

    assert (response.status_code, response.json()["code"]) == (404, "not_found")


async def test_id_has_a_limit(reader: httpx2.AsyncClient) -> None:
    """An id beyond the range of JSON and the database is a 422, not a 500."""
    assert (await reader.get(f"/users/{2**63}")).status_code == 422


async def test_update_requires_the_current_version(client: httpx2.AsyncClient) -> None:
    """Of two clients that have seen the same version, the first one wins."""
    url = f"/users/{await new_user(client)}"
    tag = (await client.get(url)).headers["etag"]

    missing = await client.patch(url, json={"name": "Missing"})
    first = await client.patch(url, json={"name": "First"}, headers={"If-Match": tag})
    second = await client.patch(url, json={"name": "Second"}, headers={"If-Match": tag})

    assert [missing.status_code, first.status_code, second.status_code] == [428, 200, 412]
    assert first.headers["etag"] == '"2"'
    assert (await client.get(url)).json()["name"] == "First"


@pytest.mark.parametrize(
    ("tags", "status"),
    [('"7", "1"', 200), ('"7"', 412), ('W/"1"', 412), ('""', 412), ("1", 422), ("*, *", 422)],
)
async def test_if_match_follows_http(client: httpx2.AsyncClient, tags: str, status: int) -> None:
    """One strong tag of the list must match; an invalid list is a 422 (RFC 9110)."""
    url = f"/users/{await new_user(client)}"

    response = await client.patch(url, json={"name": "New"}, headers={"If-Match": tags})

    assert response.status_code == status


async def test_update_keeps_other_fields(client: httpx2.AsyncClient) -> None:
    """A missing field keeps its value, and `*` matches any version."""
    url = f"/users/{await new_user(client, email='old@example.org', name='Old')}"

    response = await client.patch(url, json={"email": "new@example.org"}, headers=ANY_VERSION)

    user = response.json()
    assert (user["email"], user["name"]) == ("new@example.org", "Old")


async def test_update_keeps_emails_unique(client: httpx2.AsyncClient) -> None:
    """An update to the e-mail address of another user is rejected."""
    await new_user(client, email="taken@example.org")
    url = f"/users/{await new_user(client)}"

    response = await client.patch(url, json={"email": "taken@example.org"}, headers=ANY_VERSION)

    assert (response.status_code, response.json()["code"]) == (409, "email_taken")


async def test_deletion_includes_posts(client: httpx2.AsyncClient) -> None:
    """The posts of a deleted user are deleted."""
    user = await new_user(client)
    await new_post(client, user)

    assert (await client.delete(f"/users/{user}")).status_code == 204
    assert (await client.get(f"/users/{user}")).status_code == 404
    assert (await client.get("/posts")).json()["items"] == []


async def test_user_with_accounts_is_not_deleted(client: httpx2.AsyncClient) -> None:
    """The deletion of a user with accounts is rejected."""
    user = await new_user(client)
    await new_account(client, user)

    response = await client.delete(f"/users/{user}")

    assert (response.status_code, response.json()["code"]) == (409, "has_accounts")
    assert (await client.get(f"/users/{user}")).status_code == 200


async def test_pages_are_consistent(client: httpx2.AsyncClient) -> None:
    """Pages neither skip nor repeat users, although users are added and deleted in between."""
    users = [await new_user(client) for _ in range(5)]
    found: list[int] = []
    cursor: str | None = None

    for _ in range(3):
        query = {"limit": "2"} | ({"cursor": cursor} if cursor else {})
        page = (await client.get("/users", params=query)).json()
        found += [user["id"] for user in page["items"]]
        cursor = page["next_cursor"]
        await client.delete(f"/users/{found[0]}")
        users.append(await new_user(client))

    assert found == users[:6]


@pytest.mark.parametrize("path", ["/users", "/posts", "/users/1/posts", "/accounts"])
async def test_invalid_cursor_is_rejected(reader: httpx2.AsyncClient, path: str) -> None:
    """A cursor that no page has returned is a 422."""
    response = await reader.get(path, params={"cursor": "AAAAAAAAAAA="})

    assert (response.status_code, response.json()["code"]) == (422, "invalid_cursor")


async def test_import_and_export(client: httpx2.AsyncClient) -> None:
    """One request imports 1000 users; the export has one line per user."""
    users = [{"email": f"import{number}@example.com", "name": "Jane"} for number in range(1000)]

    response = await client.post("/users/import", json={"users": users})
    await new_user(client)

    assert (response.status_code, response.json()) == (201, {"created": 1000})
    export = await client.get("/users/export")
    assert export.headers["content-type"] == "application/x-ndjson"
    lines = [json.loads(line) for line in export.text.splitlines()]
    assert [line["email"] for line in lines[:1000]] == [user["email"] for user in users]
    assert len(lines) == 1001


async def test_import_is_all_or_nothing(client: httpx2.AsyncClient) -> None:
    """An import with a duplicate e-mail address creates no user."""
    users = [user.model_dump() for user in UserFactory.batch(2)]

    response = await client.post("/users/import", json={"users": [*users, users[0]]})

    assert (response.status_code, response.json()["code"]) == (409, "email_taken")
    assert (await client.get("/users")).json() == {"items": [], "next_cursor": None}


async def clear(session: AsyncSession) -> None:
    """Delete all users, with their accounts and posts."""
    for model in (Account, User):
        await session.execute(delete(model))


async def fill(session: AsyncSession, count: int) -> None:
    """Store users with an account and a post each, and `count - 1` more posts of the first."""
    users = [User(email=f"{number}@example.com", name=f"User {number}") for number in range(count)]
    posts = [Post(author=user, title="Hello", body="world") for user in users]
    posts += [Post(author=users[0], title="More", body="words") for _ in users[1:]]
    session.add_all(posts)
    await session.flush()
    session.add_all([Account(owner_id=user.id, balance=1) for user in users])


@pytest.mark.parametrize("path", ["/users", "/posts", "/users/{user}/posts", "/accounts"])
@pytest.mark.no_cover
async def test_list_has_a_constant_number_of_queries(
    app: Application, client: httpx2.AsyncClient, path: str
) -> None:
    """A list of 100 items takes as many queries as a list of one: there is no N+1."""
    database = app.services.get(Database)
    counts = []
    for count in (1, 100):
        await database.write(partial(fill, count=count))
        user = (await client.get("/users")).json()["items"][0]["id"]
        with counted(database) as statements:
            page = (await client.get(path.format(user=user), params={"limit": str(count)})).json()
        assert len(page["items"]) == count
        counts.append(len(statements))
        await database.write(clear)

    assert counts[0] == counts[1]


async def test_callback_runs_after_a_deletion(app: Application, client: httpx2.AsyncClient) -> None:
    """A callback of `on_change` gets the id of a user who no longer exists."""
    deleted: list[int] = []
    users = app.services.get(UserService)

    async def record(user_id: int) -> None:
        with pytest.raises(NotFoundError):
            await users.get(user_id)
        deleted.append(user_id)

    users.on_change.append(record)
    user = await new_user(client)
    await client.delete(f"/users/{user}")

    assert deleted == [user]
