"""Transfers: each idempotency key has one effect, and no balance becomes negative."""

import httpx2
import pytest

from factories import TransferFactory, new_account, new_user

KEY = {"Idempotency-Key": "first-transfer"}


@pytest.fixture
async def accounts(client: httpx2.AsyncClient) -> tuple[int, int]:
    """Return two accounts with a balance of 100 each."""
    owner = await new_user(client)
    return await new_account(client, owner, 100), await new_account(client, owner, 100)


async def balances(client: httpx2.AsyncClient) -> list[int]:
    """Return the balances of all accounts, oldest account first."""
    return [account["balance"] for account in (await client.get("/accounts")).json()["items"]]


def transfer(accounts: tuple[int, int], amount: int) -> dict[str, int]:
    """Return the body of a transfer from the first account to the second."""
    source, target = accounts
    body = TransferFactory.build(source_id=source, target_id=target, amount=amount)
    return body.model_dump()


async def test_money_is_transferred(client: httpx2.AsyncClient, accounts: tuple[int, int]) -> None:
    """The source pays, the target receives, and the Location header leads to the transfer."""
    response = await client.post("/transfers", json=transfer(accounts, 30), headers=KEY)

    assert response.status_code == 201
    assert await balances(client) == [70, 130]
    assert (await client.get(response.headers["location"])).json() == response.json()


async def test_integer_may_have_a_decimal_point(
    client: httpx2.AsyncClient, accounts: tuple[int, int]
) -> None:
    """30.0 is an integer in JSON, 0.5 is not."""
    whole, half = (transfer(accounts, 30) | {"amount": amount} for amount in (30.0, 0.5))

    assert (await client.post("/transfers", json=whole, headers=KEY)).status_code == 201
    assert (await client.post("/transfers", json=half, headers=KEY)).status_code == 422


async def test_repeated_request_has_no_second_effect(
    client: httpx2.AsyncClient, accounts: tuple[int, int]
) -> None:
    """A repeated request gets the response of the first one."""
    first = await client.post("/transfers", json=transfer(accounts, 30), headers=KEY)
    second = await client.post("/transfers", json=transfer(accounts, 30), headers=KEY)

    assert (second.status_code, second.json()) == (201, first.json())
    assert await balances(client) == [70, 130]


async def test_key_belongs_to_one_transfer(
    client: httpx2.AsyncClient, accounts: tuple[int, int]
) -> None:
    """A different transfer with the same key is rejected."""
    await client.post("/transfers", json=transfer(accounts, 30), headers=KEY)

    response = await client.post("/transfers", json=transfer(accounts, 31), headers=KEY)

    assert (response.status_code, response.json()["code"]) == (422, "idempotency_key_reused")
    assert await balances(client) == [70, 130]


async def test_key_is_required(client: httpx2.AsyncClient, accounts: tuple[int, int]) -> None:
    """A request without Idempotency-Key is rejected, because a client could not retry it."""
    response = await client.post("/transfers", json=transfer(accounts, 30))

    assert response.status_code == 422
    assert response.json()["errors"][0]["pointer"] == "/header/Idempotency-Key"


async def test_balance_must_suffice(client: httpx2.AsyncClient, accounts: tuple[int, int]) -> None:
    """A transfer over the balance is rejected, and its key can be used again."""
    rejected = await client.post("/transfers", json=transfer(accounts, 101), headers=KEY)
    created = await client.post("/transfers", json=transfer(accounts, 100), headers=KEY)

    assert (rejected.status_code, rejected.json()["code"]) == (409, "insufficient_funds")
    assert created.status_code == 201
    assert await balances(client) == [0, 200]


async def test_balance_has_a_limit(client: httpx2.AsyncClient) -> None:
    """A transfer that would exceed MAX_BALANCE is rejected."""
    owner = await new_user(client)
    accounts = await new_account(client, owner, 1), await new_account(client, owner, 10**15)

    response = await client.post("/transfers", json=transfer(accounts, 1), headers=KEY)

    assert (response.status_code, response.json()["code"]) == (409, "balance_limit_exceeded")
    assert await balances(client) == [1, 10**15]


async def test_accounts_must_differ(client: httpx2.AsyncClient, accounts: tuple[int, int]) -> None:
    """A transfer from an account to itself is rejected."""
    body = transfer((accounts[0], accounts[0]), 1)

    response = await client.post("/transfers", json=body, headers=KEY)

    assert (response.status_code, response.json()["code"]) == (422, "same_account")


async def test_accounts_must_exist(client: httpx2.AsyncClient, accounts: tuple[int, int]) -> None:
    """A transfer from or to an unknown account changes no balance."""
    unknown = 999999999
    for body in (transfer((accounts[0], unknown), 1), transfer((unknown, accounts[0]), 1)):
        assert (await client.post("/transfers", json=body, headers=KEY)).status_code == 404
    assert (await client.get("/transfers/1")).status_code == 404
    assert await balances(client) == [100, 100]


@pytest.mark.parametrize("amount", [0, -1, 0.5, 10**15 + 1, 10**30], ids=str)
async def test_invalid_amount_is_rejected(reader: httpx2.AsyncClient, amount: float) -> None:
    """An amount is an integer from 1 to MAX_BALANCE; the accounts are not read."""
    body = {"source_id": 1, "target_id": 2, "amount": amount}

    response = await reader.post("/transfers", json=body, headers=KEY)

    assert response.status_code == 422
