"""Work with data in a rendered service and in the guide's form, over one database."""

import gc
import json
import tracemalloc
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass
from importlib import import_module
from itertools import count, islice
from typing import Any

import uvloop
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from benchmarks.apps import guide_data as guide
from benchmarks.inside.driver import (
    Application,
    Call,
    Scope,
    Work,
    body_of,
    called,
    check_same,
    compare,
)

PAGE_SIZE = 100
REQUESTS = 200
ONE_BY_ONE = 200
"""How many single inserts show what one costs."""

DELETE_SURPLUS = "DELETE FROM users WHERE id NOT IN (SELECT id FROM users ORDER BY id LIMIT :count)"
INSERT_MISSING = """
WITH RECURSIVE numbers(n) AS (
    SELECT count(*) + 1 FROM users UNION ALL SELECT n + 1 FROM numbers WHERE n < :count
)
INSERT INTO users (email, name)
SELECT 'seed' || n || '@example.org', 'Somebody' || n FROM numbers WHERE n <= :count
"""

ids = count()


@dataclass
class Comparison:
    """The service and the guide's form.

    Attributes:
        service: The rendered service, with all its observability.
        state: What its lifespan yielded.
        engine: The engine of the guide's form.
        rounds: How often work is repeated.
        many: Users in the largest table.
        requests: Requests that the service received, and has to log.
    """

    service: Application
    state: Scope
    engine: AsyncEngine
    rounds: int
    many: int
    requests: int = 0

    @property
    def some(self) -> int:
        """Users in the second largest table."""
        return self.many // 10

    @property
    def few(self) -> int:
        """Users in the smallest table."""
        return self.many // 100

    async def set_users(self, number: int) -> None:
        """Delete or insert users until the table has this many."""
        async with self.engine.begin() as connection:
            for statement in (DELETE_SURPLUS, INSERT_MISSING):
                await connection.execute(text(statement), {"count": number})
            await connection.execute(text("ANALYZE"))
        await self.check_users(number)

    async def check_users(self, number: int) -> None:
        """Make sure that the table has this many users.

        Raises:
            RuntimeError: It does not.
        """
        async with self.engine.connect() as connection:
            check_same(number, await connection.scalar(text("SELECT count(*) FROM users")))

    async def call_guide(
        self, calls: list[Call], receive_body: Callable[[bytes], object] = len
    ) -> None:
        """Send requests to the guide's form."""
        await called(guide.app, calls, {}, receive_body)

    async def call_service(
        self, calls: list[Call], receive_body: Callable[[bytes], object] = len
    ) -> None:
        """Send requests to the service."""
        self.requests += len(calls)
        await called(self.service, calls, self.state, receive_body)

    async def bodies(self, call: Call) -> tuple[Any, Any]:
        """Return the response of the guide's form, and that of the service."""
        self.requests += 1
        theirs = await body_of(guide.app, call, {})
        return theirs, await body_of(self.service, call, self.state)

    async def compare_calls(
        self, guide_calls: Callable[[], list[Call]], service_calls: Callable[[], list[Call]]
    ) -> dict[str, float]:
        """Send requests to both in turns."""
        return await compare(
            Work(REQUESTS, lambda: self.call_guide(guide_calls())),
            Work(REQUESTS, lambda: self.call_service(service_calls())),
            self.rounds,
        )


def new_users() -> Iterator[dict[str, str]]:
    """Return an endless iterator over users that are not in the table."""
    return ({"email": f"new{index}@example.org", "name": f"New{index}"} for index in ids)


async def list_users(both: Comparison) -> dict[str, float]:
    """Request a list."""
    await both.set_users(both.few)
    call = Call(f"/users?limit={PAGE_SIZE}")
    theirs, ours = await both.bodies(call)
    check_same([user["id"] for user in theirs], [user["id"] for user in ours["items"]])
    check_same(len(theirs), PAGE_SIZE)
    calls = [call] * REQUESTS
    return await both.compare_calls(lambda: calls, lambda: calls)


async def read_user(both: Comparison) -> dict[str, float]:
    """Request a single user."""
    await both.set_users(both.few)
    call = Call("/users/1")
    theirs, ours = await both.bodies(call)
    check_same(theirs["email"], ours["email"])
    calls = [call] * REQUESTS
    return await both.compare_calls(lambda: calls, lambda: calls)


