"""Helpers of test_faults.py: a service to put under faults, its clients, and many bad requests."""

import asyncio
import json
import random
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import product
from pathlib import Path
from select import select
from threading import Thread

from environment import Environments, python_for
from tenon.demo import free_port

CANARY = b"hunter2-canary"

COMPONENTS = '''
"""The components of this project."""

from my_service.api.routes import faults
from my_service.core.component import Component
from my_service.settings import Settings


def components(_settings: Settings) -> tuple[Component, ...]:
    """Return the components."""
    return (Component(name="faults", routers=(faults.router,)),)
'''

ROUTES = '''
"""Routes of a typical project, and some that fail or take long."""

import asyncio
from collections.abc import AsyncIterator

from fastapi import APIRouter, Request
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, ConfigDict

PART = bytes(65_536)

router = APIRouter()


class Item(BaseModel):
    """The request body; the name is a secret."""

    model_config = ConfigDict(extra="forbid")

    name: str
    note: str = ""
    count: int = 0
    price: float = 0


class Stored(BaseModel):
    """The response body."""

    note: str
    count: int
    price: float


@router.get("/items/{item_id}")
async def read_item(item_id: int, near: float = 0) -> dict[str, float]:
    return {"id": item_id, "near": near}


@router.post("/items", status_code=201)
async def create_item(item: Item) -> Stored:
    return Stored(note=item.note, count=item.count, price=item.price)


@router.get("/names/{name}")
async def read_name(name: str) -> dict[str, str]:
    return {"name": name}


@router.post("/raw")
async def raw(request: Request) -> list[int]:
    return [len(await request.body()), len(request.headers)]


@router.get("/slow")
@router.post("/slow")
async def slow(request: Request, seconds: float) -> str:
    await request.body()
    await asyncio.sleep(seconds)
    return "done"


@router.get("/stream")
async def stream() -> StreamingResponse:
    async def parts() -> AsyncIterator[bytes]:
        for _ in range(100_000):
            yield PART

    return StreamingResponse(parts())


@router.get("/big")
async def big() -> str:
    return "x" * 8_000_000


@router.get("/boom")
async def boom() -> None:
    raise RuntimeError("An unexpected error")
'''


# The service


@dataclass(frozen=True, slots=True, eq=False)
class Service:
    """The service's own command, running."""

    process: subprocess.Popen[bytes]
    port: int
    admin_port: int
    log: Path

    def stop(self) -> None:
        """Send SIGTERM."""
        self.process.send_signal(signal.SIGTERM)

    async def status(self, seconds: float = 30) -> int:
        """Wait until it exits and return its exit status."""
        return await asyncio.to_thread(self.process.wait, seconds)

    def lines(self) -> list[str]:
        """Return the lines of its log."""
        return self.log.read_text(encoding="utf-8").splitlines()

    def resident(self) -> int:
        """Return its resident memory in bytes."""
        return self._memory("VmRSS")

    def peak(self) -> int:
        """Return its peak resident memory in bytes."""
        return self._memory("VmHWM")

    def _memory(self, name: str) -> int:
        text = Path(f"/proc/{self.process.pid}/status").read_text(encoding="ascii")
        (line,) = (line for line in text.splitlines() if line.startswith(f"{name}:"))
        return int(line.split()[1]) * 1024

    def read(self) -> int:
        """Return the bytes that it has read so far, mostly from sockets."""
        text = Path(f"/proc/{self.process.pid}/io").read_text(encoding="ascii")
        return int(text.split()[1])

    def sockets(self) -> int:
        """Return the number of its open sockets."""
        links = list(Path(f"/proc/{self.process.pid}/fd").iterdir())
        return sum(_target(link).startswith("socket:") for link in links)


def _target(link: Path) -> str:
    try:
        return str(link.readlink())
    except FileNotFoundError:  # closed since it was listed
        return ""


@dataclass(slots=True)
class Project:
    """A rendered and installed project."""

    folder: Path
    shell: dict[str, str]
    logs: Path
    started: int = 0

    def start(self, port: int, admin_port: int, variables: dict[str, str]) -> Service:
        """Start the command."""
        self.started += 1
        log = self.logs / f"{self.started:03}.log"
        settings = {"ADMIN__PORT": str(admin_port), "LOGGING__FORMAT": "json", **variables}
        with log.open("wb") as output:
            process = subprocess.Popen(
                ["my-service", "--port", str(port)],
                cwd=self.folder,
                env={
                    **self.shell,
                    **{f"MY_SERVICE_{name}": value for name, value in settings.items()},
                },
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        return Service(process, port, admin_port, log)

    @asynccontextmanager
    async def running(self, port: int = 0, **variables: str) -> AsyncIterator[Service]:
        """Start the command, and kill it after the block."""
        service = self.start(port or free_port(), free_port(), variables)
        try:
            yield service
        finally:
            service.process.kill()
            service.process.wait()

    @asynccontextmanager
    async def served(self, port: int = 0, **variables: str) -> AsyncIterator[Service]:
        """Start the command, wait until it is ready, and kill it after the block."""
        async with self.running(port, **variables) as service:
            await until_ready(service, 60)
            yield service


@contextmanager
def installed(rendered: Path) -> Iterator[Project]:
    """Yield a copy of a rendered project, installed."""
    python = python_for("3.11")
    assert python is not None
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "my-service"
        shutil.copytree(rendered, folder)
        environment = Environments(Path(name) / "environments").of(python)
        environment.install(folder)
        shell = environment.shell("default")
        yield Project(folder, {**shell, "MY_SERVICE_SERVER__DRAIN_SECONDS": "0"}, Path(name))


class Collector(ThreadingHTTPServer):
    """Receives traces.

    Attributes:
        batches: The bodies that it received.
    """

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), CollectorHandler)
        self.batches: list[bytes] = []


