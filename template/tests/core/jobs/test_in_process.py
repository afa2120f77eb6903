"""Background work in this process: bounded, tried again, and given its time at the end."""

import asyncio
import logging
from contextvars import ContextVar

import pytest
from fastapi import FastAPI

from {{ package_name }}.core.jobs import JobsSettings
from {{ package_name }}.core.jobs.in_process import Jobs, component
from {{ package_name }}.settings import Settings

LOGGER = "{{ package_name }}.infrastructure.in_process_jobs"


class Worker:
    """Work that is watched: it waits until it may go on, and fails as often as it is told to."""

    def __init__(self, failures: int = 0) -> None:
        self.failures = failures
        self.may_go_on = asyncio.Event()
        self.calls = 0
        self.at_once = 0
        self.most_at_once = 0

    async def __call__(self) -> None:
        """Work."""
        self.calls += 1
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        await self.may_go_on.wait()
        self.at_once -= 1
        if self.calls <= self.failures:
            raise RuntimeError("it is broken")


def started(**given: float) -> Jobs:
    """Return background work that tries again at once, unless it is told otherwise."""
    return Jobs(JobsSettings.model_validate({"retry_seconds": 0, **given}))


def events(caplog: pytest.LogCaptureFixture) -> list[tuple[str, str]]:
    """Return what the log says, and about which job."""
    return [
        (record.message, vars(record)["job"]) for record in caplog.records if record.name == LOGGER
    ]


async def test_work_is_done_behind_the_back_of_who_asks() -> None:
    """Who asks does not wait; some jobs are done at once, the others when it is their turn."""
    jobs, worker = started(workers=2), Worker()
    for _ in range(5):
        jobs.enqueue("work", worker)
    assert worker.calls == 0

    await asyncio.sleep(0.01)
    assert worker.calls == 2

    worker.may_go_on.set()
    await jobs.drain()
    assert (worker.calls, worker.most_at_once) == (5, 2)


async def test_failed_work_is_done_again(caplog: pytest.LogCaptureFixture) -> None:
    """Work that fails is tried again, and each failure is in the log by the name of the job."""
    jobs, worker = started(attempts=3), Worker(failures=2)
    worker.may_go_on.set()

    with caplog.at_level(logging.INFO, LOGGER):
        jobs.enqueue("work", worker)
        await jobs.drain()

    assert worker.calls == 3
    assert events(caplog) == [("job.failed", "work"), ("job.failed", "work"), ("job.done", "work")]
    assert "it is broken" in caplog.text


async def test_hopeless_work_ends(caplog: pytest.LogCaptureFixture) -> None:
    """Work that never succeeds is given up, and what comes after it is done."""
    jobs, hopeless, worker = started(attempts=2, workers=1), Worker(failures=9), Worker()
    for work in (hopeless, worker):
        work.may_go_on.set()

    jobs.enqueue("hopeless", hopeless)
    jobs.enqueue("work", worker)
    await jobs.drain()

    assert (hopeless.calls, worker.calls) == (2, 1)
    assert ("job.given_up", "hopeless") in events(caplog)


async def test_waiting_for_another_try_holds_nobody_up() -> None:
    """While failed work waits for its next try, other work takes its turn."""
    jobs = started(workers=1, retry_seconds=30, drain_seconds=0)
    failing, worker = Worker(failures=9), Worker()
    for work in (failing, worker):
        work.may_go_on.set()

    jobs.enqueue("failing", failing)
    jobs.enqueue("work", worker)
    await asyncio.sleep(0.01)

    assert (failing.calls, worker.calls) == (1, 1)
    await jobs.drain()


async def test_number_is_bounded(caplog: pytest.LogCaptureFixture) -> None:
    """What does not fit is dropped, which the log tells, and there is room again later."""
    jobs, worker = started(queue_size=2), Worker()
    for name in ("one", "two", "three"):
        jobs.enqueue(name, worker)
    assert events(caplog) == [("job.dropped", "three")]

    worker.may_go_on.set()
    await asyncio.sleep(0.01)
    jobs.enqueue("four", worker)
    await jobs.drain()
    assert worker.calls == 3


async def test_end_has_its_time(caplog: pytest.LogCaptureFixture) -> None:
    """At the end of the service, work gets some seconds; what is left is named and ends."""
    given = Settings.load({"jobs": {"drain_seconds": 0.05}})
    start = component(given).start
    assert start is not None
    slow, quick = Worker(), Worker()
    quick.may_go_on.set()

    async with start(FastAPI()) as state:
        jobs = state["jobs"]
        assert isinstance(jobs, Jobs)
        jobs.enqueue("slow", slow)
        jobs.enqueue("quick", quick)
    jobs.enqueue("late", quick)

    assert (quick.calls, jobs.tasks) == (1, set())
    assert events(caplog) == [("job.lost", "slow"), ("job.dropped", "late")]


async def test_work_has_the_context_of_who_asked() -> None:
    """A job knows what its request knew, such as its id for the log, and not what others did."""
    request: ContextVar[str] = ContextVar("request")
    jobs = started()
    seen: list[str] = []

    async def work() -> None:
        seen.append(request.get())

    for name in ("one", "two"):
        request.set(name)
        jobs.enqueue("work", work)
    await jobs.drain()

    assert seen == ["one", "two"]
