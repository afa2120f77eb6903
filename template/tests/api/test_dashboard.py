"""The dashboard: several queries at the same time, each on its own connection."""

import httpx2

from factories import new_account, new_post, new_user


async def test_dashboard_has_all_parts(concurrent_client: httpx2.AsyncClient) -> None:
    """The dashboard has the user, the five newest posts, and the sum of the user's accounts."""
    user, other = [await new_user(concurrent_client) for _ in range(2)]
    for owner in (user, user, other):
        await new_account(concurrent_client, owner, 100)
    posts = [await new_post(concurrent_client, user) for _ in range(6)]

    response = await concurrent_client.get("/dashboard", params={"user_id": str(user)})

    found = response.json()
    assert response.status_code == 200
    assert found["user"] == (await concurrent_client.get(f"/users/{user}")).json()
    assert [post["id"] for post in found["posts"]] == posts[:0:-1]
    assert found["balance"] == 200


async def test_unknown_user_has_no_dashboard(concurrent_client: httpx2.AsyncClient) -> None:
    """The error of one query is the response."""
    response = await concurrent_client.get("/dashboard", params={"user_id": "1"})

    assert (response.status_code, response.json()["code"]) == (404, "not_found")