class CollectorHandler(BaseHTTPRequestHandler):
    """Receives one batch."""

    server: Collector

    def do_POST(self) -> None:
        """Store the batch."""
        self.server.batches.append(self.rfile.read(int(self.headers["Content-Length"])))
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Log nothing."""


@contextmanager
def collecting() -> Iterator[Collector]:
    """Run a collector."""
    with Collector() as collector:
        thread = Thread(target=collector.serve_forever)
        thread.start()
        try:
            yield collector
        finally:
            collector.shutdown()
            thread.join()


# The clients


@dataclass(frozen=True, slots=True)
class Response:
    """A response of the service."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def closes(self) -> bool:
        """Return whether it has `Connection: close`."""
        return self.headers.get("connection", "").lower() == "close"

    @property
    def is_problem(self) -> bool:
        """Return whether it is an RFC 9457 problem with the status of the response."""
        if self.headers.get("content-type") != "application/problem+json":
            return False
        with suppress(ValueError):
            return bool(json.loads(self.body)["status"] == self.status)
        return False


def parsed(data: bytes, *, of_head: bool = False) -> Response | None:
    """Return the first response in the data if it is complete; skip interim (1xx) responses."""
    head, end, rest = data.partition(b"\r\n\r\n")
    if not end:
        return None
    first, *lines = head.decode("latin-1").split("\r\n")
    status = int(first.split(" ")[1])
    if status < 200:
        return parsed(rest, of_head=of_head)
    headers = dict(line.lower().split(": ", 1) for line in lines)
    length = 0 if of_head or status in {204, 304} else int(headers["content-length"])
    return Response(status, headers, rest[:length]) if len(rest) >= length else None


@dataclass(slots=True)
class Connection:
    """A keep-alive connection."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    @property
    def ended(self) -> bool:
        """Return whether the service has closed it."""
        return self.reader.at_eof() or self.reader.exception() is not None

    async def ask(self, data: bytes) -> Response:
        """Send a request and return its response.

        Raises:
            ConnectionError: The service has closed the connection instead.
        """
        self.writer.write(data)
        received = b""
        while (response := parsed(received)) is None:
            part = await self.reader.read(65_536)
            if not part:
                raise ConnectionError("Closed without a response")
            received += part
        return response

    async def close(self) -> None:
        """Close the connection."""
        await closed(self.writer)


async def closed(writer: asyncio.StreamWriter) -> None:
    """Close a connection in any state."""
    writer.transport.abort()
    with suppress(OSError):
        await writer.wait_closed()


async def opened(port: int) -> Connection:
    """Connect."""
    return Connection(*await asyncio.open_connection("127.0.0.1", port))


@asynccontextmanager
async def connected(port: int) -> AsyncIterator[Connection]:
    """Connect while the block runs."""
    connection = await opened(port)
    try:
        yield connection
    finally:
        await connection.close()


class Client:
    """Sends one request after the other, on keep-alive connections."""

    def __init__(self) -> None:
        self.kept: dict[int, Connection] = {}

    async def ask(self, port: int, data: bytes) -> Response:
        """Send a request and return its response.

        Raises:
            OSError: There was no response.
        """
        connection = self.kept.get(port)
        if connection is None or connection.ended:
            await self.drop(port)
            connection = self.kept[port] = await opened(port)
        response = await connection.ask(data)
        if response.closes:
            await self.drop(port)
        return response

    async def drop(self, port: int) -> None:
        """Close the connection to a service, if there is one."""
        connection = self.kept.pop(port, None)
        if connection is not None:
            await connection.close()

    async def close(self) -> None:
        """Close all connections."""
        for port in list(self.kept):
            await self.drop(port)


@asynccontextmanager
async def client() -> AsyncIterator[Client]:
    """Yield a client, and close its connections at the end."""
    made = Client()
    try:
        yield made
    finally:
        await made.close()


async def ask(port: int, data: bytes, seconds: float = 30) -> Response:
    """Send one request on a new connection.

    Raises:
        OSError: There was no response; a TimeoutError if there was none in time.
    """
    async with asyncio.timeout(seconds), connected(port) as connection:
        return await connection.ask(data)


async def is_ready(service: Service) -> bool:
    """Return whether the service is ready."""
    try:
        response = await ask(service.port, get("/health/ready"), 5)
    except OSError:
        return False
    return response.status == 200


async def eventually(holds: Callable[[], Awaitable[bool]], seconds: float) -> None:
    """Wait until a condition holds, and fail after some seconds."""
    end = time.monotonic() + seconds
    while not await holds():
        assert time.monotonic() < end, "The condition does not hold in time"
        await asyncio.sleep(0.05)


async def until_ready(service: Service, seconds: float) -> None:
    """Wait until the service is ready, and fail after some seconds or when it exits."""

    async def holds() -> bool:
        assert service.process.poll() is None, service.log.read_text(encoding="utf-8")
        return await is_ready(service)

    await eventually(holds, seconds)


async def exchanged(port: int, data: bytes) -> Response | None:
    """Send any bytes and return the response; None if the connection was closed without one."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=2**24)
    received, of_head = b"", data.startswith(b"HEAD")
    try:
        writer.write(data)
        while (response := parsed(received, of_head=of_head)) is None:
            part = await reader.read(65_536)
            if not part:
                return None
            received += part
    except ConnectionError:
        return parsed(received, of_head=of_head)
    else:
        return response
    finally:
        await closed(writer)


