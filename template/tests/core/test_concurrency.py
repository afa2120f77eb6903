"""Concurrent work: the results of all tasks, or the first failure."""

import asyncio

import pytest

from {{ package_name }}.core.concurrency import all_or_nothing


async def echo(value: int, barrier: asyncio.Barrier) -> int:
    """Return a value once the other task has reached the barrier."""
    await barrier.wait()
    return value


async def test_tasks_are_concurrent() -> None:
    """Two tasks can wait for each other."""
    barrier = asyncio.Barrier(2)

    async with asyncio.timeout(5), all_or_nothing() as group:
        one, two = (group.create_task(echo(value, barrier)) for value in (1, 2))

    assert (one.result(), two.result()) == (1, 2)


async def test_failure_cancels_the_other_tasks() -> None:
    """The first failure is raised itself, not in a group, and the other tasks are cancelled."""
    ended = asyncio.Event()

    async def wait() -> None:
        try:
            await asyncio.sleep(3600)
        finally:
            ended.set()

    async def fail() -> None:
        raise LookupError("gone")

    async def run_both() -> None:
        async with all_or_nothing() as group:
            group.create_task(wait())
            group.create_task(fail())

    with pytest.raises(LookupError, match="gone"):
        await run_both()
    assert ended.is_set()
