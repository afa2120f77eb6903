"""Database URLs as libpq and platforms write them, for SQLAlchemy and asyncpg."""

import os
import re
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, NamedTuple
from urllib.parse import parse_qsl, unquote, urlencode

from pydantic import AfterValidator, SecretStr
from sqlalchemy import URL
from sqlalchemy.exc import ArgumentError

from {{ package_name }}.core.settings import check_characters

EXAMPLE = "Use a URL such as postgresql://user:password@host:5432/database"
SCHEMES = ("postgres://", "postgresql://", "postgresql+asyncpg://")

# An @ elsewhere than after the password would leave open where the password ends.
PATTERN = re.compile(
    r"[a-z+]+://(?:(?P<username>[^:/@]*)(?::(?P<password>[^@]*))?@)?"
    r"(?P<hosts>[^/?@]*)(?:/(?P<database>[^?@]*))?(?:\?(?P<query>[^@]*))?"
)
HOST = re.compile(r"(?:\[(?P<ipv6>[0-9A-Fa-f:.]+)\]|(?P<name>[\w.%~-]+))(?::(?P<port>\d{1,5}))?")
DEFAULT_PORT = 5432
MAX_PORT = 65535

TLS_MODES = ("disable", "allow", "prefer", "require", "verify-ca", "verify-full")
VERIFIED_MODES = ("verify-ca", "verify-full")
TLS_VERIFICATION = ("sslmode", "sslrootcert")
SESSION_ATTRIBUTES = ("any", "primary", "standby", "prefer-standby", "read-write", "read-only")
TLS_VERSIONS = ("TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3")
SYSTEM = "system"
"""As `sslrootcert`: the certificate authorities of the operating system."""

ASYNCPG_PARAMETERS: Mapping[str, Sequence[str]] = {
    "dbname": (),
    "gsslib": ("gssapi", "sspi"),
    "krbsrvname": (),
    "passfile": (),
    "password": (),
    "ssl_max_protocol_version": TLS_VERSIONS,
    "ssl_min_protocol_version": TLS_VERSIONS,
    "sslcert": (),
    "sslcrl": (),
    "sslkey": (),
    "sslmode": TLS_MODES,
    "sslnegotiation": ("postgres", "direct"),
    "sslpassword": (),
    "sslrootcert": (),
    "target_session_attrs": SESSION_ATTRIBUTES,
    "user": (),
}
"""The parameters of libpq that asyncpg reads from its `dsn`, with their values if these are few."""

SERVER_PARAMETERS = ("application_name", "options")
SQLALCHEMY_PARAMETERS = ("host", "port", "prepared_statement_cache_size")
OPTIONAL_PARAMETERS: Mapping[str, Sequence[str]] = {
    "channel_binding": ("disable", "prefer"),
    "gssencmode": ("disable", "prefer"),
}
"""Parameters that asyncpg does not have: the values that allow a connection without it."""

ALIASES = {"ssl": "sslmode"}
"""The parameter of SQLAlchemy's documentation."""

FILES = ("passfile", "sslcert", "sslcrl", "sslkey", "sslrootcert")


class ConnectOptions(NamedTuple):
    """A parsed URL.

    Attributes:
        url: The URL for SQLAlchemy.
        arguments: Arguments for asyncpg.
        server_settings: Settings of the session.
    """

    url: URL
    arguments: dict[str, Any]
    server_settings: dict[str, str]


def parse_parameters(query: str) -> list[tuple[str, str]]:
    """Return the parameters of a query.

    Raises:
        ValueError: A parameter is unknown, has no valid value, or names a file that can't be read.
    """
    known = {
        **dict.fromkeys((*SERVER_PARAMETERS, *SQLALCHEMY_PARAMETERS, "connect_timeout"), ()),
        **ASYNCPG_PARAMETERS,
        **OPTIONAL_PARAMETERS,
    }
    found = [
        (ALIASES.get(name, name), value) for name, value in parse_qsl(query, keep_blank_values=True)
    ]
    for name, value in found:
        # The name of an unknown parameter may be a piece of a password with a "?".
        if name not in known:
            raise ValueError(f"Use no other parameters than {', '.join(sorted(known))}")
        if not value:
            raise ValueError(f"Give {name} a value, or remove it")
        if known[name] and value not in known[name]:
            raise ValueError(f"asyncpg accepts for {name} only {', '.join(known[name])}")
        if name in {"connect_timeout", "prepared_statement_cache_size"} and not value.isdecimal():
            raise ValueError(f"Use a whole number for {name}")
        is_file = name in FILES and (name, value) != ("sslrootcert", SYSTEM)
        if is_file and not os.access(value, os.R_OK):
            raise ValueError(f"Name a file for {name} that exists and can be read")
    return found