async def create_users(both: Comparison) -> dict[str, float]:
    """Create users, one a request."""
    await both.set_users(both.few)
    users = new_users()

    def calls(name: str) -> list[Call]:
        bodies = ({"email": user["email"], name: user["name"]} for user in islice(users, REQUESTS))
        return [Call("/users", "POST", json.dumps(body).encode()) for body in bodies]

    figures = await both.compare_calls(lambda: calls("username"), lambda: calls("name"))
    await both.check_users(both.few + 2 * REQUESTS * (both.rounds + 1))
    return figures


async def insert_users(both: Comparison) -> dict[str, float]:
    """Insert many users by the use case, against one by one."""
    await both.set_users(both.few)
    new_user = import_module("my_service.domain.requests").NewUser
    users = new_users()

    def one_by_one() -> Awaitable[None]:
        return guide.insert_one_by_one(
            [
                {"email": user["email"], "username": user["name"]}
                for user in islice(users, ONE_BY_ONE)
            ]
        )

    async def bulk() -> None:
        new = [new_user(**user) for user in islice(users, both.few)]
        await both.state["users"].register_all(new)

    figures = await compare(Work(ONE_BY_ONE, one_by_one), Work(both.few, bulk), both.rounds)
    await both.check_users(both.few + (ONE_BY_ONE + both.few) * (both.rounds + 1))
    return figures


async def peak_memory(work: Awaitable[object]) -> float:
    """Return the bytes that Python allocates at most during some work."""
    gc.collect()
    tracemalloc.start()
    try:
        await work
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


async def export_users(both: Comparison) -> dict[str, float]:
    """Request all users."""
    call = Call("/users/export")
    peaks = []
    for number in (both.few, both.some):
        await both.set_users(number)
        users = {"guide": 0, "service": 0}

        def count_guide(chunk: bytes, users: dict[str, int] = users) -> None:
            users["guide"] += chunk.count(b'"email":')

        def count_service(chunk: bytes, users: dict[str, int] = users) -> None:
            users["service"] += chunk.count(b'"email":')

        await peak_memory(both.call_service([Call("/users/1")]))
        theirs = await peak_memory(both.call_guide([call], count_guide))
        peaks.append((theirs, await peak_memory(both.call_service([call], count_service))))
        check_same(users, {"guide": number, "service": number})
    (their_few, our_few), (their_some, our_some) = peaks
    return {
        "memory": their_some / our_some,
        "guide grows": their_some / their_few,
        "service grows": our_some / our_few,
    }


async def last_page(both: Comparison) -> dict[str, float]:
    """Read the last page of a long list by the use case, against OFFSET."""
    await both.set_users(both.many)
    async with both.engine.connect() as connection:
        query = text("SELECT id FROM users ORDER BY id DESC LIMIT 1 OFFSET :shown")
        after = await connection.scalar(query, {"shown": PAGE_SIZE})
    page = import_module("my_service.domain.requests").Slice(limit=PAGE_SIZE, after=after)
    users, offset = both.state["users"], both.many - PAGE_SIZE
    check_same(len(await guide.page(PAGE_SIZE, offset)), len(await users.part(page)))

    async def repeat(read: Callable[[], Awaitable[object]], times: int) -> None:
        for _ in range(times):
            await read()

    return await compare(
        Work(5, lambda: repeat(lambda: guide.page(PAGE_SIZE, offset), 5)),
        Work(50, lambda: repeat(lambda: users.part(page), 50)),
        both.rounds,
    )


ROWS: Mapping[str, Callable[[Comparison], Awaitable[dict[str, float]]]] = {
    "list of 100": list_users,
    "single read": read_user,
    "create": create_users,
    "bulk insert of 10,000": insert_users,
    "export of 100,000": export_users,
    "last page of 1,000,000": last_page,
}


async def measure_rows(url: str, options: Mapping[str, Any]) -> dict[str, object]:
    """Return the figures by row, and the requests that the service received."""
    settings = import_module("my_service.settings").Settings.load({"database": {"url": url}})
    service = import_module("my_service.app").create_app(settings)
    engine = create_async_engine(url)
    guide.async_session_maker.configure(bind=engine)
    async with service.router.lifespan_context(service) as state:
        sizes = int(options["rounds"]), int(options["users"])
        both = Comparison(service, state, engine, *sizes)
        figures = {row: await ROWS[row](both) for row in options["rows"]}
    await engine.dispose()
    return {"figures": figures, "requests": both.requests}


def measure(options: Mapping[str, Any]) -> dict[str, object]:
    """Measure over the database of the project's own tests."""
    with import_module("database_server").migrated_database_url() as url:
        return uvloop.run(measure_rows(url, options))
