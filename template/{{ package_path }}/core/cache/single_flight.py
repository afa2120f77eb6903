"""Single flight: what several want at the same time is done once."""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Generic, TypeVar

Result = TypeVar("Result")


@dataclass(slots=True, eq=False)
class Flight(Generic[Result]):
    """Work that is being done, and how many wait for it."""

    task: asyncio.Task[Result]
    waiting: int = 0


class Flights(Generic[Result]):
    """The work that is being done, by name."""

    def __init__(self) -> None:
        self.flights: dict[str, Flight[Result]] = {}

    async def share(
        self, name: str, work: Callable[[], Coroutine[object, object, Result]]
    ) -> Result:
        """Return what the work returns or raises; it goes on while anybody still waits for it."""
        flight = self.flights.get(name)
        if flight is None:
            flight = self.flights[name] = Flight(asyncio.create_task(work()))
        flight.waiting += 1
        try:
            await asyncio.wait([flight.task])
        finally:
            flight.waiting -= 1
            is_over = flight.task.done() or not flight.waiting
            if is_over and self.flights.get(name) is flight:
                del self.flights[name]
            if not flight.waiting:
                flight.task.cancel()
        return flight.task.result()
