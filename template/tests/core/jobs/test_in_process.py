"""Jobs in this process: bounded, retried, and drained at stop."""

import asyncio
import logging
from contextvars import ContextVar

import pytest

from {{ package_name }}.core.jobs import in_process
from {{ package_name }}.core.jobs.in_process import (
    Jobs,
    JobsSettings,
    component,
)
from {{ package_name }}.core.services import Services

LOGGER = in_process.logger.name


class Work:
    """Waits until a test lets it continue, fails some times, and counts its calls."""

    def __init__(self, failures: int = 0) -> None:
        self.failures = failures
        self.may_continue = asyncio.Event()
        self.calls = 0
        self.running = 0
        self.max_running = 0

    async def __call__(self) -> None:
        """Run."""
        self.calls += 1
        self.running += 1
        self.max_running = max(self.max_running, self.running)
        await self.may_continue.wait()
        self.running -= 1
        if self.calls <= self.failures:
            raise RuntimeError("it is broken")


def build(**settings: float) -> Jobs:
    """Return jobs that are retried without a delay by default."""
    return Jobs(JobsSettings.model_validate({"retry_seconds": 0, **settings}))


def events(caplog: pytest.LogCaptureFixture) -> list[tuple[str, str]]:
    """Return the logged events and the names of their jobs."""
    return [
        (record.message, vars(record)["job"]) for record in caplog.records if record.name == LOGGER
    ]


async def test_jobs_run_in_the_background() -> None:
    """The caller does not wait; at most `concurrency` jobs run at the same time."""
    jobs, work = build(concurrency=2), Work()
    for _ in range(5):
        jobs.enqueue("work", work)
    assert work.calls == 0

    await asyncio.sleep(0.01)
    assert work.calls == 2

    work.may_continue.set()
    await jobs.drain()
    assert (work.calls, work.max_running) == (5, 2)


async def test_failed_job_is_retried(caplog: pytest.LogCaptureFixture) -> None:
    """A failed job is retried, and each failure is logged with its name."""
    jobs, work = build(max_attempts=3), Work(failures=2)
    work.may_continue.set()

    with caplog.at_level(logging.INFO, LOGGER):
        jobs.enqueue("work", work)
        await jobs.drain()

    assert work.calls == 3
    assert events(caplog) == [("job.failed", "work"), ("job.failed", "work"), ("job.done", "work")]
    assert "it is broken" in caplog.text


async def test_job_is_dead_after_its_last_attempt(caplog: pytest.LogCaptureFixture) -> None:
    """A job that always fails is dead after its last attempt, and the next job runs."""
    jobs, hopeless, work = build(max_attempts=2, concurrency=1), Work(failures=9), Work()
    for item in (hopeless, work):
        item.may_continue.set()

    jobs.enqueue("hopeless", hopeless)
    jobs.enqueue("work", work)
    await jobs.drain()

    assert (hopeless.calls, work.calls) == (2, 1)
    assert ("job.dead", "hopeless") in events(caplog)


async def test_waiting_for_a_retry_blocks_no_other_job() -> None:
    """While a failed job waits for its retry, another one runs."""
    jobs = build(concurrency=1, retry_seconds=30, drain_seconds=0)
    failing, work = Work(failures=9), Work()
    for item in (failing, work):
        item.may_continue.set()

    jobs.enqueue("failing", failing)
    jobs.enqueue("work", work)
    await asyncio.sleep(0.01)

    assert (failing.calls, work.calls) == (1, 1)
    await jobs.drain()


async def test_queue_size_is_bounded(caplog: pytest.LogCaptureFixture) -> None:
    """A job over the queue size is dropped and logged; later there is room again."""
    jobs, work = build(queue_size=2), Work()
    for name in ("one", "two", "three"):
        jobs.enqueue(name, work)
    assert events(caplog) == [("job.dropped", "three")]

    work.may_continue.set()
    await asyncio.sleep(0.01)
    jobs.enqueue("four", work)
    await jobs.drain()
    assert work.calls == 3


async def test_jobs_are_drained_at_stop(caplog: pytest.LogCaptureFixture) -> None:
    """At stop, running jobs have the drain time; the remaining ones are logged and cancelled."""
    start = component(JobsSettings(drain_seconds=0.05)).start
    assert start is not None
    services = Services()
    slow, quick = Work(), Work()
    quick.may_continue.set()

    async with start(services):
        jobs = services.get(Jobs)
        jobs.enqueue("slow", slow)
        jobs.enqueue("quick", quick)
    jobs.enqueue("late", quick)

    assert (quick.calls, jobs.tasks) == (1, set())
    assert events(caplog) == [("job.lost", "slow"), ("job.dropped", "late")]


async def test_job_has_the_context_of_its_request() -> None:
    """A job inherits the context variables of its own request, such as the id for the log."""
    request: ContextVar[str] = ContextVar("request")
    jobs = build()
    seen: list[str] = []

    async def work() -> None:
        seen.append(request.get())

    for name in ("one", "two"):
        request.set(name)
        jobs.enqueue("work", work)
    await jobs.drain()

    assert seen == ["one", "two"]
