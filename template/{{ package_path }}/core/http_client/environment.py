"""Variables of the environment that httpx2 reads: what it can't read is left out."""

import logging
import os
import ssl
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from ipaddress import ip_network
from pathlib import Path

import httpx2

logger = logging.getLogger(__name__)

MAX_PORT = 65_535


def check_proxy(value: str) -> None:
    """Raise an error if httpx2 can't use a proxy."""
    url = httpx2.Proxy(value if "://" in value else f"http://{value}").url
    if not url.host or not 0 <= (url.port or 0) <= MAX_PORT:
        raise ValueError("A proxy needs a host and a valid port.")


def check_no_proxy(value: str) -> None:
    """Raise an error if httpx2 skips an entry."""
    for entry in value.split(","):
        host, is_network, prefix = entry.strip().partition("/")
        if "://" in entry:
            httpx2.URL(entry.strip())
        elif is_network:
            ip_network((host.strip("[]"), int(prefix)), strict=False)
        elif " " in host:
            raise ValueError("Entries are separated by commas.")
        else:
            is_ipv6 = host.count(":") > 1 and not host.startswith("[")
            httpx2.URL(f"all://[{host}]" if is_ipv6 else f"all://{host}")


def check_certificates(value: str) -> None:
    """Raise an error if a file has no certificates."""
    ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(cafile=value)


def check_folders(value: str) -> None:
    """Raise an error if none of the folders exists."""
    if not any(Path(folder).is_dir() for folder in value.split(os.pathsep)):
        raise ValueError("There is no such folder.")


# httpx2 reads the names of proxies in both cases, and skips bad entries of NO_PROXY by itself.
NO_PROXY = "no_proxy"
CHECKS: Mapping[str, Callable[[str], None]] = {
    "all_proxy": check_proxy,
    "http_proxy": check_proxy,
    "https_proxy": check_proxy,
    NO_PROXY: check_no_proxy,
    "SSL_CERT_DIR": check_folders,
    "SSL_CERT_FILE": check_certificates,
}
ERRORS = (OSError, ValueError, httpx2.InvalidURL)


@contextmanager
def readable() -> Generator[None]:
    """Hide the variables that httpx2 can't read while a client is built, and log their names."""
    hidden: dict[str, str] = {}
    for name, value in list(os.environ.items()):
        check = CHECKS.get(name) or CHECKS.get(name.lower())
        try:
            if value and check:
                check(value)
        except ERRORS:
            # Not the value: a proxy may have a password.
            logger.warning("http_client.variable_ignored: %s", name)
            if name.lower() != NO_PROXY:
                hidden[name] = os.environ.pop(name)
    try:
        yield
    finally:
        os.environ.update(hidden)
