"""Database URLs: what platforms write works, what can't be kept is refused and not shown."""

import asyncio
import struct
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import pytest

from {{ package_name }}.core.database import build
from {{ package_name }}.core.database.postgresql_url import parse_url
from {{ package_name }}.core.errors import UnavailableError
from {{ package_name }}.practices import PracticeSettings

from support.settings import assert_refused

SSL_REQUEST = 80877103
PROTOCOL_3 = 196608
DSN = "postgresql://?"


@pytest.mark.parametrize(
    ("url", "translated"),
    [
        ("postgres://user:pw@host/app", "user:pw@host/app"),
        ("postgresql://user:pw@host:6432/app", "user:pw@host:6432/app"),
        ("postgresql+asyncpg://user@host/app", "user@host/app"),
        ("postgresql://host", "host"),
        ("postgresql://user:p%40%2F%23%24@host/app", "user:p%40%2F%23%24@host/app"),
        ("postgresql://user:a/b#c:d?e@host/app", "user:a%2Fb%23c%3Ad%3Fe@host/app"),
        ("postgresql://user:a$b${C}@host/app", "user:a%24b%24%7BC%7D@host/app"),
        ("postgresql://user:pw@[::1]:6432/app", "user:pw@[::1]:6432/app"),
        ("postgresql://user@%2Fvar%2Frun/app", "user@/var/run/app"),
        ("postgresql://user@/app?host=/var/run", "user@/app?host=%2Fvar%2Frun"),
        ("postgresql://user@one,two:6432/app", "user@/app?host=one%3A5432&host=two%3A6432"),
        (
            "postgresql://host/app?prepared_statement_cache_size=0",
            "host/app?prepared_statement_cache_size=0",
        ),
    ],
)
def test_url_is_translated(url: str, translated: str) -> None:
    """A URL of a platform becomes SQLAlchemy's; raw characters of a password survive."""
    rendered = parse_url(url).url.render_as_string(hide_password=False)

    assert rendered == f"postgresql+asyncpg://{translated}"


@pytest.mark.parametrize(
    ("query", "arguments"),
    [
        ("", {}),
        ("sslmode=require", {"dsn": f"{DSN}sslmode=require"}),
        ("ssl=require", {"dsn": f"{DSN}sslmode=require"}),
        ("sslmode=prefer&channel_binding=prefer", {"dsn": f"{DSN}sslmode=prefer"}),
        ("target_session_attrs=primary", {"dsn": f"{DSN}target_session_attrs=primary"}),
        ("sslrootcert=system", {"ssl": True}),
        ("sslmode=verify-full&sslrootcert=system", {"ssl": True}),
        ("connect_timeout=7", {"timeout": 7}),
        ("connect_timeout=0", {}),
    ],
)
def test_parameters_reach_asyncpg(query: str, arguments: dict[str, object]) -> None:
    """The driver gets the parameters of libpq in its `dsn`, which it reads as libpq does."""
    assert parse_url(f"postgres://user:pw@host/app?{query}").arguments == arguments


def test_files_reach_asyncpg() -> None:
    """A certificate authority is a file that can be read."""
    query = f"sslmode=verify-full&sslrootcert={__file__}"

    (arguments,) = parse_url(f"postgres://host/app?{query}").arguments.values()
    assert arguments.startswith(f"{DSN}sslmode=verify-full&sslrootcert=")


def test_parameters_reach_the_session() -> None:
    """`application_name` and `options` are settings of the session."""
    url = "postgres://host/app?application_name=cron&options=-c%20search_path%3Dx"

    assert parse_url(url).server_settings == {
        "application_name": "cron",
        "options": "-c search_path=x",
    }


@pytest.mark.parametrize(
    "url",
    [
        "",
        " ",
        "hunter2",
        "sqlite:///hunter2.db",
        "mysql://user:hunter2@host/app",
        "postgresql+psycopg://user:hunter2@host/app",
        "postgres:///hunter2",
        "postgres://user:hunter2@/app",
        "postgres://user:hunter2@:5432/app",
        "postgres://user:hunter2@host:0/app",
        "postgres://user:hunter2@host:65536/app",
        "postgres://user:hunter2@host:port/app",
        "postgres://user:hunter2@ho st/app",
        "postgres://user:hunter2@host/app\n",
        "postgres://user:hunter2\x00@host/app",
        "postgres://user:p@hunter2@host/app",
        "postgres://user:p#hunter2/app",
        "postgres://user:p?hunter2",
        "postgres://user:p?hunter2=1",
        "postgres://host/app?password=hunter2&pgbouncer=true",
        "postgres://user:hunter2@host/app?sslmode=",
        "postgres://user:hunter2@host/app?sslmode=true",
        "postgres://user:hunter2@host/app?sslmode=verify-full",
        "postgres://user:hunter2@host/app?sslmode=require&sslrootcert=system",
        "postgres://user:hunter2@host/app?sslrootcert=system&sslcert=/dev/null",
        "postgres://user:hunter2@host/app?sslmode=verify-ca&sslrootcert=/hunter2",
        "postgres://user:hunter2@host/app?channel_binding=require",
        "postgres://user:hunter2@host/app?gssencmode=require",
        "postgres://user:hunter2@host/app?connect_timeout=5s",
        "postgres://user:hunter2@host/app?target_session_attrs=master",
        "postgres://user:hunter2@/app?host=a&host=b&port=hunter2",
    ],
)
def test_bad_url_is_refused(url: str) -> None:
    """A URL that can't be used is an error of one line that names the variable and no value."""
    assert_refused("DATABASE__URL", {"database": {"url": url}})


@asynccontextmanager
async def server_without_tls(received: list[int]) -> AsyncGenerator[str]:
    """Yield the address of a server that offers no TLS, and append the codes of its messages."""

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while head := await reader.read(8):
            length, code = struct.unpack("!II", head)
            await reader.readexactly(length - 8)
            received.append(code)
            if code != SSL_REQUEST:
                break
            writer.write(b"N")
        writer.close()

    server = await asyncio.start_server(handle, "127.0.0.1", 0)
    async with server:
        host, port = server.sockets[0].getsockname()
        yield f"{host}:{port}"


@pytest.mark.parametrize(
    ("parameters", "messages"),
    [
        ("", [SSL_REQUEST, PROTOCOL_3]),
        ("?sslmode=disable", [PROTOCOL_3]),
        ("?sslmode=prefer", [SSL_REQUEST, PROTOCOL_3]),
        ("?sslmode=require", [SSL_REQUEST]),
        ("?sslrootcert=system", [SSL_REQUEST]),
    ],
)
async def test_password_needs_the_tls_of_the_url(parameters: str, messages: list[int]) -> None:
    """If the URL requires TLS, a server without it gets no message in plain text."""
    received: list[int] = []
    async with server_without_tls(received) as address:
        url = f"postgres://user:hunter2@{address}/app{parameters}"
        database = build(PracticeSettings.load({"database": {"url": url}}).database)
        with pytest.raises(UnavailableError):
            await database.probe()
        await database.engine.dispose()

    assert received == messages
