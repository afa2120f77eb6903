"""Work that is done at once."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


@asynccontextmanager
async def all_or_nothing() -> AsyncIterator[asyncio.TaskGroup]:
    """Run the tasks of a group at once; the first failure cancels the others, and is raised.

    It comes by itself, so that whoever knows what it means finds it, not in a group.
    """
    try:
        async with asyncio.TaskGroup() as group:
            yield group
    except BaseExceptionGroup as failures:
        first: BaseException = failures
        while isinstance(first, BaseExceptionGroup):
            first = first.exceptions[0]
        raise first from None
