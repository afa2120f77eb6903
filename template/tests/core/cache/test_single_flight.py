"""Single flight: work is done once for all who want it at the same time."""

import asyncio

import pytest

from {{ package_name }}.core.cache.single_flight import Flights


class Effort:
    """Counts how often it is begun, and ends when it is told to."""

    def __init__(self) -> None:
        self.begun = 0
        self.ended = 0
        self.may_end = asyncio.Event()

    async def __call__(self) -> str:
        """Do it."""
        self.begun += 1
        try:
            await self.may_end.wait()
        finally:
            self.ended += 1
        return "done"


async def test_work_is_done_once() -> None:
    """Ten who want the same get the same, and it is done anew for whoever comes later."""
    flights, work = Flights[str](), Effort()
    work.may_end.set()

    assert await asyncio.gather(*(flights.share("a", work) for _ in range(10))) == ["done"] * 10
    assert work.begun == 1
    assert await flights.share("a", work) == "done"
    assert work.begun == 2
    assert flights.flights == {}


async def test_who_leaves_takes_nothing_from_the_others() -> None:
    """The first who wanted it is cancelled, and the others still get it."""
    flights, work = Flights[str](), Effort()
    tasks = [asyncio.create_task(flights.share("a", work)) for _ in range(3)]
    await asyncio.sleep(0)
    tasks[0].cancel()
    await asyncio.sleep(0)
    work.may_end.set()

    first, *others = await asyncio.gather(*tasks, return_exceptions=True)
    assert isinstance(first, asyncio.CancelledError)
    assert others == ["done"] * 2
    assert work.begun == 1


async def test_work_that_nobody_wants_is_ended() -> None:
    """When the last one leaves, the work ends too, and who comes then gets their own."""
    flights, work = Flights[str](), Effort()
    task = asyncio.create_task(flights.share("a", work))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    work.may_end.set()

    assert await flights.share("a", work) == "done"
    assert (work.begun, work.ended) == (2, 2)


async def test_error_reaches_everybody() -> None:
    """All who wait for work that fails see how, and nothing is left of it."""
    flights = Flights[str]()

    async def fail() -> str:
        raise LookupError

    results = await asyncio.gather(
        *(flights.share("a", fail) for _ in range(3)), return_exceptions=True
    )
    assert [type(result) for result in results] == [LookupError] * 3
    assert flights.flights == {}
