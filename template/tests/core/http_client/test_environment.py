"""The HTTP client and the variables of the environment: proxies and certificates."""

import asyncio
import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from {{ package_name }}.core.http_client import (
    build,
    open_http_client,
    tls_context,
)
from {{ package_name }}.core.http_client_settings import HttpClientSettings

TARGET = "http://api.example.org/"
NO_ONE = "http://127.0.0.1:1"
CERTIFICATE = """
-----BEGIN CERTIFICATE-----
MIIBcTCCARegAwIBAgIUBuvzpBTfJkj4/5CNb6WZeTQiOJowCgYIKoZIzj0EAwIw
DTELMAkGA1UEAwwCY2EwIBcNMjYxMTI4MjAyMjU5WhgPMjEyNjExMDQyMDIyNTla
MA0xCzAJBgNVBAMMAmNhMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEPz81zEEE
SNnDfKAZpcNDQ570GzNOxD2qFCq0ZcYuxxHnnKfr3wXknyrWa5GuMuufhdUvkygU
46PJCX2J/ojx8aNTMFEwHQYDVR0OBBYEFEIQiIp2zYb+r29QST2wlVbaJFAJMB8G
A1UdIwQYMBaAFEIQiIp2zYb+r29QST2wlVbaJFAJMA8GA1UdEwEB/wQFMAMBAf8w
CgYIKoZIzj0EAwIDSAAwRQIgZnQpMwMtN+sdgWNwyusd3/LfEufsschrXgYxXPq3
OS8CIQDC05lJyrn+f2nz7m1C1NK5iW4yikTd+MIwoLY54gB90w==
-----END CERTIFICATE-----
"""


class Server:
    """A server, an HTTP proxy and a SOCKS proxy; it keeps the first line of each request."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.address = ""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Respond to a request."""
        head = await reader.readexactly(3)
        if head.startswith(b"\x05"):  # SOCKS 5: accept the client, then any host
            writer.write(b"\x05\x00")
            *_, length = await reader.readexactly(5)
            await reader.readexactly(length + 2)
            writer.write(b"\x05\x00\x00\x01" + bytes(6))
            head = b"SOCKS "
        head += await reader.readuntil(b"\r\n\r\n")
        self.lines.append(head.decode().partition("\r\n")[0])
        writer.write(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")
        writer.close()

    async def get(self, url: str = "") -> str:
        """Call a URL, by default of this server, and return the line that the server received."""
        async with open_http_client(HttpClientSettings()) as http:
            await http.get(url or f"http://{self.address}/")
        return self.lines.pop()


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    """Yield the server."""
    found = Server()
    listener = await asyncio.start_server(found.serve, "127.0.0.1", 0)
    host, port = listener.sockets[0].getsockname()
    found.address = f"{host}:{port}"
    async with listener:
        yield found


@pytest.fixture
def _own_certificates() -> Iterator[None]:
    """Load the certificates of the environment, which are kept for the process, again."""
    tls_context.cache_clear()
    yield
    tls_context.cache_clear()


@pytest.mark.parametrize("name", ["ALL_PROXY", "HTTP_PROXY", "all_proxy", "http_proxy"])
@pytest.mark.parametrize("scheme", ["", "http://"])
async def test_proxy_is_used(
    server: Server, monkeypatch: pytest.MonkeyPatch, name: str, scheme: str
) -> None:
    """Calls go through the proxy of the environment."""
    monkeypatch.setenv(name, scheme + server.address)

    assert await server.get(TARGET) == f"GET {TARGET} HTTP/1.1"


async def test_socks_proxy_is_used(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """Calls go through a SOCKS proxy, too."""
    monkeypatch.setenv("ALL_PROXY", f"socks5://{server.address}")

    assert await server.get(TARGET) == "SOCKS GET / HTTP/1.1"


@pytest.mark.parametrize("name", ["ALL_PROXY", "HTTPS_PROXY", "HTTP_PROXY", "http_proxy"])
@pytest.mark.parametrize(
    "value",
    [
        "ftp://user:hunter2@proxy.example.org",
        "http://user:hunter2@",
        "http://user:hunter2@127.0.0.1:99999",
        "http://user:hunter2@proxy.example.org:port",
        "http://user:hunter2@[::1",
        "socks4://user:hunter2@proxy.example.org:1080",
    ],
)
async def test_unreadable_proxy_is_ignored(
    server: Server,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    name: str,
    value: str,
) -> None:
    """A proxy that the client can't read is left out; the log names the variable."""
    monkeypatch.setenv(name, value)

    assert await server.get() == "GET / HTTP/1.1"
    assert caplog.messages == [f"http_client.variable_ignored: {name}"]
    assert os.environ[name] == value


async def test_other_proxies_are_used(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """An unreadable proxy does not change the others."""
    monkeypatch.setenv("HTTP_PROXY", server.address)
    monkeypatch.setenv("HTTPS_PROXY", "ftp://proxy.example.org")

    assert await server.get(TARGET) == f"GET {TARGET} HTTP/1.1"


@pytest.mark.parametrize(
    "value",
    ["*", "127.0.0.0/8", "127.0.0.1", "[::1],::1,fd00::/8, 127.0.0.1", "http://127.0.0.1,.local"],
)
async def test_no_proxy_is_obeyed(
    server: Server, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, value: str
) -> None:
    """Hosts and networks in NO_PROXY are called without the proxy."""
    monkeypatch.setenv("HTTP_PROXY", NO_ONE)
    monkeypatch.setenv("NO_PROXY", value)

    assert await server.get() == "GET / HTTP/1.1"
    assert not caplog.messages


@pytest.mark.parametrize("name", ["NO_PROXY", "no_proxy"])
@pytest.mark.parametrize(
    "value",
    [
        "10.0.0.0/255.0.0.0",
        "10.0.0.1 10.0.0.2",
        "[::1",
        "api.example.org/orders",
        "fd00::/129",
        "http://[::1",
    ],
)
async def test_unreadable_entry_is_ignored(
    server: Server,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    name: str,
    value: str,
) -> None:
    """An entry of NO_PROXY that the client can't read is left out; the others hold."""
    monkeypatch.setenv("HTTP_PROXY", NO_ONE)
    monkeypatch.setenv(name, f"{value},127.0.0.1")

    assert await server.get() == "GET / HTTP/1.1"
    assert caplog.messages == [f"http_client.variable_ignored: {name}"]


@pytest.mark.usefixtures("_own_certificates")
@pytest.mark.parametrize("name", ["SSL_CERT_DIR", "SSL_CERT_FILE"])
def test_unreadable_certificates_are_ignored(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, name: str
) -> None:
    """The client trusts the operating system if a variable names no certificates."""
    file = Path("notes.txt")
    file.write_text("No certificate.", encoding="utf-8")
    monkeypatch.setenv(name, str(file))

    build(HttpClientSettings())

    assert caplog.messages == [f"http_client.variable_ignored: {name}"]


@pytest.mark.usefixtures("_own_certificates")
def test_own_certificates_are_trusted(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """SSL_CERT_FILE replaces the certificates of the operating system."""
    file = Path("ca.pem")
    file.write_text(CERTIFICATE, encoding="utf-8")
    monkeypatch.setenv("SSL_CERT_FILE", str(file))
    monkeypatch.setenv("SSL_CERT_DIR", str(Path.cwd()))

    build(HttpClientSettings())

    assert tls_context().cert_store_stats()["x509_ca"] == 1
    assert not caplog.messages
