"""The command `fetch`: its order, its limit and its failures, over real connections."""

import asyncio
import json
import signal
from collections.abc import AsyncIterator, Iterable
from contextlib import aclosing
from pathlib import Path
from subprocess import Popen

import httpx2
import pytest

from {{ package_name }}.cli import create_program
from {{ package_name }}.core.http_client import open_http_client
from {{ package_name }}.core.http_client_settings import HttpClientSettings
from {{ package_name }}.core.names import NAME
from {{ package_name }}.example_commands.fetching import Fetched, fetch_all

from support.command import COMMAND, Result, finish, imported, start
from support.reference import help_by_command

HELP = """\
  Fetch many URLs concurrently.

  The results have the order of the URLs. The exit status is 1 if a URL fails.

Arguments:
  file <str>  A file with a URL a line; - is standard input.  [required]

Options:
  --max-concurrent <int range>  Maximum number of requests in flight.  [default:
                                10; 1<=x<=1000]
  --help                        Show this message and exit."""


def test_help() -> None:
    """The help, as a terminal of 80 columns shows it."""
    usage, _, text = help_by_command(create_program())[f"{NAME} fetch"].partition("\n\n")

    assert usage.split() == ["Usage:", NAME, "fetch", "[OPTIONS]", "{file}"]
    assert text == HELP


OK = b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok"
MISSING = b"HTTP/1.1 404 Not Found\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"


class Server:
    """A server that counts the requests in flight; `/hang` has no response."""

    def __init__(self) -> None:
        self.url = ""
        self.in_flight = 0
        self.max_in_flight = 0
        self.hanging = asyncio.Event()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Respond to a request."""
        self.in_flight += 1
        self.max_in_flight = max(self.in_flight, self.max_in_flight)
        path = (await reader.readuntil(b"\r\n\r\n")).split()[1]
        if path == b"/hang":
            self.hanging.set()
            await reader.read()
        await asyncio.sleep(0.05 if path == b"/slow" else 0.01)
        self.in_flight -= 1
        writer.write(MISSING if path == b"/gone" else OK)
        writer.close()


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    """Yield the server."""
    found = Server()
    listener = await asyncio.start_server(found.serve, "127.0.0.1", 0)
    host, port = listener.sockets[0].getsockname()
    found.url = f"http://{host}:{port}"
    async with listener:
        yield found


def start_fetch(*arguments: str, urls: list[str]) -> Popen[bytes]:
    """Start the command."""
    Path("urls.txt").write_text("\n".join([*urls, ""]), encoding="utf-8")
    return start(*arguments, "urls.txt")


async def fetch(*arguments: str, urls: list[str]) -> Result:
    """Run the command."""
    return await asyncio.to_thread(finish, start_fetch(*arguments, urls=urls))


async def test_results_have_the_order_of_the_urls(server: Server) -> None:
    """A slow response does not change the order; the limit holds."""
    urls = [f"{server.url}/{path}" for path in ("slow", *range(20))]
    result = await fetch("--json", "fetch", "--max-concurrent", "4", urls=urls)

    rows = [json.loads(line) for line in result.out.splitlines()]
    assert (result.status, result.err) == (0, "")
    assert rows == [{"url": url, "size_bytes": 2, "error": None} for url in urls]
    assert server.max_in_flight == 4


async def test_failures_are_results(server: Server) -> None:
    """A URL that fails has an error, and the exit status is 1; the others are fetched."""
    urls = [
        *(f"{server.url}/gone", "ftp://host/", "http://host:port/", "", f"{server.url}/"),
        *("http://host:99999/", "http://127.0.0.1:1/"),
    ]
    result = await fetch("fetch", urls=urls)

    assert result.status == 1
    assert result.out.splitlines() == [
        f"{urls[0]}: The resource does not exist.",
        "ftp://host/: The request can't be sent: UnsupportedProtocol.",
        "http://host:port/: Invalid port: 'port'",
        f"{urls[4]}: 2 bytes",
        "http://host:99999/: The request can't be sent: the port is not 1 to 65535.",
        "http://127.0.0.1:1/: 127.0.0.1 is unavailable: it refuses the connection.",
    ]


def test_help_needs_no_http_library() -> None:
    """`fetch --help` does not wait for the imports of the work."""
    assert "httpx2" not in imported(COMMAND, "fetch", "--help")


async def test_ctrl_c_cancels_the_requests(server: Server) -> None:
    """Ctrl-C ends the command at once, without a traceback."""
    process = start_fetch("fetch", urls=[f"{server.url}/hang"])
    await server.hanging.wait()
    process.send_signal(signal.SIGINT)

    assert await asyncio.to_thread(finish, process) == Result(130, "", "")


async def iterate(urls: Iterable[str]) -> AsyncIterator[str]:
    """Yield URLs."""
    for url in urls:
        yield url


@pytest.mark.parametrize(
    ("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)], ids=str
)
async def test_result_and_end_do_not_wait_for_input(
    server: Server, number: signal.Signals, status: int
) -> None:
    """While standard input is idle, results are written, and a signal ends the command."""
    url = f"{server.url}/"
    process = start("fetch", "-")
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(f"{url}\n".encode())
    process.stdin.flush()
    line = await asyncio.to_thread(process.stdout.readline)
    process.send_signal(number)

    assert line == f"{url}: 2 bytes\n".encode()
    assert await asyncio.to_thread(process.wait, 5) == status
    assert finish(process) == Result(status, "", "")


async def test_unreadable_file_is_an_error() -> None:
    """The error of the lines is that of the command."""
    result = await asyncio.to_thread(finish, start("fetch", "gone.txt"))

    assert (result.status, result.out) == (1, "")
    assert result.err == "Error: gone.txt: The file does not exist; check the path.\n"


async def test_requests_end_with_the_reader() -> None:
    """A caller that stops early leaves no request behind."""
    ended: list[str] = []

    async def respond(request: httpx2.Request) -> httpx2.Response:
        try:
            await asyncio.sleep(60 * (request.url.path == "/hang"))
        finally:
            ended.append(request.url.path)
        return httpx2.Response(200)

    async with open_http_client(HttpClientSettings(), httpx2.MockTransport(respond)) as http:
        urls = ["http://a/", "http://a/hang"]
        async with aclosing(fetch_all(http, iterate(urls), max_concurrent=2)) as results:
            assert await anext(results) == Fetched("http://a/", size_bytes=0)

    assert ended == ["/", "/hang"]
