"""What is done in both forms, in the order of the report: the number of users only grows."""

import gc
import json
import tracemalloc
from collections.abc import Awaitable, Callable, Iterator, Mapping
from importlib import import_module
from itertools import count, islice

from sqlalchemy import text

from benchmarks.data import guide
from benchmarks.data.both import Both, Figures, Work
from benchmarks.drive import Call

SHOWN = 100
REQUESTS = 200
FEW, SOME, MANY = 10_000, 100_000, 1_000_000
ONE_BY_ONE = 200
"""Of the users that are stored at once, so many are enough to see what one costs alone."""

numbers = count()


def new_users() -> Iterator[dict[str, str]]:
    """Make up users without end."""
    return ({"email": f"new{number}@example.org", "name": f"New{number}"} for number in numbers)


def same(theirs: object, ours: object) -> None:
    """Make sure that both forms have done the same.

    Raises:
        RuntimeError: They have not.
    """
    if theirs != ours:
        raise RuntimeError(f"{theirs} and {ours} are not the same")


async def list_of_100(both: Both) -> Figures:
    """A list, by a request."""
    await both.have(FEW)
    call = Call(f"/users?limit={SHOWN}")
    theirs, ours = await both.answers(call)
    same([user["id"] for user in theirs], [user["id"] for user in ours["items"]])
    same(len(theirs), SHOWN)
    calls = [call] * REQUESTS
    return await both.in_turns(
        Work(REQUESTS, lambda: both.ask_guide(calls)),
        Work(REQUESTS, lambda: both.ask_service(calls)),
    )


async def read_of_one(both: Both) -> Figures:
    """A single user, by a request."""
    await both.have(FEW)
    call = Call("/users/1")
    theirs, ours = await both.answers(call)
    same(theirs["email"], ours["email"])
    calls = [call] * REQUESTS
    return await both.in_turns(
        Work(REQUESTS, lambda: both.ask_guide(calls)),
        Work(REQUESTS, lambda: both.ask_service(calls)),
    )


async def create_one(both: Both) -> Figures:
    """A new user, by a request."""
    await both.have(FEW)
    users = new_users()

    def calls(name: str) -> list[Call]:
        bodies = (
            json.dumps({"email": user["email"], name: user["name"]}).encode()
            for user in islice(users, REQUESTS)
        )
        return [Call("/users", "POST", body) for body in bodies]

    figures = await both.in_turns(
        Work(REQUESTS, lambda: both.ask_guide(calls("username"))),
        Work(REQUESTS, lambda: both.ask_service(calls("name"))),
    )
    await both.holds(FEW + 2 * REQUESTS * (both.rounds + 1))
    return figures


async def insert_many(both: Both) -> Figures:
    """Many new users, by the use case, against one by one."""
    await both.have(FEW)
    new_user = import_module(f"{both.package}.domain.requests").NewUser
    users = new_users()

    def one_by_one() -> Awaitable[None]:
        return guide.insert_one_by_one(
            [
                {"email": user["email"], "username": user["name"]}
                for user in islice(users, ONE_BY_ONE)
            ]
        )

    async def at_once() -> None:
        new = [new_user(**user) for user in islice(users, FEW)]
        await both.state["users"].register_all(new)

    figures = await both.in_turns(Work(ONE_BY_ONE, one_by_one), Work(FEW, at_once))
    await both.holds(FEW + (ONE_BY_ONE + FEW) * (both.rounds + 1))
    return figures


async def peak(work: Awaitable[object]) -> float:
    """Return the bytes that Python holds at most beyond what it did, while some work is done."""
    gc.collect()
    tracemalloc.start()
    try:
        await work
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


async def export_all(both: Both) -> Figures:
    """All users, by a request."""
    call = Call("/users/export")
    peaks = []
    for number in (FEW, SOME):
        await both.have(number)
        theirs, ours = 0, 0

        def their_part(part: bytes) -> None:
            nonlocal theirs
            theirs += part.count(b'"email":')

        def our_part(part: bytes) -> None:
            nonlocal ours
            ours += part.count(b'"email":')

        await peak(both.ask_service([Call("/users/1")]))
        their_peak = await peak(both.ask_guide([call], their_part))
        peaks.append((their_peak, await peak(both.ask_service([call], our_part))))
        same((theirs, ours), (number, number))
    (their_few, our_few), (their_some, our_some) = peaks
    return {
        "memory": their_some / our_some,
        "their_growth": their_some / their_few,
        "our_growth": our_some / our_few,
    }


async def last_page(both: Both) -> Figures:
    """The last page of a long list, by the use case, against OFFSET."""
    await both.have(MANY)
    async with both.engine.connect() as connection:
        query = text("SELECT id FROM users ORDER BY id DESC LIMIT 1 OFFSET :shown")
        after = await connection.scalar(query, {"shown": SHOWN})
    part = import_module(f"{both.package}.domain.requests").Slice(limit=SHOWN, after=after)
    offset = MANY - SHOWN
    same(len(await guide.page(SHOWN, offset)), len(await both.state["users"].part(part)))

    async def repeated(read: Callable[[], Awaitable[object]], number: int) -> None:
        for _ in range(number):
            await read()

    return await both.in_turns(
        Work(5, lambda: repeated(lambda: guide.page(SHOWN, offset), 5)),
        Work(50, lambda: repeated(lambda: both.state["users"].part(part), 50)),
    )


WORKS: Mapping[str, Callable[[Both], Awaitable[Figures]]] = {
    "list of 100": list_of_100,
    "single read": read_of_one,
    "create": create_one,
    "bulk insert of 10,000": insert_many,
    "export of 100,000": export_all,
    "last page of 1,000,000": last_page,
}
