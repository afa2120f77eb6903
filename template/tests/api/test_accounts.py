"""Accounts: each has an owner and a balance in whole minor units."""

import httpx2
import pytest

from factories import AccountFactory, new_account, new_user


async def test_account_is_opened(client: httpx2.AsyncClient) -> None:
    """The Location header leads to the new account."""
    owner = await new_user(client)

    response = await client.post("/accounts", json={"owner_id": owner, "balance": 250})

    account = response.json()
    assert response.status_code == 201
    assert (account["owner_id"], account["balance"]) == (owner, 250)
    assert (await client.get(response.headers["location"])).json() == account


async def test_account_requires_an_owner(client: httpx2.AsyncClient) -> None:
    """An account of an unknown user is not opened."""
    body = AccountFactory.build(owner_id=1).model_dump()

    assert (await client.post("/accounts", json=body)).status_code == 404
    assert (await client.get("/accounts/1")).status_code == 404


@pytest.mark.parametrize("balance", [-1, 0.5, "1", 10**15 + 1, True], ids=str)
async def test_invalid_balance_is_rejected(reader: httpx2.AsyncClient, balance: object) -> None:
    """A balance is an integer from 0 to MAX_BALANCE."""
    response = await reader.post("/accounts", json={"owner_id": 1, "balance": balance})

    assert response.status_code == 422


async def test_accounts_are_listed(client: httpx2.AsyncClient) -> None:
    """The pages have all accounts, oldest first."""
    owner = await new_user(client)
    accounts = [await new_account(client, owner) for _ in range(3)]

    first = (await client.get("/accounts?limit=2")).json()
    rest = (await client.get("/accounts", params={"cursor": first["next_cursor"]})).json()

    assert [account["id"] for account in first["items"] + rest["items"]] == accounts
