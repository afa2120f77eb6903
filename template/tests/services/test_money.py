"""Transfers at once: the sum stays, nobody owes, and each key has one effect."""

import asyncio
import secrets
from collections import Counter

import pytest
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from {{ package_name }}.core.database import Database, build
from {{ package_name }}.domain.commands import TransferRequest
from {{ package_name }}.domain.models import (
    Account,
    InsufficientFundsError,
    Transfer,
    User,
)
from {{ package_name }}.infrastructure.repositories import SqlTransactions
from {{ package_name }}.services.transfer_service import TransferService
from {{ package_name }}.settings import Settings

ACCOUNTS = 5
BALANCE = 100


async def open_accounts(session: AsyncSession) -> list[int]:
    """Store a user with some accounts, and return their numbers."""
    user = User(email="jane@example.org", name="Jane")
    session.add(user)
    await session.flush()
    accounts = [Account(owner_id=user.id, balance=BALANCE) for _ in range(ACCOUNTS)]
    session.add_all(accounts)
    await session.flush()
    return [account.id for account in accounts]


async def balances(session: AsyncSession) -> list[int]:
    """Return what the accounts hold."""
    return list(await session.scalars(select(Account.balance)))


async def transfers(session: AsyncSession) -> int:
    """Return how many transfers there are."""
    return int((await session.scalars(select(func.count(Transfer.id)))).one())


@pytest.fixture
def database(own_database_url: str) -> Database:
    """Return a database that the test has for itself, and that keeps what is committed."""
    return build(Settings.load({"database": {"url": own_database_url}}).database)


@pytest.mark.no_cover
async def test_money_is_neither_made_nor_lost(database: Database) -> None:
    """Crossing transfers between a few accounts keep the sum, and no account below nothing."""
    accounts = await database.write(open_accounts)
    service = TransferService(SqlTransactions(database))
    outcomes: Counter[str] = Counter()

    async def move(task: int) -> None:
        for number in range(10):
            step = 1 + secrets.randbelow(ACCOUNTS - 1)
            start = secrets.randbelow(ACCOUNTS)
            request = TransferRequest(
                source_id=accounts[start],
                target_id=accounts[(start + step) % ACCOUNTS],
                amount=1 + secrets.randbelow(BALANCE),
                key=f"task-{task}-{number}",
            )
            try:
                await service.transfer(request)
            except InsufficientFundsError:
                outcomes["refused"] += 1
            else:
                outcomes["done"] += 1

    async with asyncio.TaskGroup() as group:
        for task in range(10):
            group.create_task(move(task))
    held = await database.read(balances)

    assert sum(held) == ACCOUNTS * BALANCE
    assert min(held) >= 0
    assert outcomes.total() == 100
    assert await database.read(transfers) == outcomes["done"]
    await database.engine.dispose()


async def test_key_has_one_effect(database: Database) -> None:
    """Twenty that send the same request at once all get the one transfer that it made."""
    source, target, *_ = await database.write(open_accounts)
    service = TransferService(SqlTransactions(database))
    request = TransferRequest(source_id=source, target_id=target, amount=30, key="the-same-key")

    made = await asyncio.gather(*(service.transfer(request) for _ in range(20)))

    assert len({transfer.id for transfer in made}) == 1
    assert sorted(await database.read(balances)) == [70, 100, 100, 100, 130]
    await database.engine.dispose()