def parse_hosts(text: str) -> list[tuple[str, int | None]]:
    """Return the hosts before the path of a URL, with their ports.

    Raises:
        ValueError: A host or a port is not valid.
    """
    hosts: list[tuple[str, int | None]] = []
    for item in text.split(",") if text else ():
        match = HOST.fullmatch(item)
        port = int(match["port"]) if match and match["port"] else None
        if match is None or port == 0 or (port or 0) > MAX_PORT:
            raise ValueError(
                "Use host:port, with a port from 1 to 65535, and percent-encode special "
                "characters of the password, such as %40 for @"
            )
        hosts.append((match["ipv6"] or unquote(match["name"]), port))
    return hosts


def asyncpg_arguments(parameters: Mapping[str, str]) -> dict[str, Any]:
    """Return the arguments for asyncpg.

    Raises:
        ValueError: Parameters of TLS do not go together.
    """
    dsn = {name: value for name, value in parameters.items() if name in ASYNCPG_PARAMETERS}
    arguments: dict[str, Any] = {}
    timeout = int(parameters.get("connect_timeout", 0))
    if timeout:  # 0 is no timeout for libpq; the setting applies then
        arguments["timeout"] = timeout
    mode, authority = dsn.get("sslmode"), dsn.get("sslrootcert")
    if authority == SYSTEM:
        dsn = {name: value for name, value in dsn.items() if name not in TLS_VERIFICATION}
        # libpq too verifies the name with these authorities, because they certify any server.
        # asyncpg takes no other parameter of TLS then.
        if mode not in {None, "verify-full"} or any(name.startswith("ssl") for name in dsn):
            raise ValueError("Use sslrootcert=system with sslmode=verify-full and no other ssl...")
        arguments["ssl"] = True
    elif mode in VERIFIED_MODES and authority is None:
        raise ValueError(f"Add sslrootcert to sslmode={mode}: a file with the authority, or system")
    if dsn:
        arguments["dsn"] = f"postgresql://?{urlencode(dsn)}"
    return arguments


def parse_url(value: str) -> ConnectOptions:
    """Parse a URL with the parameters of libpq.

    Raises:
        ValueError: It can't be used. The message shows nothing of it.
    """
    check_characters(value)
    if not value.startswith(SCHEMES):
        raise ValueError(EXAMPLE)
    match = PATTERN.fullmatch(value)
    if match is None:
        raise ValueError("Percent-encode special characters of the password, such as %40 for @")
    parameters = parse_parameters(match["query"] or "")
    query: dict[str, list[str]] = {}
    for name, text in parameters:
        if name in SQLALCHEMY_PARAMETERS:
            query.setdefault(name, []).append(text)
    hosts = parse_hosts(match["hosts"])
    if len(hosts) > 1:
        query["host"] = [f"{host}:{port or DEFAULT_PORT}" for host, port in hosts]
    elif not hosts and "host" not in query:
        raise ValueError("Name a host, or the folder of a socket as ?host=/folder")
    host, port = hosts[0] if len(hosts) == 1 else (None, None)
    url = URL.create(
        "postgresql+asyncpg",
        username=unquote(match["username"] or "") or None,
        password=unquote(match["password"] or "") or None,
        host=host,
        port=port,
        database=unquote(match["database"] or "") or None,
        query={name: texts if len(texts) > 1 else texts[0] for name, texts in query.items()},
    )
    try:
        url.get_dialect()().create_connect_args(url)
    except ArgumentError:
        raise ValueError("Write several hosts as ?host=a:5432&host=b:5432") from None
    server_settings = {name: text for name, text in parameters if name in SERVER_PARAMETERS}
    return ConnectOptions(url, asyncpg_arguments(dict(parameters)), server_settings)


def check_url(value: SecretStr) -> SecretStr:
    """Return a URL that can be used.

    Raises:
        ValueError: It can't be used. The message shows nothing of it.
    """
    parse_url(value.get_secret_value())
    return value


DatabaseUrl = Annotated[SecretStr, AfterValidator(check_url)]
