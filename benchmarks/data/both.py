"""The rendered service and the guide's form of it, over one database."""

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from importlib import import_module
from typing import Any, NamedTuple

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from benchmarks.data import guide
from benchmarks.drive import Application, Call, Scope, called, cost
from benchmarks.pairs import times

Figures = dict[str, float]
"""How many times the service's figure the guide's is, or how much of it grows, by what is meant."""

SURPLUS = "DELETE FROM users WHERE id NOT IN (SELECT id FROM users ORDER BY id LIMIT :number)"
MISSING = """
WITH RECURSIVE numbers(n) AS (
    SELECT count(*) + 1 FROM users UNION ALL SELECT n + 1 FROM numbers WHERE n < :number
)
INSERT INTO users (email, name)
SELECT 'seed' || n || '@example.org', 'Somebody' || n FROM numbers WHERE n <= :number
"""


class Work(NamedTuple):
    """Something to do, in so many pieces."""

    pieces: int
    begin: Callable[[], Awaitable[object]]


async def in_turns(theirs: Work, ours: Work, rounds: int) -> Figures:
    """Do two things in turns; return how many times what a piece of ours costs, theirs does."""
    pairs = []
    for _ in range(rounds + 1):
        baseline = await cost(theirs.begin(), theirs.pieces)
        pairs.append((await cost(ours.begin(), ours.pieces), baseline))
    del pairs[0]  # it has warmed up both
    return {
        "clock": times([(ours.clock, theirs.clock) for ours, theirs in pairs]),
        "cpu": times([(ours.cpu, theirs.cpu) for ours, theirs in pairs]),
    }


@dataclass
class Both:
    """The two, and how to call them.

    Attributes:
        package: What the rendered service is called.
        service: That service, with all its observability.
        state: What its lifespan has yielded.
        engine: The engine of the guide's form.
        rounds: How often something is measured.
        served: Requests that the service was sent, and has to log.
    """

    package: str
    service: Application
    state: Scope
    engine: AsyncEngine
    rounds: int
    served: int = 0

    async def have(self, number: int) -> None:
        """See that there are so many users."""
        async with self.engine.begin() as connection:
            for statement in (SURPLUS, MISSING):
                await connection.execute(text(statement), {"number": number})
            await connection.execute(text("ANALYZE"))
        await self.holds(number)

    async def holds(self, number: int) -> None:
        """Make sure that there are so many users.

        Raises:
            RuntimeError: There are not.
        """
        async with self.engine.connect() as connection:
            found = await connection.scalar(text("SELECT count(*) FROM users"))
        if found != number:
            raise RuntimeError(f"{found} users instead of {number}")

    async def ask_guide(self, calls: list[Call], take: Callable[[bytes], object] = len) -> None:
        """Send requests to the guide's form."""
        await called(guide.app, calls, {}, take)

    async def ask_service(self, calls: list[Call], take: Callable[[bytes], object] = len) -> None:
        """Send requests to the service."""
        self.served += len(calls)
        await called(self.service, calls, self.state, take)

    async def answers(self, call: Call) -> tuple[Any, Any]:
        """Return what the two answer to a request."""
        theirs, ours = list[bytes](), list[bytes]()
        await self.ask_guide([call], theirs.append)
        await self.ask_service([call], ours.append)
        return json.loads(b"".join(theirs)), json.loads(b"".join(ours))

    async def in_turns(self, theirs: Work, ours: Work) -> Figures:
        """Do something in both forms, again and again; compare what a piece of it costs."""
        return await in_turns(theirs, ours, self.rounds)


@asynccontextmanager
async def both(url: str, package: str, rounds: int) -> AsyncIterator[Both]:
    """Yield both over the database at an address."""
    settings = import_module(f"{package}.settings").Settings.load({"database": {"url": url}})
    service = import_module(f"{package}.app").create_app(settings)
    engine = create_async_engine(url)
    guide.async_session_maker.configure(bind=engine)
    async with service.router.lifespan_context(service) as state:
        yield Both(package, service, state, engine, rounds)
    await engine.dispose()
