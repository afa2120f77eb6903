"""Work that is done at once: all of it, or nothing."""

import asyncio

import pytest

from {{ package_name }}.utils.concurrency import all_or_nothing


async def echo(value: int, both: asyncio.Barrier) -> int:
    """Return a value once the other task has come as far."""
    await both.wait()
    return value


async def test_tasks_run_at_once() -> None:
    """Each task may wait for the other."""
    both = asyncio.Barrier(2)

    async with asyncio.timeout(5), all_or_nothing() as group:
        one, two = (group.create_task(echo(value, both)) for value in (1, 2))

    assert (one.result(), two.result()) == (1, 2)


async def test_failure_comes_by_itself_and_ends_the_others() -> None:
    """The first error is raised as it is, and what is left of the work is cancelled."""
    ended = asyncio.Event()

    async def wait() -> None:
        try:
            await asyncio.sleep(3600)
        finally:
            ended.set()

    async def fail() -> None:
        raise LookupError("gone")

    async def both() -> None:
        async with all_or_nothing() as group:
            group.create_task(wait())
            group.create_task(fail())

    with pytest.raises(LookupError, match="gone"):
        await both()
    assert ended.is_set()
