"""Concurrent work."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager


@asynccontextmanager
async def all_or_nothing() -> AsyncGenerator[asyncio.TaskGroup]:
    """Run the tasks of a group concurrently; the first failure cancels the others.

    The failure is raised itself, not in an exception group.
    """
    try:
        async with asyncio.TaskGroup() as group:
            yield group
    except BaseExceptionGroup as failures:
        first: BaseException = failures
        while isinstance(first, BaseExceptionGroup):
            first = first.exceptions[0]
        raise first from None
