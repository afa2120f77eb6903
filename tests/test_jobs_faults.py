"""Faults of durable jobs: processes that are killed at any moment, and a queue that loses its data.

A rendered project runs with PostgreSQL, a real Redis, and a mail server that counts mails.
"""

import json
import random
import shutil
import socketserver
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from email import message_from_bytes
from http import HTTPStatus
from pathlib import Path
from threading import Thread
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest

from conftest import Variant
from environment import Environments, python_for
from redis_server import Server, redis_server
from tenon.demo import free_port

pytestmark = [pytest.mark.full, pytest.mark.timed]

KILLS = 30
ENOUGH = 3
"""Minimum number of kills of each process between the commit of a job and its mail."""

DATABASE = """
import sys
sys.path.insert(0, "tests")
from support.database import migrated_database_url
with migrated_database_url() as url:
    print(url, flush=True)
    sys.stdin.read()
"""


class Mailbox(socketserver.ThreadingTCPServer):
    """A slow mail server that counts mails by recipient and Message-ID."""

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), MailHandler)
        self.found: Counter[tuple[str, str]] = Counter()


class MailHandler(socketserver.StreamRequestHandler):
    """A minimal SMTP server."""

    server: Mailbox

    def handle(self) -> None:
        """Serve one connection."""
        with suppress(OSError):
            self.wfile.write(b"220 here\r\n")
            while line := self.rfile.readline():
                if line.upper().startswith(b"DATA"):
                    self.wfile.write(b"354 go on\r\n")
                    self.take()
                self.wfile.write(b"250 fine\r\n")

    def take(self) -> None:
        """Read a mail, and count it when it is complete."""
        text = b""
        while (line := self.rfile.readline()) != b".\r\n":
            if not line:
                return
            text += line
        headers = message_from_bytes(text)
        time.sleep(0.05)  # long enough for a kill before the response
        self.server.found[headers["To"], headers["Message-ID"].partition("@")[0]] += 1


@dataclass(slots=True)
class System:
    """A service and a worker, with their database, Redis and mail server."""

    folder: Path
    shell: dict[str, str]
    log: Path
    mails: Mailbox
    redis: Server
    port: int = field(default_factory=free_port)
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def start(self, name: str) -> None:
        """Start the service or the worker."""
        commands = {
            "service": ["my-service", "--port", str(self.port)],
            "worker": ["my-service", "worker"],
        }
        with self.log.open("ab") as output:
            self.processes[name] = subprocess.Popen(
                commands[name], cwd=self.folder, env=self.shell, stdout=output, stderr=output
            )

    def kill(self, name: str) -> None:
        """Kill the service or the worker."""
        self.processes[name].kill()
        self.processes[name].wait()

    def register(self, number: int) -> None:
        """Register a user as soon as the service responds."""
        body = json.dumps({"email": f"user{number}@example.org", "name": "Jane"}).encode()

        def registered() -> bool:
            try:
                self.ask("/users", body)
            except HTTPError as error:
                return (
                    error.status == HTTPStatus.CONFLICT
                )  # an earlier attempt succeeded without a response
            except OSError:
                return False
            return True

        self.until(registered)

    def welcomed(self) -> set[tuple[str, str]]:
        """Return the expected mails: one Message-ID for each user."""
        users = [json.loads(line) for line in self.ask("/users/export").splitlines()]
        return {(user["email"], f"<welcome-{user['id']}") for user in users}

    def ask(self, path: str, body: bytes | None = None) -> bytes:
        """Send a request and return the body of the response."""
        headers = {"Content-Type": "application/json"}
        request = Request(f"http://127.0.0.1:{self.port}{path}", body, headers)
        with urlopen(request, timeout=5) as response:
            content: bytes = response.read()
        return content

    def until(self, holds: Callable[[], bool]) -> None:
        """Wait up to 60 seconds until a condition holds."""
        end = time.monotonic() + 60
        while not holds():
            assert time.monotonic() < end, self.log.read_text(encoding="utf-8")[-5000:]
            time.sleep(0.05)


@contextmanager
def running(command: list[str], **options: object) -> Iterator[subprocess.Popen[str]]:
    """Run a command while the block runs; it exits when its input ends.

    A signal would end it before it has stopped the database that it started.
    """
    with subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        **options,  # type: ignore[call-overload]  # folder and variables
    ) as process:
        try:
            yield process
        finally:
            process.communicate(timeout=60)


@pytest.fixture
def system(variant: Variant) -> Iterator[System]:
    """Yield a running system."""
    python = python_for("3.11")
    assert python is not None
    with ExitStack() as stack:
        name = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        folder = name / "my-service"
        shutil.copytree(variant(preset="full"), folder)
        environment = Environments(name / "environments").of(python)
        environment.install(folder)
        shell = environment.shell("default")
        command = ["python", "-c", DATABASE]
        database = stack.enter_context(running(command, cwd=folder, env=shell))
        assert database.stdout is not None
        url = database.stdout.readline().strip()
        redis = stack.enter_context(redis_server())
        redis.own()
        mails = stack.enter_context(Mailbox())
        Thread(target=mails.serve_forever, daemon=True).start()
        stack.callback(mails.shutdown)
        settings = {
            "DATABASE__URL": url,
            "JOBS__REDIS_URL": redis.url,
            "JOBS__TIMEOUT_SECONDS": "1",
            "JOBS__POLL_SECONDS": "0.1",
            "JOBS__RETRY_SECONDS": "0.1",
            "JOBS__MAX_ATTEMPTS": "20",
            "MAIL__HOST": "127.0.0.1",
            "MAIL__PORT": str(mails.server_address[1]),
            "MAIL__SECURITY": "none",
        }
        shell |= {f"MY_SERVICE_{name}": value for name, value in settings.items()}
        system = System(folder, shell, name / "log", mails, redis)
        try:
            for process in ("service", "worker"):
                system.start(process)
            yield system
        finally:
            for started in system.processes.values():
                started.kill()
                started.wait()


def test_no_mail_is_lost(system: System) -> None:
    """Every user gets a mail, though service and worker are killed 30 times and Redis is emptied.

    Delivery is at least once; a duplicate has the same Message-ID.
    """
    chance = random.Random(20261125)  # noqa: S311  (no secret depends on it)
    killed: Counter[tuple[str, bool]] = Counter()
    for number in range(KILLS):
        system.register(number)
        # Between the commit and the completion of the job, mostly early.
        time.sleep(chance.random() ** 2 / 2)
        name = ("service", "worker")[number % 2]
        system.kill(name)
        is_sent = f"user{number}@example.org" in {to for to, _ in list(system.mails.found)}
        killed[name, is_sent] += 1
        system.start(name)
        if number == KILLS // 2:
            assert system.redis.do("FLUSHALL").startswith(b"+OK")
    system.register(KILLS)
    welcomed = system.welcomed()

    system.until(lambda: system.mails.found.keys() >= welcomed)

    assert len({to for to, _ in welcomed}) == len(welcomed) == KILLS + 1
    assert killed.total() == KILLS
    assert all(killed[name, False] >= ENOUGH for name in system.processes), killed
    assert system.mails.found.keys() == welcomed
    time.sleep(3)  # longer than the lease of a job
    assert system.mails.found.keys() == welcomed
    assert system.mails.found.total() <= len(welcomed) + KILLS
    sys.stdout.write(f"{len(welcomed)} users, {system.mails.found.total()} mails, {killed}\n")
