"""Concurrent transfers: the sum is constant, no balance is negative, each key has one effect."""

import asyncio
import secrets
from collections import Counter

import pytest
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from {{ package_name }}.core.database import Database
from {{ package_name }}.domain.commands import TransferRequest
from {{ package_name }}.domain.models import (
    Account,
    InsufficientFundsError,
    Transfer,
    User,
)
from {{ package_name }}.infrastructure.repositories import SqlUnitOfWork
from {{ package_name }}.services.transfer_service import TransferService

ACCOUNTS = 5
BALANCE = 100


async def open_accounts(session: AsyncSession) -> list[int]:
    """Store a user with accounts, and return the ids of the accounts."""
    user = User(email="jane@example.org", name="Jane")
    session.add(user)
    await session.flush()
    accounts = [Account(owner_id=user.id, balance=BALANCE) for _ in range(ACCOUNTS)]
    session.add_all(accounts)
    await session.flush()
    return [account.id for account in accounts]


async def balances(session: AsyncSession) -> list[int]:
    """Return the balances of all accounts."""
    return list(await session.scalars(select(Account.balance)))


async def count_transfers(session: AsyncSession) -> int:
    """Return the number of transfers."""
    return int((await session.scalars(select(func.count(Transfer.id)))).one())


@pytest.mark.no_cover
async def test_concurrent_transfers_keep_the_sum(own_database: Database) -> None:
    """100 transfers between five accounts keep the sum, and leave no negative balance."""
    accounts = await own_database.write(open_accounts)
    service = TransferService(SqlUnitOfWork(own_database))
    outcomes: Counter[str] = Counter()

    async def transfer_repeatedly(task: int) -> None:
        for number in range(10):
            source = secrets.randbelow(ACCOUNTS)
            step = 1 + secrets.randbelow(ACCOUNTS - 1)
            request = TransferRequest(
                source_id=accounts[source],
                target_id=accounts[(source + step) % ACCOUNTS],
                amount=1 + secrets.randbelow(BALANCE),
                key=f"task-{task}-{number}",
            )
            try:
                await service.transfer(request)
            except InsufficientFundsError:
                outcomes["rejected"] += 1
            else:
                outcomes["created"] += 1

    async with asyncio.TaskGroup() as group:
        for task in range(10):
            group.create_task(transfer_repeatedly(task))
    found = await own_database.read(balances)

    assert sum(found) == ACCOUNTS * BALANCE
    assert min(found) >= 0
    assert outcomes.total() == 100
    assert await own_database.read(count_transfers) == outcomes["created"]


async def test_key_has_one_effect(own_database: Database) -> None:
    """Twenty concurrent requests with one key all return the same transfer."""
    source, target, *_ = await own_database.write(open_accounts)
    service = TransferService(SqlUnitOfWork(own_database))
    request = TransferRequest(source_id=source, target_id=target, amount=30, key="the-same-key")

    transfers = await asyncio.gather(*(service.transfer(request) for _ in range(20)))

    assert len({transfer.id for transfer in transfers}) == 1
    assert sorted(await own_database.read(balances)) == [70, 100, 100, 100, 130]
