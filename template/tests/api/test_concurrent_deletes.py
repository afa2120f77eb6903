"""Users are deleted while other requests create rows for them."""

import asyncio
from collections import Counter

import httpx2

from {{ package_name }}.app import create_app
from {{ package_name }}.settings import Settings

from factories import new_account, new_user
from support.client import connect

ROUNDS = 5
PATIENCE = {"pool_timeout_seconds": 60, "lock_timeout_seconds": 60}
"""Timeouts that a busy machine does not reach."""


async def race(client: httpx2.AsyncClient, target: int, key: str) -> list[httpx2.Response]:
    """Delete a user while posts, accounts and transfers are made for them."""
    user = await new_user(client)
    source = await new_account(client, await new_user(client), 100)
    path = f"/users/{user}"
    post = {"author_id": user, "title": "Hello", "body": "world"}
    account = {"owner_id": user, "balance": 0}
    transfer = {"source_id": source, "target_id": target, "amount": 1}
    headers = {"Idempotency-Key": key}
    return await asyncio.gather(
        *(client.post("/posts", json=post) for _ in range(4)),
        client.delete(path),
        *(client.post("/accounts", json=account) for _ in range(2)),
        client.delete(path),
        *(client.post("/posts", json=post) for _ in range(4)),
        client.patch(path, json={"name": "Jane"}),
        *(client.post("/transfers", json=transfer, headers=headers) for _ in range(2)),
        client.get(f"{path}/posts"),
    )


async def test_deletes_break_no_other_request(own_database_url: str) -> None:
    """Whatever the order, each request succeeds or gets an error of the client."""
    settings = Settings.load({"database": {"url": own_database_url, **PATIENCE}})
    async with connect(create_app(settings)) as client:
        target = await new_account(client, await new_user(client), 100)
        responses = [
            response
            for number in range(ROUNDS)
            for response in await race(client, target, f"transfer-{number}")
        ]

    failed = Counter(response.status_code for response in responses if response.status_code >= 500)
    assert not failed
