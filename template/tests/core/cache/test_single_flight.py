"""Single flight: concurrent callers share one execution."""

import asyncio

import pytest

from {{ package_name }}.core.cache.single_flight import SingleFlight


class Work:
    """Counts its starts and ends, and waits until a test lets it end."""

    def __init__(self) -> None:
        self.started = 0
        self.ended = 0
        self.may_end = asyncio.Event()

    async def __call__(self) -> str:
        """Work."""
        self.started += 1
        try:
            await self.may_end.wait()
        finally:
            self.ended += 1
        return "done"


async def test_concurrent_callers_share_work() -> None:
    """Ten concurrent callers get one result; a later caller starts the work again."""
    flight, work = SingleFlight[str](), Work()
    work.may_end.set()

    assert await asyncio.gather(*(flight.do("a", work) for _ in range(10))) == ["done"] * 10
    assert work.started == 1
    assert await flight.do("a", work) == "done"
    assert work.started == 2
    assert flight.calls == {}


async def test_cancelled_caller_does_not_cancel_the_others() -> None:
    """The first caller is cancelled, and the others still get the result."""
    flight, work = SingleFlight[str](), Work()
    tasks = [asyncio.create_task(flight.do("a", work)) for _ in range(3)]
    await asyncio.sleep(0)
    tasks[0].cancel()
    await asyncio.sleep(0)
    work.may_end.set()

    first, *others = await asyncio.gather(*tasks, return_exceptions=True)
    assert isinstance(first, asyncio.CancelledError)
    assert others == ["done"] * 2
    assert work.started == 1


async def test_work_without_callers_is_cancelled() -> None:
    """The work is cancelled with its last caller, and a new caller does not share it."""
    flight, work = SingleFlight[str](), Work()
    task = asyncio.create_task(flight.do("a", work))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    work.may_end.set()

    assert await flight.do("a", work) == "done"
    assert (work.started, work.ended) == (2, 2)


async def test_error_is_raised_to_all_callers() -> None:
    """All callers of failed work get its error, and its key is released."""
    flight = SingleFlight[str]()

    async def fail() -> str:
        raise LookupError

    results = await asyncio.gather(
        *(flight.do("a", fail) for _ in range(3)), return_exceptions=True
    )
    assert [type(result) for result in results] == [LookupError] * 3
    assert flight.calls == {}
