"""The work of the command `fetch`."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterable
from contextlib import aclosing
from dataclasses import asdict, dataclass

import httpx2
import typer

from {{ package_name }}.core.async_commands import iterate_in_thread
from {{ package_name }}.core.errors import AppError
from {{ package_name }}.core.http_client import (
    HttpClient,
    UpstreamRequestError,
    open_http_client,
)
from {{ package_name }}.core.input import read_lines
from {{ package_name }}.core.program import CommandContext
from {{ package_name }}.settings import Settings

FAILURES = (AppError, UpstreamRequestError, httpx2.InvalidURL)


@dataclass(frozen=True, slots=True)
class Fetched:
    """The result for a URL: the size of the response, or the error."""

    url: str
    size_bytes: int | None = None
    error: str | None = None


async def fetch_one(http: HttpClient, url: str) -> Fetched:
    """Fetch a URL; a failure is a result, too."""
    try:
        response = await http.get(url)
    except FAILURES as error:
        return Fetched(url, error=str(error))
    return Fetched(url, size_bytes=len(response.content))


async def fetch_all(
    http: HttpClient, urls: AsyncIterable[str], max_concurrent: int
) -> AsyncGenerator[Fetched]:
    """Yield the results in the order of the URLs; at most `max_concurrent` are in flight."""
    started: asyncio.Queue[asyncio.Task[Fetched] | None] = asyncio.Queue()
    slots = asyncio.Semaphore(max_concurrent)

    async def start() -> None:
        try:
            async for url in urls:
                await slots.acquire()
                started.put_nowait(asyncio.create_task(fetch_one(http, url)))
        finally:
            started.put_nowait(None)

    starter = asyncio.create_task(start())
    try:
        while task := await started.get():
            yield await task
            slots.release()
        await starter  # raises the error of the URLs
    finally:
        starter.cancel()
        await asyncio.gather(starter, return_exceptions=True)
        in_flight = [task for _ in range(started.qsize()) if (task := started.get_nowait())]
        for task in in_flight:
            task.cancel()
        await asyncio.gather(*in_flight, return_exceptions=True)


async def fetch_urls(command: CommandContext[Settings], file: str, max_concurrent: int) -> None:
    """Fetch the URLs of a file, and write a result for each.

    Raises:
        typer.Exit: A URL failed.
    """
    lines = (line.strip() for line in read_lines(file) if line.strip())
    urls = iterate_in_thread(lines)  # the requests go on while standard input is idle
    failed = 0
    with command.output.progress("Fetching") as advance:
        async with (
            open_http_client(command.settings.http_client) as http,
            aclosing(fetch_all(http, urls, max_concurrent)) as results,
        ):
            async for result in results:
                failed += result.error is not None
                text = result.error or f"{result.size_bytes} bytes"
                command.output.write_line(asdict(result), f"{result.url}: {text}")
                advance()
    if failed:
        raise typer.Exit(1)