@dataclass(frozen=True, slots=True)
class Pushed:
    """The end of a client that sends until it is stopped.

    Attributes:
        ended: Whether the service closed the connection.
        received: The bytes that the service sent.
    """

    ended: bool
    received: bytes


def pushed(port: int, parts: Iterator[bytes], seconds: float) -> Pushed:
    """Send all parts until the service closes the connection."""
    end = time.monotonic() + seconds
    received, left = b"", b""
    with socket.create_connection(("127.0.0.1", port)) as pushing:
        pushing.settimeout(0)
        sending = [pushing]
        while (rest := end - time.monotonic()) > 0:
            left = left or next(parts, b"")
            readable, writable, _ = select([pushing], sending if left else [], [], rest)
            try:
                if readable:
                    new = pushing.recv(65_536)
                    if not new:
                        return Pushed(ended=True, received=received)
                    received += new
                elif writable:
                    left = left[pushing.send(left) :]
            except ConnectionError:
                if readable:
                    return Pushed(ended=True, received=received)
                sending = []  # its response is still to be read
    return Pushed(ended=False, received=received)


def unread(port: int, data: bytes) -> socket.socket:
    """Send requests until the service reads no more, and never read a response."""
    client = socket.socket()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    client.connect(("127.0.0.1", port))
    client.settimeout(0)
    with suppress(BlockingIOError):
        client.sendall(data)
    return client


@dataclass(slots=True)
class Balancer:
    """Balances requests over the services whose last readiness probe passed.

    Attributes:
        services: All services.
        ready: The services whose last probe passed.
        turn: The number of choices so far.
    """

    services: list[Service] = field(default_factory=list)
    ready: list[Service] = field(default_factory=list)
    turn: int = 0

    def choose(self) -> Service:
        """Return the next one.

        Raises:
            ConnectionError: There is none.
        """
        if not self.ready:
            raise ConnectionError("No service is ready")
        self.turn += 1
        return self.ready[self.turn % len(self.ready)]

    async def watch(self, service: Service) -> None:
        """Probe a service every 50 ms; a slow one does not delay the probes of the others."""
        self.services.append(service)
        while service in self.services:
            is_up = await is_ready(service)
            if is_up and service not in self.ready:
                self.ready.append(service)
            elif not is_up and service in self.ready:
                self.ready.remove(service)
            await asyncio.sleep(0.05)


# Good and bad requests

HOST = b"Host: 127.0.0.1\r\n"
JSON = b"Content-Type: application/json\r\n"
CHUNKED = b"Transfer-Encoding: chunked\r\n"


def request(
    method: bytes, target: bytes, headers: bytes = b"", body: bytes = b"", host: bytes = HOST
) -> bytes:
    """Return a request with these header lines."""
    return b"%s %s HTTP/1.1\r\n%s%s\r\n%s" % (method, target, host, headers, body)


def get(path: str) -> bytes:
    """Return a GET request."""
    return request(b"GET", path.encode())


def post(path: str, body: bytes, headers: bytes = JSON) -> bytes:
    """Return a POST request with a Content-Length."""
    length = b"Content-Length: %d\r\n" % len(body)
    return request(b"POST", path.encode(), headers + length, body)


def chunk(body: bytes) -> bytes:
    """Return a chunk of a body."""
    return b"%x\r\n%s\r\n" % (len(body), body)


def post_chunked(path: str, *parts: bytes, headers: bytes = JSON) -> bytes:
    """Return a POST request with a chunked body."""
    body = b"".join(chunk(part) for part in (*parts, b""))
    return request(b"POST", path.encode(), headers + CHUNKED, body)


GOOD = (get("/items/1"), post("/items", b'{"name":"a"}'), get("/slow?seconds=0.02"))


def item(member: bytes) -> bytes:
    """Return a JSON body with the canary and one more member."""
    return b'{"name":"%s",%s}' % (CANARY, member)


BOM = b"\xef\xbb\xbf"
PLAIN = item(b'"count":1')

NO_UTF8 = (
    b"\x80",  # continues nothing
    b"\xbf\xbf",
    b"\xc3",  # cut short
    b"\xe2\x82",
    b"\xf0\x9f\x98",
    b"\xc3\x28",
    b"\xe2\x28\xa1",
    b"\xc0\x80",  # longer than need be
    b"\xc1\xbf",
    b"\xe0\x80\x80",
    b"\xf0\x80\x80\xaf",
    b"\xed\xa0\x80",  # surrogates
    b"\xed\xbf\xbf",
    b"\xed\xa0\xbd\xed\xb8\x80",
    b"\xf4\x90\x80\x80",  # beyond Unicode
    b"\xf5\x80\x80\x80",
    b"\xf8\x88\x80\x80\x80",
    b"\xfc\x84\x80\x80\x80\x80",
    b"\xfe",
    b"\xff",
    b"\xe9",  # Latin-1
)

NO_NUMBERS = (
    b"NaN",
    b"-NaN",
    b"nan",
    b"Infinity",
    b"-Infinity",
    b"inf",
    b"1e999",
    b"-1e999",
    b"1E400",
    b"1e99999999999999999999",
    b"0x10",
    b"01",
    b"-01",
    b"+1",
    b".5",
    b"5.",
    b"1e",
    b"1_000",
    b"--1",
    b"1" * 5000,
    b"-" + b"1" * 5000,
)

