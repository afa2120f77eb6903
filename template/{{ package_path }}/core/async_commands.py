"""The event loop of an async command."""

import asyncio
import signal
import sys
from collections.abc import AsyncGenerator, Callable, Coroutine, Iterable
from concurrent.futures import Future
from contextlib import suppress
from threading import Thread
from types import FrameType
from typing import Any, TypeVar, cast

from {{ package_name }}.core.process import TERMINATED

T = TypeVar("T")


def is_in_loop() -> bool:
    """Return whether an event loop runs."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


def run(command: Coroutine[Any, Any, T]) -> T:
    """Run an async command; Ctrl-C and SIGTERM cancel it, and wait until it has cleaned up.

    A second signal ends it also if it blocks the event loop.

    Raises:
        SystemExit: SIGTERM ended it.
        KeyboardInterrupt: Ctrl-C ended it.
    """
    if is_in_loop():
        command.close()
        hint = "make the test a `def`, or use `start`."
        raise RuntimeError(f"An async command can't run in an async test: {hint}")
    is_terminated = False

    async def supervise() -> T:
        loop = asyncio.get_running_loop()
        task = cast("asyncio.Task[T]", asyncio.current_task())

        def terminate(_number: int, _frame: FrameType | None) -> None:
            nonlocal is_terminated
            if is_terminated:
                raise SystemExit(TERMINATED)
            is_terminated = True
            loop.call_soon_threadsafe(task.cancel)

        before = signal.signal(signal.SIGTERM, terminate)
        try:
            return await command
        finally:
            signal.signal(signal.SIGTERM, before)

    try:
        return asyncio.run(supervise())
    except asyncio.CancelledError as error:
        if is_terminated:
            raise SystemExit(TERMINATED) from None
        raise RuntimeError("The command was cancelled, but by no signal.") from error


async def call_in_thread(function: Callable[[], T]) -> T:
    """Call a function that blocks, without the event loop; the command may end before it returns.

    `asyncio.to_thread` would wait for it at the end of the command.
    """
    future = Future[T]()
    future.set_running_or_notify_cancel()

    def call(_stdin: object) -> None:
        with suppress(BaseException):  # the caller gets it
            try:
                future.set_result(function())
            except BaseException as error:
                future.set_exception(error)
                raise

    # Python aborts if it frees standard input while a thread reads it, so the thread keeps it.
    Thread(target=call, args=(sys.stdin,), daemon=True).start()
    return await asyncio.wrap_future(future)


async def iterate_in_thread(items: Iterable[T]) -> AsyncGenerator[T]:
    """Yield what an iterable that blocks yields, such as `read_lines("-")`."""
    iterator, end = iter(items), object()
    while (item := await call_in_thread(lambda: next(iterator, end))) is not end:
        yield cast("T", item)
