"""The event loop of an async command."""

import asyncio
import signal
from collections.abc import Coroutine
from types import FrameType
from typing import Any, cast

from {{ package_name }}.core.process import TERMINATED


def run(command: Coroutine[Any, Any, object]) -> None:
    """Run an async command; Ctrl-C and SIGTERM cancel it, and wait until it has cleaned up.

    Raises:
        SystemExit: SIGTERM ended it.
        KeyboardInterrupt: Ctrl-C ended it.
    """
    is_terminated = False

    async def supervise() -> None:
        loop = asyncio.get_running_loop()
        task = cast("asyncio.Task[None]", asyncio.current_task())

        def terminate(_number: int, _frame: FrameType | None) -> None:
            nonlocal is_terminated
            is_terminated = True
            loop.call_soon_threadsafe(task.cancel)

        before = signal.signal(signal.SIGTERM, terminate)
        try:
            await command
        finally:
            signal.signal(signal.SIGTERM, before)

    try:
        asyncio.run(supervise())
    except asyncio.CancelledError:
        if is_terminated:
            raise SystemExit(TERMINATED) from None
        raise