ODD_NUMBERS = (
    b"-0",
    b"-0.0",
    b"0e999",
    b"1e-999",
    b"1e308",
    b"1.7976931348623157e308",
    b"5e-324",
    b"1." + b"0" * 5000,
    b"1" * 4000,
    b"2147483648",
    b"9223372036854775808",
    b"-9223372036854775809",
    b"18446744073709551616",
    b"1" + b"0" * 30,
    b"1.5",
    b'"1"',
    b'"NaN"',
    b'"Infinity"',
    b'"1e999"',
    b'"1_000"',
    b'" 1 "',
    b'"%s"' % (b"9" * 5000),
    b"true",
    b"null",
    b"[]",
    b"{}",
)

NO_TEXT = (
    rb"\ud800",  # half a surrogate pair
    rb"\udfff",
    rb"\ud800A",
    rb"\ude00\ud83d",
    rb"\uD83D\uD83D\uDE00",
    rb"\x41",
    rb"\u12",
    rb"\uZZZZ",
    rb"\'",
    b"\\",
    b"\x00",
    b"\x1f",
    b"\n",
    b"\x1b[31m",
    *NO_UTF8,
)

ODD_TEXT = (
    rb"\u0000",
    rb"\ud83d\ude00",
    rb"\u2028\u2029",
    rb"\u202e\u0007\u001b[2J",
    rb"\r\n{\"event\":\"forged\"}",
    "\u2028\u0085\U0001f600".encode(),
    b"\x7f",
    b"%s%n%x{0}${jndi:ldap://x}",
    b"' OR 1=1 --",
    b"<script>alert(1)</script>",
    b"../../../etc/passwd",
    b"x" * 100_000,
)

