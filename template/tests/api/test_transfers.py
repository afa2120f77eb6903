"""Transfers: done once for each key, and never with money that is not there."""

import httpx
import pytest

from factories import TransferFactory, new_account, new_user

KEY = {"Idempotency-Key": "first-transfer"}


@pytest.fixture
async def accounts(client: httpx.AsyncClient) -> tuple[int, int]:
    """Return two accounts with 100 in each."""
    owner = await new_user(client)
    return await new_account(client, owner, 100), await new_account(client, owner, 100)


async def balances(client: httpx.AsyncClient) -> list[int]:
    """Return what all accounts hold, oldest first."""
    return [account["balance"] for account in (await client.get("/accounts")).json()["items"]]


def transfer(accounts: tuple[int, int], amount: int) -> dict[str, int]:
    """Return a request that moves money from the first account to the second."""
    source, target = accounts
    made = TransferFactory.build(source_id=source, target_id=target, amount=amount)
    return made.model_dump()


async def test_money_moves(client: httpx.AsyncClient, accounts: tuple[int, int]) -> None:
    """What one account loses the other gets, and the transfer can be looked up."""
    response = await client.post("/transfers", json=transfer(accounts, 30), headers=KEY)

    assert response.status_code == 201
    assert await balances(client) == [70, 130]
    assert (await client.get(response.headers["location"])).json() == response.json()


async def test_whole_number_may_have_a_point(
    client: httpx.AsyncClient, accounts: tuple[int, int]
) -> None:
    """To JSON 30.0 is the integer 30; half a cent is none."""
    whole, half = (transfer(accounts, 30) | {"amount": amount} for amount in (30.0, 0.5))

    assert (await client.post("/transfers", json=whole, headers=KEY)).status_code == 201
    assert (await client.post("/transfers", json=half, headers=KEY)).status_code == 422


async def test_key_is_used_once(client: httpx.AsyncClient, accounts: tuple[int, int]) -> None:
    """A request that is sent again is answered again, and does nothing more."""
    first = await client.post("/transfers", json=transfer(accounts, 30), headers=KEY)
    again = await client.post("/transfers", json=transfer(accounts, 30), headers=KEY)

    assert (again.status_code, again.json()) == (201, first.json())
    assert await balances(client) == [70, 130]


async def test_key_stands_for_one_request(
    client: httpx.AsyncClient, accounts: tuple[int, int]
) -> None:
    """A key that is used for another transfer is refused."""
    await client.post("/transfers", json=transfer(accounts, 30), headers=KEY)

    response = await client.post("/transfers", json=transfer(accounts, 31), headers=KEY)

    assert (response.status_code, response.json()["code"]) == (422, "idempotency_key_reused")
    assert await balances(client) == [70, 130]


async def test_request_needs_a_key(client: httpx.AsyncClient, accounts: tuple[int, int]) -> None:
    """Without a key nobody could send the request again safely."""
    response = await client.post("/transfers", json=transfer(accounts, 30))

    assert response.status_code == 422
    assert response.json()["errors"][0]["pointer"] == "/header/Idempotency-Key"


async def test_money_must_be_there(client: httpx.AsyncClient, accounts: tuple[int, int]) -> None:
    """An account gives no more than it holds, and a refused transfer leaves no trace of its key."""
    refused = await client.post("/transfers", json=transfer(accounts, 101), headers=KEY)
    done = await client.post("/transfers", json=transfer(accounts, 100), headers=KEY)

    assert (refused.status_code, refused.json()["code"]) == (409, "insufficient_funds")
    assert done.status_code == 201
    assert await balances(client) == [0, 200]


async def test_account_can_be_full(client: httpx.AsyncClient) -> None:
    """An account takes no more than can be counted."""
    owner = await new_user(client)
    accounts = await new_account(client, owner, 1), await new_account(client, owner, 10**15)

    response = await client.post("/transfers", json=transfer(accounts, 1), headers=KEY)

    assert (response.status_code, response.json()["code"]) == (409, "account_full")
    assert await balances(client) == [1, 10**15]


async def test_accounts_must_be_two(client: httpx.AsyncClient, accounts: tuple[int, int]) -> None:
    """Money that stays where it is has not moved."""
    body = transfer((accounts[0], accounts[0]), 1)

    response = await client.post("/transfers", json=body, headers=KEY)

    assert (response.status_code, response.json()["code"]) == (422, "same_account")


async def test_accounts_must_exist(client: httpx.AsyncClient, accounts: tuple[int, int]) -> None:
    """Money goes nowhere else, and comes from nowhere else."""
    for body in (transfer((accounts[0], 9), 1), transfer((9, accounts[0]), 1)):
        assert (await client.post("/transfers", json=body, headers=KEY)).status_code == 404
    assert (await client.get("/transfers/1")).status_code == 404
    assert await balances(client) == [100, 100]


@pytest.mark.parametrize("amount", [0, -1, 0.5, 10**15 + 1, 10**30], ids=str)
async def test_odd_amount_is_refused(reader: httpx.AsyncClient, amount: float) -> None:
    """What is no amount of money is refused before anybody looks at the accounts."""
    body = {"source_id": 1, "target_id": 2, "amount": amount}

    response = await reader.post("/transfers", json=body, headers=KEY)

    assert response.status_code == 422
