"""The HTTP server: uvicorn, and its settings."""

from ipaddress import ip_network
from typing import Annotated

import uvicorn
from pydantic import AfterValidator, Field
from uvicorn.config import LOGGING_CONFIG

from {{ package_name }}.core.app import Application
from {{ package_name }}.core.settings import SettingsGroup


def check_network(value: str) -> str:
    """Return an address or a network.

    Raises:
        ValueError: It is neither, or contains every address: any client could pose as another.
    """
    try:
        is_everything = ip_network(value).prefixlen == 0
    except ValueError:
        raise ValueError("Write an address or a network, such as 10.0.0.0/8") from None
    if is_everything:
        raise ValueError("Name the proxies; a trusted address can pose as any client")
    return value


class ServerSettings(SettingsGroup):
    """The HTTP server.

    The settings are a group because Kubernetes may set a variable named PREFIX + PORT.
    """

    host: str = Field(default="127.0.0.1", min_length=1)
    port: int = Field(default=8000, ge=1, le=65535)
    root_path: str = Field(default="", pattern=r"^(/[A-Za-z0-9._~-]+)*$")
    drain_seconds: float = Field(default=5, ge=0, le=600)
    shutdown_timeout_seconds: int = Field(default=20, ge=1, le=3600)
    keep_alive_timeout_seconds: int = Field(default=75, ge=1, le=3600)
    max_header_bytes: int = Field(default=32_768, ge=1024, le=1_048_576)
    header_timeout_seconds: float = Field(default=10, gt=0, le=600)
    trusted_proxies: tuple[Annotated[str, AfterValidator(check_network)], ...] = ()


class Config(uvicorn.Config):
    """uvicorn's configuration. It reads X-Forwarded-* from trusted proxies only."""

    def __init__(self, app: Application, settings: ServerSettings) -> None:
        has_log = any(component.name == "logging" for component in app.components)
        super().__init__(
            app,
            host=settings.host,
            port=settings.port,
            root_path=settings.root_path,
            http="{{ package_name }}.core.server.protocol:BoundedHttpProtocol",
            log_config=None if has_log else LOGGING_CONFIG,
            access_log=False,  # it would cost a third of a small request
            server_header=False,
            reset_contextvars=True,  # what a request binds must not reach the log of the next one
            proxy_headers=bool(settings.trusted_proxies),
            forwarded_allow_ips=list(settings.trusted_proxies),
            timeout_keep_alive=settings.keep_alive_timeout_seconds,
            timeout_graceful_shutdown=settings.shutdown_timeout_seconds,
        )
        self.settings = settings
