"""A small HTTP client: load where wrk is not installed, and a known number of requests anywhere."""

import asyncio
import re
import time
from collections.abc import Callable

from benchmarks.errors import BenchmarkError

LENGTH = re.compile(rb"^content-length: *(\d+)", re.IGNORECASE | re.MULTILINE)


async def _requests(port: int, path: str, more: Callable[[], bool]) -> int:
    """Ask one after the other on one connection; return how many were answered."""
    request = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n".encode()
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    answered = 0
    try:
        while more():
            writer.write(request)
            head = await reader.readuntil(b"\r\n\r\n")
            length = LENGTH.search(head)
            if not head.startswith(b"HTTP/1.1 2") or length is None:
                raise BenchmarkError(f"GET {path}: {head.splitlines()[0].decode()}")
            await reader.readexactly(int(length[1]))
            answered += 1
    finally:
        writer.close()
    return answered


async def requests_until(
    port: int, path: str, connections: int, seconds: float
) -> tuple[int, float]:
    """Ask on many connections for a while; return the number of answers and the seconds.

    Raises:
        BenchmarkError: An answer's status was not 2xx.
    """
    start = time.perf_counter()

    def more() -> bool:
        return time.perf_counter() - start < seconds

    answered = await asyncio.gather(*(_requests(port, path, more) for _ in range(connections)))
    return sum(answered), time.perf_counter() - start


def ask(port: int, path: str, number: int = 1) -> None:
    """Send a number of requests, one after the other.

    Raises:
        BenchmarkError: An answer's status was not 2xx.
        OSError: Nobody listens, the connection broke, or it took half a minute.
        EOFError: The connection ended before the answer did.
    """
    left = iter(range(number))

    async def asked() -> None:
        async with asyncio.timeout(30):
            await _requests(port, path, lambda: next(left, None) is not None)

    asyncio.run(asked())
