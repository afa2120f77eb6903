"""Background jobs in this process: bounded, retried, and drained."""

import asyncio
import logging
from contextvars import ContextVar

import pytest

from {{ package_name }}.core.jobs.in_process import (
    Jobs,
    JobsSettings,
    component,
)
from {{ package_name }}.core.services import Services

LOGGER = "{{ package_name }}.core.jobs.in_process"


class Worker:
    """A job that waits for an event, fails a number of times, and counts its runs."""

    def __init__(self, failures: int = 0) -> None:
        self.failures = failures
        self.may_go_on = asyncio.Event()
        self.calls = 0
        self.concurrent = 0
        self.max_concurrent = 0

    async def __call__(self) -> None:
        """Run."""
        self.calls += 1
        self.concurrent += 1
        self.max_concurrent = max(self.max_concurrent, self.concurrent)
        await self.may_go_on.wait()
        self.concurrent -= 1
        if self.calls <= self.failures:
            raise RuntimeError("it is broken")


def started(**given: float) -> Jobs:
    """Return jobs, without a delay before a retry by default."""
    return Jobs(JobsSettings.model_validate({"retry_seconds": 0, **given}))


def events(caplog: pytest.LogCaptureFixture) -> list[tuple[str, str]]:
    """Return the events in the log, with their jobs."""
    return [
        (record.message, vars(record)["job"]) for record in caplog.records if record.name == LOGGER
    ]


async def test_jobs_run_concurrently_in_the_background() -> None:
    """The caller does not wait; jobs over the concurrency are queued."""
    jobs, worker = started(concurrency=2), Worker()
    for _ in range(5):
        jobs.enqueue("work", worker)
    assert worker.calls == 0

    await asyncio.sleep(0.01)
    assert worker.calls == 2

    worker.may_go_on.set()
    await jobs.drain()
    assert (worker.calls, worker.max_concurrent) == (5, 2)


async def test_failed_job_is_retried(caplog: pytest.LogCaptureFixture) -> None:
    """A failed job is retried, and each failure is logged by its name."""
    jobs, worker = started(max_attempts=3), Worker(failures=2)
    worker.may_go_on.set()

    with caplog.at_level(logging.INFO, LOGGER):
        jobs.enqueue("work", worker)
        await jobs.drain()

    assert worker.calls == 3
    assert events(caplog) == [("job.failed", "work"), ("job.failed", "work"), ("job.done", "work")]
    assert "it is broken" in caplog.text


async def test_job_that_always_fails_is_dead(caplog: pytest.LogCaptureFixture) -> None:
    """After `max_attempts` a job is dead, and the next one runs."""
    jobs, hopeless, worker = started(max_attempts=2, concurrency=1), Worker(failures=9), Worker()
    for work in (hopeless, worker):
        work.may_go_on.set()

    jobs.enqueue("hopeless", hopeless)
    jobs.enqueue("work", worker)
    await jobs.drain()

    assert (hopeless.calls, worker.calls) == (2, 1)
    assert ("job.dead", "hopeless") in events(caplog)


async def test_retry_delay_blocks_no_other_job() -> None:
    """While a failed job waits for its retry, another one runs."""
    jobs = started(concurrency=1, retry_seconds=30, drain_seconds=0)
    failing, worker = Worker(failures=9), Worker()
    for work in (failing, worker):
        work.may_go_on.set()

    jobs.enqueue("failing", failing)
    jobs.enqueue("work", worker)
    await asyncio.sleep(0.01)

    assert (failing.calls, worker.calls) == (1, 1)
    await jobs.drain()


async def test_queue_size_is_bounded(caplog: pytest.LogCaptureFixture) -> None:
    """A job over the queue size is dropped and logged, until there is room again."""
    jobs, worker = started(queue_size=2), Worker()
    for name in ("one", "two", "three"):
        jobs.enqueue(name, worker)
    assert events(caplog) == [("job.dropped", "three")]

    worker.may_go_on.set()
    await asyncio.sleep(0.01)
    jobs.enqueue("four", worker)
    await jobs.drain()
    assert worker.calls == 3


async def test_drain_has_a_timeout(caplog: pytest.LogCaptureFixture) -> None:
    """Jobs get `drain_seconds` at shutdown; the remaining ones are logged and cancelled."""
    caplog.set_level(logging.INFO, LOGGER)
    services = Services()
    start = component(JobsSettings(drain_seconds=0.05)).start
    assert start is not None
    slow, quick = Worker(), Worker()
    quick.may_go_on.set()

    async with start(services):
        jobs = services.get(Jobs)
        jobs.enqueue("slow", slow)
        jobs.enqueue("quick", quick)
    jobs.enqueue("late", quick)

    assert (quick.calls, jobs.tasks) == (1, set())
    assert events(caplog) == [("job.done", "quick"), ("job.lost", "slow"), ("job.dropped", "late")]


async def test_job_has_the_context_of_its_caller() -> None:
    """A job has the context variables of its own request, such as the request id."""
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


async def test_repeated_job_runs_at_an_interval() -> None:
    """A repeated job runs again and again, until the drain."""
    jobs, thrice, calls = started(), asyncio.Event(), 0

    async def work() -> None:
        nonlocal calls
        calls += 1
        if calls == 3:
            thrice.set()

    jobs.repeat("work", 0.001, work)
    await asyncio.wait_for(thrice.wait(), 10)
    await jobs.drain()
    drained = calls
    await asyncio.sleep(0.01)

    assert calls == drained


async def test_repeated_job_does_not_overtake_itself() -> None:
    """A repeated job is not enqueued while it is still running."""
    jobs, worker = started(), Worker()
    jobs.repeat("work", 0.001, worker)
    await asyncio.sleep(0.05)

    assert worker.calls == 1
    worker.may_go_on.set()
    await jobs.drain()