NO_JSON = (
    b"",
    b" \n",
    b"\x00",
    BOM,
    BOM + PLAIN,
    PLAIN + b"x",
    PLAIN + b",",
    PLAIN + PLAIN,
    PLAIN + b"\n" + PLAIN,
    PLAIN + b"\x00",
    PLAIN[:-1],
    PLAIN[:-2],
    PLAIN[: len(PLAIN) // 2],
    PLAIN[1:],
    PLAIN.replace(b'"', b"'"),
    PLAIN.replace(b":", b"="),
    PLAIN.replace(b"}", b",}"),
    PLAIN.replace(b"{", b"{,"),
    b"/*x*/" + PLAIN,
    PLAIN + b"//x",
    b")]}'\n" + PLAIN,
    b"callback(%s)" % PLAIN,
    b"name=%s" % CANARY,
    b"<name>%s</name>" % CANARY,
    b"--x\r\nContent-Disposition: form-data; name=name\r\n\r\n%s\r\n--x--" % CANARY,
    b"\x1f\x8b\x08\x00" + CANARY,
    b"+AHs-" + CANARY,
    *(PLAIN.decode().encode(name) for name in ("utf-16", "utf-16-le", "utf-16-be", "utf-32")),
    item(b'"count":1,"count":2'),
    item(b'"name":"other"'),
    item(b'"note":{"a":1,"a":2}'),
    item(b'"x":[{"a":1,"a":1}]'),
    item(rb'"note":"a","no\u0074e":"b"'),
    b"[" * 100_000,
    b"]" * 100_000,
    b"[" * 100_000 + b"]" * 100_000,
    b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
    item(b'"note":' + b"[" * 100_000 + b"]" * 100_000),
    item(b'"x":' + b'[{"a":' * 50_000 + b"1" + b"}]" * 50_000),
    *(item(b'"count":%s' % number) for number in NO_NUMBERS),
    *(item(b'"price":%s' % number) for number in NO_NUMBERS[:-2]),
    *(item(b'"x":[%s]' % number) for number in NO_NUMBERS),
    *(item(b'"note":"%s"' % text) for text in NO_TEXT),
    *(item(b'"%s":1' % text) for text in NO_TEXT),
    *(b"%s%s" % (text, PLAIN) for text in NO_UTF8),
)
"""Bodies that are not valid JSON for every parser."""

NO_ITEMS = (
    b"null",
    b"true",
    b"1",
    b'"%s"' % CANARY,
    b"[]",
    b"[%s]" % PLAIN,
    b"{}",
    b'{"":1}',
    b'{"count":"%s"}' % CANARY,
    b'{"name":{"$ne":"%s"}}' % CANARY,
    b'{"name":["%s"]}' % CANARY,
    item(b'"__proto__":{"admin":true}'),
    item(b'"__class__":"x"'),
    item(b'"admin":true'),
    item(b'"count":"%s"' % CANARY),
    item(b'"price":"%s"' % CANARY),
    item(b'"note":[%s]' % PLAIN),
    item(b'"note":%s' % PLAIN),
    item(b'"x":' + b"[" * 400 + b"]" * 400),
    item(b'"x":"%s"' % (CANARY * 50_000)),
    item(b",".join(b'"%x":0' % number for number in range(80_000))),
    item(b'"%s":0' % (b"k" * 900_000)),
    b'{"name":[%s0]}' % (b"0," * 400_000),
)
"""JSON bodies that are not an item."""

TOO_LONG = (
    item(b",".join(b'"%x":0' % number for number in range(1_000_000))),
    item(b'"note":"%s"' % (b"x" * 1_048_576)),
    b" " * 1_048_576 + PLAIN,
)

ODD_ITEMS = (
    *(item(b'"count":%s' % number) for number in ODD_NUMBERS),
    *(item(b'"price":%s' % number) for number in ODD_NUMBERS),
    *(item(b'"note":"%s"' % text) for text in ODD_TEXT),
    *(b'{"name":"%s"}' % text for text in ODD_TEXT),
)
"""Bodies that may be items."""

CONTENT_TYPES = (
    b"text/plain",
    b"text/json",
    b"text/html; charset=utf-8",
    b"application/x-www-form-urlencoded",
    b"multipart/form-data; boundary=x",
    b"application/xml",
    b"application/octet-stream",
    b"application/jsonx",
    b"x/json",
    b"*/*",
    b"",
    b";",
    b"json",
    b"\xff\xfe",
    b"a" * 10_000,
)

ENCODINGS = (b"gzip", b"GZIP", b"deflate", b"br", b"zstd", b"gzip, gzip", b"identity, gzip", b"x")

HEADERS = (
    b"X: a\r\nX: b\r\n",
    b"X:\r\n",
    b"X: \r\n",
    b"X: " + b"x" * 20_000 + b"\r\n",
    b"".join(b"X-%d: x\r\n" % number for number in range(1000)),
    b"X: x\r\n" * 1000,
    b"X: a\tb\r\n",
    b"X: \xff\xfe\r\n",
    b"X: \xc3\xa9\r\n",
    b"X: \xe2\x80\xa8\r\n",
    b"Host: 127.0.0.1\r\n",
    b"Forwarded: for=6.6.6.6;host=evil.example;proto=https\r\n",
    b"X-Forwarded-For: 6.6.6.6\r\n",
    b"X-Forwarded-For: 6.6.6.6, 127.0.0.1\r\n",
    b"X-Forwarded-For: %s\r\n" % (b"6.6.6.6," * 1000),
    b"X-Forwarded-For: \xff\r\nX-Forwarded-Proto: ws\r\n",
    b"X-Real-IP: 6.6.6.6\r\n",
    b"X-Forwarded-Host: evil.example\r\nX-Forwarded-Proto: javascript\r\n",
    b"X-Request-ID: a b\r\n",
    b'X-Request-ID: "},{"event":"forged"}\r\n',
    b"X-Request-ID: %s\r\n" % (b"a" * 10_000),
    b"X-Request-ID: \xe2\x80\xa8\xc2\x85\r\n",
    b"X-Request-ID: \r\n",
    b"X-Request-ID: a\r\nX-Request-ID: \xff\r\n",
    b"traceparent: x\r\n",
    b"traceparent: 00-%s-%s-01\r\n" % (b"0" * 32, b"0" * 16),
    b"traceparent: ff-%s-%s-01\r\n" % (b"a" * 32, b"b" * 16),
    b"traceparent: 00-%s-%s-01\r\n" % (b"g" * 32, b"b" * 16),
    b"traceparent: 00-%s-%s-01\r\n" % (b"a" * 3200, b"b" * 16),
    b"traceparent: 00-%s-%s-01\r\n" % (b"a" * 32, b"b" * 16),
    b"traceparent: 00-%s-%s-01\r\ntracestate: %s\r\n" % (b"a" * 32, b"b" * 16, b"a=b," * 1000),
    b"traceparent: 00-%s-%s-01\r\ntracestate: \xff==,,\r\n" % (b"a" * 32, b"b" * 16),
    b"baggage: %s\r\n" % (b"a=b," * 1000),
    b"X-HTTP-Method-Override: DELETE\r\n",
    b"X-HTTP-Method: DELETE\r\nX-Method-Override: TRACE\r\n",
    b"X-Original-URL: /metrics\r\nX-Rewrite-URL: /metrics\r\n",
    b"Range: bytes=0-\r\n",
    b"Range: bytes=-1\r\n",
    b"Range: bytes=%s0-\r\n" % (b"0-," * 3000),
    b"Range: bytes=%d-%d\r\n" % (10**40, 10**41),
    b"Range: x\r\nIf-Range: \xff\r\n",
    b"Accept: \r\n",
    b"Accept: \xff\r\n",
    b"Accept: image/png\r\n",
    b"Accept: ;q=,,,*/*;q=-1;q=nan\r\n",
    b"Accept: %s\r\n" % (b"a/b;q=0.1," * 2000),
    b"Accept-Encoding: %s\r\n" % (b"gzip;q=0," * 2000),
    b"Accept-Language: \xff;q=9e999\r\n",
    b"Accept-Charset: utf-7\r\n",
    b"Expect: 100-continue\r\n",
    b"Expect: 200-ok\r\n",
    b"Expect: \xff\r\n",
    b"Authorization: Bearer %s\r\n" % CANARY,
    b"Authorization: Basic \xff\r\n",
    b"Authorization:\r\n",
    b"Authorization: Bearer a\r\nAuthorization: Bearer b\r\n",
    b"Cookie: session=%s\r\n" % CANARY,
    b"Cookie: %s\r\n" % (b"a=b; " * 5000),
    b"Cookie: \xff=\xfe; =;;\r\n",
    b"Origin: null\r\n",
    b"Origin: https://evil.example\r\nAccess-Control-Request-Method: \xff\r\n",
    b"Referer: http://x/?%s\r\n" % CANARY,
    b"User-Agent: () { :; }; echo ${jndi:ldap://x}\r\n",
    b"User-Agent: \x1b[31m\r\n",
    b"If-None-Match: *\r\nIf-Match: \xff\r\n",
    b"If-Modified-Since: Sat, 99 Foo 99999 99:99:99 GMT\r\n",
    b"Connection: close\r\n",
    b"Connection: keep-alive, close, x\r\n",
    b"Connection: Host, Content-Length\r\n",
    b"Keep-Alive: timeout=999999999\r\n",
    b"Upgrade: websocket\r\nConnection: upgrade\r\nSec-WebSocket-Version: 99\r\n",
    b"Upgrade: h2c\r\nConnection: Upgrade, HTTP2-Settings\r\nHTTP2-Settings: \xff\r\n",
    b"TE: trailers, \xff\r\n",
    b"Trailer: Content-Length\r\n",
    b"Max-Forwards: -1\r\n",
    b"Via: %s\r\n" % (b"1.1 x," * 1000),
    b"Proxy: http://evil.example\r\n",
    b"Content-Encoding: gzip\r\n",
)
"""Header lines that may be ignored."""

NO_HEADERS = (
    b"X: " + b"x" * 8_388_608 + b"\r\n",
    b"x" * 8_388_608 + b": x\r\n",
    b"".join(b"X-%d: %s\r\n" % (number, b"x" * 100) for number in range(1000)),
    b"X: a\rb\r\n",
    b"X: a\r\r\n",
    b"X: a\r\n b\r\n",
    b"X: a\r\n\tb\r\n",
    b" X: a\r\n",
    b"X : a\r\n",
    b"X\r\n",
    b": a\r\n",
    b"X\x00: a\r\n",
    b"X: a\x00b\r\n",
    b"X-Request-ID: a\x00b\r\n",
    b"X\xff: a\r\n",
    b"X(): a\r\n",
    b"X Y: a\r\n",
    b"X: a\n",
    b"X: a\nX-Request-ID: forged\n",
    b"\x1b[31m: a\r\n",
    b'{"event":"forged"}\r\n',
)
"""Invalid header lines."""

FOREIGN_HOSTS = (
    b"",
    b"Host:\r\n",
    b"Host: evil.example\r\n",
    b"Host: 127.0.0.1.evil.example\r\n",
    b"Host: evil.example:127.0.0.1\r\n",
    b"Host: 127.0.0.1@evil.example\r\n",
    b"Host: evil.example#127.0.0.1\r\n",
    b"Host: [::1]\r\n",
    b"Host: [\r\n",
    b"Host: 127.0.0.1/\r\n",
    b"Host: \xff\r\n",
    b"Host: 2130706433\r\n",
    b"Host: %s\r\n" % (b"a" * 10_000),
    b"Host: 127.0.0.1\r\nHost: evil.example\r\n",
)

SMUGGLED = b"5\r\nhello\r\n0\r\n\r\nGET /items/2 HTTP/1.1\r\n\r\n"

NO_FRAMING = (
    b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
    b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n",
    b"Content-Length: 5\r\nContent-Length: 6\r\n",
    b"Content-Length: 5\r\nContent-Length: 5\r\n",
    b"Content-Length: 5, 5\r\n",
    b"Content-Length: -5\r\n",
    b"Content-Length: +5\r\n",
    b"Content-Length: 0x5\r\n",
    b"Content-Length: 5.0\r\n",
    b"Content-Length: five\r\n",
    b"Content-Length: 5 5\r\n",
    b"Content-Length: \xb2\r\n",
    b"Content-Length: %d\r\n" % 10**30,
    b"Content-Length: %s\r\n" % (b"9" * 5000),
    b"Content-Length: 18446744073709551616\r\n",
    b"Content-Length : 5\r\n",
    b"Content-Length: 5\r\n Content-Length: 6\r\n",
    b"Transfer-Encoding: chunked, identity\r\n",
    b"Transfer-Encoding: xchunked\r\n",
    b"Transfer-Encoding: gzip\r\n",
    b"Transfer-Encoding: identity\r\n",
    b"Transfer-Encoding : chunked\r\n",
    b"Transfer-Encoding:\x0bchunked\r\n",
    b"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n",
    b"Transfer-Encoding: chunked\nContent-Length: 5\r\n",
)
"""Framing that two servers may read differently."""

ODD_FRAMING = (
    b"Content-Length: 0\r\n",
    b"Content-Length: 00005\r\n",
    b"Content-Length:\t5\r\n",
    b"Content-Length: 5\t\r\n",
    b"Content-Length: \r\n",
    b"Content-Length: 1000\r\n",
    b"Transfer-Encoding: CHUNKED\r\n",
    b"Transfer-Encoding: gzip, chunked\r\n",
    b"Transfer-Encoding: \r\n",
    b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
    b"TRANSFER-ENCODING:chunked\r\n",
)

NO_CHUNKS = (
    b"x\r\n",
    b"-1\r\na\r\n0\r\n\r\n",
    b"0x1\r\na\r\n0\r\n\r\n",
    b"+1\r\na\r\n0\r\n\r\n",
    b"fffffffffffffffff\r\na\r\n0\r\n\r\n",
    b"ffffffffffffffff\r\na\r\n0\r\n\r\n",
    b"1\r\nab\r\n0\r\n\r\n",
    b"5\r\nab\r\n0\r\n\r\n",
    b"1\na\n0\n\n",
    b"1\r\na0\r\n\r\n",
    b"\r\n1\r\na\r\n0\r\n\r\n",
    b"1 \x00\r\na\r\n0\r\n\r\n",
    b"1;\x00\r\na\r\n0\r\n\r\n",
    b"5\r\nab",
    b"1\r\na\r\n",
    b"1\r\na\r\n0\r\n",
    b"1",
    b"",
    b"1\r\na\r\n0\r\nX\r\n\r\n",
    b"1\r\na\r\n0\r\nX: %s" % (b"x" * 100_000),
    b"1\r\na\r\n0\r\n%s" % (b"X: x\r\n" * 50_000),
    b"1;%s" % (b"x" * 100_000),
    CANARY,
    b"\xff" * 1000,
)

ODD_CHUNKS = (
    b"1;x=y\r\na\r\n0\r\n\r\n",
    b"1;x=\xff\r\na\r\n0\r\n\r\n",
    b"0000000001\r\na\r\n0\r\n\r\n",
    b"1\r\na\r\n" * 5000 + b"0\r\n\r\n",
    b"1\r\na\r\n0\r\nContent-Length: 5\r\nHost: evil.example\r\n\r\n",
    b"1\r\na\r\n0\r\nX-Request-ID: \xff\r\n\r\n",
    b"0\r\n\r\n0\r\n\r\n",
)

METHODS = (
    b"PUT",
    b"PATCH",
    b"DELETE",
    b"OPTIONS",
    b"TRACE",
    b"PROPFIND",
    b"M-SEARCH",
    b"PURGE",
    b"QUERY",
    b"SOURCE",
    b"LINK",
)

NO_METHODS = (
    b"",
    b"get",
    b"Get",
    b"GETT",
    b"GE T",
    b"G\x00T",
    b"G\xffT",
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",  # the start of TLS
    b"\x05\x01\x00",  # SOCKS
    b"A" * 10_000,
    b'{"event":"forged"}',
    b"\x1b[31mGET",
    b"TRACK",
    b"PRI",
    b"CONNECT",
)

PATHS = (
    b"/",
    b"//",
    b"///",
    b"//evil.example",
    b"//evil.example/items/1",
    b"/items",
    b"/items/",
    b"/items//1",
    b"/items/1/",
    b"/items/%00",
    b"/items/%31",
    b"/items/-1",
    b"/items/1.5",
    b"/items/1e3",
    b"/items/nan",
    b"/items/%s" % (b"9" * 30),
    b"/items/%s" % (b"9" * 5000),
    b"/items/9223372036854775808",
    b"/items/%D9%A1",
    b"/items/1;x=y",
    b"/items/../items/1",
    b"/items/%2e%2e/items/1",
    b"/items/%2f1",
    b"/items/1%3fa=b",
    b"/names/%00",
    b"/names/%0d%0aX:%20y",
    b"/names/%ff",
    b"/names/%ff%fe%c0%80",
    b"/names/%ed%a0%80",
    b"/names/%e2%80%a8%1b[31m",
    b"/names/%",
    b"/names/%4",
    b"/names/%zz",
    b"/names/%u0041",
    b"/names/%25%30%30",
    b"/names/+",
    b"/names/{}",
    b"/names/a|b^c`d",
    b'/names/"},{"event":"forged"}',
    b"/names/%s" % (b"a" * 10_000),
    b"/names/%s" % (b"%41" * 3000),
    b"/%s" % (b"a/" * 5000),
    b"/..",
    b"/../../etc/passwd",
    b"/%2e%2e/%2e%2e/etc/passwd",
    b"/..%5c..%5cwindows",
    b"/.env",
    b"/.git/config",
    b"/metrics",
    b"/Health",
    b"/health/",
    b"/health/../metrics",
    b"/docs/",
    b"/openapi.json/",
    b"/items/1?near=nan",
    b"/items/1?near=inf&near=1e999",
    b"/items/1?near=%00",
    b"/items/1?near=%ff",
    b"/items/1?%s" % (b"a=b&" * 2500),
    b"/items/1?near=%s" % CANARY,
    b"/items/1?%s" % CANARY,
    b"/unknown?token=%s" % CANARY,
    b"/items/1?a[b][c]=1&a[]=2&__proto__[x]=1",
    b"/items/1??&&==&%",
    b"/items/1#%s" % CANARY,
    b"http://127.0.0.1/items/1",
    b"http://evil.example/items/1",
    b"http://u:%s@evil.example/items/1" % CANARY,
    b"HTTP://evil.example:99999/items/1",
    b"https://[::1/items/1",
    b"http://",
    b"ftp://evil.example/",
    b"file:///etc/passwd",
    b"javascript:alert(1)",
    b"*",
    b"127.0.0.1:80",
    b"items/1",
    b"?",
    b"#",
    b"\\items\\1",
    b"/items/\xff",
    b"/items/\xc3\xa9",
)

NO_PATHS = (
    b"",
    b"/items/1 x",
    b"/items/\x00",
    b"/items/\x1b[31m",
    b"/items/1\tx",
    b"/%s" % (b"a" * 100_000),
)

NO_LINES = (
    b"\r\n" * 100,
    b"\n",
    b"\x00" * 100,
    b"\xff" * 100,
    b"GET\r\n\r\n",
    b"GET /items/1\r\n\r\n",
    b"GET /items/1 \r\n\r\n",
    b"GET /items/1 HTTP\r\n\r\n",
    b"GET /items/1 HTTP/\r\n\r\n",
    b"GET /items/1 HTTP/9.9\r\nHost: 127.0.0.1\r\n\r\n",
    b"GET /items/1 HTTP/3\r\nHost: 127.0.0.1\r\n\r\n",
    b"GET /items/1 HTTP/-1.1\r\nHost: 127.0.0.1\r\n\r\n",
    b"GET /items/1 HTTP/1.1.1\r\nHost: 127.0.0.1\r\n\r\n",
    b"GET /items/1 http/1.1\r\nHost: 127.0.0.1\r\n\r\n",
    b"GET /items/1 HTTP/1.1 x\r\nHost: 127.0.0.1\r\n\r\n",
    b"GET /items/1 ICE/1.0\r\nHost: 127.0.0.1\r\n\r\n",
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
    b"HELO evil.example\r\n",
    b"SSH-2.0-OpenSSH_9.9\r\n",
    b"GET /items/1 HTTP/1.1\r\nHost: 127.0.0.1\r\n",
    b"GET /items/1 HTTP/1.1\r\nHost: 127.0.0.1\r\nX",
    b"GET /items/1 HT",
    b"POST",
)

ODD_LINES = (
    b"GET /items/1 RTSP/1.0\r\nHost: 127.0.0.1\r\n\r\n",
    b"GET /items/1 HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n",
    b"GET /items/1 HTTP/1.0\r\nHost: 127.0.0.1\r\nConnection: keep-alive\r\n\r\n",
    b"\r\n\r\nGET /items/1 HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
    b"GET /items/1 HTTP/1.1\nHost: 127.0.0.1\n\n",
    b"GET  /items/1  HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
    b"GET /items/1 HTTP/2.0\r\nHost: 127.0.0.1\r\n\r\n",
    b"GET /items/1 HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n" * 100,
    b"GET /items/1 HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n\x00\xff",
)


@dataclass(frozen=True, slots=True)
class Malformed:
    """A malformed or unusual request.

    Attributes:
        data: The bytes to send.
        refused: Whether the service must reject it; it may accept the others.
    """

    data: bytes
    refused: bool

    def __str__(self) -> str:
        """Return its first bytes and its length."""
        return f"{self.data[:200]!r} ({len(self.data)} bytes)"


def refused() -> Iterator[bytes]:
    """Yield requests that the service must reject."""
    yield from (post("/items", body) for body in (*NO_JSON, *NO_ITEMS, *TOO_LONG))
    yield from (post_chunked("/items", body) for body in (*NO_JSON[::3], *TOO_LONG))
    yield from (post("/items", body, b"") for body in NO_JSON[1::9])
    yield from (post("/items", PLAIN, b"Content-Type: %s\r\n" % kind) for kind in CONTENT_TYPES)
    yield from (
        post("/items", PLAIN, JSON + b"Content-Encoding: %s\r\n" % name) for name in ENCODINGS
    )
    for line in NO_HEADERS:
        yield request(b"GET", b"/items/1", line)
        yield post("/items", PLAIN, JSON + line)
    yield from (request(b"GET", b"/items/1", host=host) for host in FOREIGN_HOSTS)
    yield from (request(b"POST", b"/raw", lines, SMUGGLED) for lines in NO_FRAMING)
    yield from (request(b"POST", b"/items", JSON + CHUNKED, body) for body in NO_CHUNKS)
    yield from (request(b"POST", b"/raw", CHUNKED, body) for body in NO_CHUNKS)
    yield from (request(method, b"/items/1") for method in (*METHODS, *NO_METHODS))
    yield from (request(b"GET", path) for path in NO_PATHS)
    yield from NO_LINES


def odd() -> Iterator[bytes]:
    """Yield requests that the service may accept."""
    yield from (post("/items", body) for body in ODD_ITEMS)
    yield from (post("/raw", body) for body in (*NO_JSON[::2], *TOO_LONG))
    yield from (post_chunked("/items", *map(bytes, zip(body))) for body in ODD_ITEMS[:5])
    for line in HEADERS:
        yield request(b"GET", b"/items/1", line)
        yield post("/items", PLAIN, JSON + line)
    yield from (request(b"POST", b"/raw", lines, SMUGGLED) for lines in ODD_FRAMING)
    yield from (request(b"POST", b"/unknown", lines, SMUGGLED) for lines in ODD_FRAMING)
    yield from (request(b"POST", b"/raw", CHUNKED, body) for body in ODD_CHUNKS)
    yield from (request(b"POST", b"/unknown", CHUNKED, body) for body in (*NO_CHUNKS, *ODD_CHUNKS))
    yield from (request(b"GET", path) for path in PATHS)
    yield from (post(path.decode("latin-1"), PLAIN) for path in PATHS[::3] if path.isascii())
    methods = (*METHODS, *NO_METHODS)
    yield from (request(*pair) for pair in product(methods, (b"/unknown", b"/health", b"*")))
    yield from ODD_LINES


SHARP = (b"\x00", b"\r", b"\n", b"\r\n", b" ", b":", b"%", b"\xff", b'"', b"{", b",", b"-", b"9")


def mutated(number: int) -> Iterator[bytes]:
    """Yield good requests with some bytes changed, the same in every run."""
    chance = random.Random(20261125)  # noqa: S311  (no secret hangs on it)
    for _ in range(number):
        data = chance.choice((get("/items/1"), post("/items", PLAIN), post_chunked("/raw", PLAIN)))
        for _ in range(chance.randint(1, 4)):
            at = chance.randrange(len(data))
            new = chance.choice((*SHARP, bytes([chance.randrange(256)]), b""))
            data = data[:at] + new + data[at + chance.randint(0, 2) :]
        yield data


def malformed() -> list[Malformed]:
    """Return all bad requests, each once."""
    must = dict.fromkeys(refused())
    may = dict.fromkeys([*odd(), *mutated(250)])
    return [
        *(Malformed(data, refused=True) for data in must),
        *(Malformed(data, refused=False) for data in may if data not in must),
    ]
