"""Single flight: concurrent calls with the same key share one execution."""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Generic, TypeVar

Result = TypeVar("Result")


@dataclass(slots=True, eq=False)
class _Call(Generic[Result]):
    """An execution and the number of callers that wait for it."""

    task: asyncio.Task[Result]
    waiters: int = 0


class SingleFlight(Generic[Result]):
    """Shares executions by key."""

    def __init__(self) -> None:
        self.calls: dict[str, _Call[Result]] = {}

    async def do(self, key: str, work: Callable[[], Coroutine[object, object, Result]]) -> Result:
        """Return the result of the work, or raise its error.

        The work is cancelled when its last waiter is.
        """
        call = self.calls.get(key)
        if call is None:
            call = self.calls[key] = _Call(asyncio.create_task(work()))
        call.waiters += 1
        try:
            await asyncio.wait([call.task])
        finally:
            call.waiters -= 1
            is_over = call.task.done() or not call.waiters
            if is_over and self.calls.get(key) is call:
                del self.calls[key]
            if not call.waiters:
                call.task.cancel()
        return call.task.result()
