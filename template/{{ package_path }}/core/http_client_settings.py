"""The settings of the HTTP client: reading them imports no HTTP library."""

from pydantic import Field

from {{ package_name }}.core.settings import SettingsGroup


class HttpClientSettings(SettingsGroup):
    """Calls to other services."""

    connect_timeout_seconds: float = Field(default=2, gt=0, le=60)
    read_timeout_seconds: float = Field(default=5, gt=0, le=600)
    deadline_seconds: float = Field(default=10, gt=0, le=3600)
    max_connections: int = Field(default=100, ge=1, le=10_000)
    max_response_bytes: int = Field(default=10_485_760, ge=1, le=1_073_741_824)
    max_attempts: int = Field(default=3, ge=1, le=10)
    retry_ratio: float = Field(default=0.1, ge=0, le=1)
