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
from benchmarks.inside.driver import Call, Client, Work, check_same, compare

PAGE_SIZE = 100
REQUESTS = 200
ONE_BY_ONE = 200
"""The number of single inserts."""

DELETE_SURPLUS = "DELETE FROM users WHERE id NOT IN (SELECT id FROM users ORDER BY id LIMIT :count)"
INSERT_MISSING = """
WITH RECURSIVE numbers(n) AS (
    SELECT count(*) + 1 FROM users UNION ALL SELECT n + 1 FROM numbers WHERE n < :count
)
INSERT INTO users (email, name)
SELECT 'seed' || n || '@example.org', 'Seed' || n FROM numbers WHERE n <= :count
"""

ids = count()


@dataclass
class Comparison:
    """The guide's form and the service over one table.

    Attributes:
        guide: Calls the guide's form.
        service: Calls the rendered service, with all its observability.
        users: The use cases of users of that service.
        engine: The engine of the guide's form.
        rounds: How often work is repeated.
        many: Users in the largest table; the others have a tenth and a hundredth.
    """

    guide: Client
    service: Client
    users: Any
    engine: AsyncEngine
    rounds: int
    many: int

    @property
    def some(self) -> int:
        return self.many // 10

    @property
    def few(self) -> int:
        return self.many // 100

    async def set_users(self, number: int) -> None:
        """Delete or insert users until the table has this many."""
        async with self.engine.begin() as connection:
            for statement in (DELETE_SURPLUS, INSERT_MISSING):
                await connection.execute(text(statement), {"count": number})
            await connection.execute(text("ANALYZE"))
        await self.check_users(number)

    async def check_users(self, number: int) -> None:
        async with self.engine.connect() as connection:
            check_same(number, await connection.scalar(text("SELECT count(*) FROM users")))

    async def compare_calls(self, calls: Callable[[Client], list[Call]]) -> dict[str, float]:
        return await compare(
            Work(REQUESTS, lambda: self.guide.send(calls(self.guide))),
            Work(REQUESTS, lambda: self.service.send(calls(self.service))),
            self.rounds,
        )


def new_users() -> Iterator[dict[str, str]]:
    """Return an endless iterator over users that are not in the table."""
    return ({"email": f"new{index}@example.org", "name": f"New{index}"} for index in ids)


async def list_users(both: Comparison) -> dict[str, float]:
    await both.set_users(both.few)
    call = Call(f"/users?limit={PAGE_SIZE}")
    theirs, ours = await both.guide.json(call), await both.service.json(call)
    check_same([user["id"] for user in theirs], [user["id"] for user in ours["items"]])
    check_same(len(theirs), PAGE_SIZE)
    calls = [call] * REQUESTS
    return await both.compare_calls(lambda _: calls)


async def read_user(both: Comparison) -> dict[str, float]:
    await both.set_users(both.few)
    call = Call("/users/1")
    theirs, ours = await both.guide.json(call), await both.service.json(call)
    check_same(theirs["email"], ours["email"])
    calls = [call] * REQUESTS
    return await both.compare_calls(lambda _: calls)


async def create_users(both: Comparison) -> dict[str, float]:
    await both.set_users(both.few)
    users = new_users()

    def calls(client: Client) -> list[Call]:
        name = "username" if client is both.guide else "name"
        bodies = ({"email": user["email"], name: user["name"]} for user in islice(users, REQUESTS))
        return [Call("/users", "POST", json.dumps(body).encode()) for body in bodies]

    figures = await both.compare_calls(calls)
    await both.check_users(both.few + 2 * REQUESTS * (both.rounds + 1))
    return figures


async def insert_users(both: Comparison) -> dict[str, float]:
    """Compare the bulk insert of the use case with inserts one by one."""
    await both.set_users(both.few)
    new_user = import_module("my_service.domain.commands").NewUser
    users = new_users()

    def one_by_one() -> Awaitable[None]:
        new = islice(users, ONE_BY_ONE)
        return guide.insert_one_by_one(
            [{"email": user["email"], "username": user["name"]} for user in new]
        )

    async def bulk() -> None:
        new = [new_user(**user) for user in islice(users, both.few)]
        await both.users.register_all(new)

    figures = await compare(Work(ONE_BY_ONE, one_by_one), Work(both.few, bulk), both.rounds)
    await both.check_users(both.few + (ONE_BY_ONE + both.few) * (both.rounds + 1))
    return figures


async def peak_export(client: Client, users: int) -> float:
    """Export all users; return the bytes that Python allocates at most."""
    exported = 0

    def take(chunk: bytes) -> None:
        nonlocal exported
        exported += chunk.count(b'"email":')

    gc.collect()
    tracemalloc.start()
    try:
        await client.send([Call("/users/export")], take)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    check_same(exported, users)
    return peak


async def export_users(both: Comparison) -> dict[str, float]:
    peaks = []
    for number in (both.few, both.some):
        await both.set_users(number)
        await both.service.json(Call("/users/1"))  # a warm-up
        clients = (both.guide, both.service)
        peaks.append([await peak_export(client, number) for client in clients])
    (their_few, our_few), (their_some, our_some) = peaks
    return {
        "memory": their_some / our_some,
        "guide grows": their_some / their_few,
        "service grows": our_some / our_few,
    }


async def last_page(both: Comparison) -> dict[str, float]:
    """Compare the use case, which continues after an id, with OFFSET."""
    await both.set_users(both.many)
    async with both.engine.connect() as connection:
        query = text("SELECT id FROM users ORDER BY id DESC LIMIT 1 OFFSET :shown")
        after = await connection.scalar(query, {"shown": PAGE_SIZE})
    page = import_module("my_service.core.page_query").PageQuery(limit=PAGE_SIZE, after=after)
    users, offset = both.users, both.many - PAGE_SIZE
    check_same(len(await guide.page(PAGE_SIZE, offset)), len(await users.list_page(page)))

    async def repeat(read: Callable[[], Awaitable[object]], times: int) -> None:
        for _ in range(times):
            await read()

    return await compare(
        Work(5, lambda: repeat(lambda: guide.page(PAGE_SIZE, offset), 5)),
        Work(50, lambda: repeat(lambda: users.list_page(page), 50)),
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
    settings = import_module("my_service.settings").Settings.load({"database": {"url": url}})
    app = import_module("my_service.app").create_app(settings)
    engine = create_async_engine(url)
    guide.async_session_maker.configure(bind=engine)
    async with app.router.lifespan_context(app) as state:
        service = Client(app, state)
        sizes = int(options["rounds"]), int(options["users"])
        users = app.services.get(import_module("my_service.services.user_service").UserService)
        both = Comparison(Client(guide.app), service, users, engine, *sizes)
        figures = {row: await ROWS[row](both) for row in options["rows"]}
    await engine.dispose()
    return {"figures": figures, "requests": service.requests}


def measure(options: Mapping[str, Any]) -> dict[str, object]:
    """Measure over the database of the project's own tests."""
    with import_module("support.database").migrated_database_url() as url:
        return uvloop.run(measure_rows(url, options))
