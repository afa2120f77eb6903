# {% from "extensions/components.jinja" import groups, import_of with context %}
"""The settings: read from the environment and .env, once, by whoever starts the application."""

from collections.abc import Mapping
from ipaddress import ip_network
from typing import Annotated, Any, {{ "Literal, " if structured_logging or mail else "" }}Self

{{ import_of("pydantic", "AfterValidator BaseModel BeforeValidator ConfigDict Field".split()
    + (["SecretStr"] if metrics or database != "none" or cache == "redis" else [])
    + ["ValidationError", "model_validator"]) }}
from pydantic_settings import BaseSettings, SettingsConfigDict, SettingsError

PREFIX = "{{ env_prefix }}"
# {% if database != "none" %}
DATABASE_URL = "{{ database_url }}"
# {% endif %}


def check_network(value: str) -> str:
    """Return an address or a network, unless it is everybody's.

    Raises:
        ValueError: It is neither, or everybody's: who is trusted can pose as any client.
    """
    try:
        everybody = ip_network(value).prefixlen == 0
    except ValueError:
        raise ValueError("Write an address or a network, such as 10.0.0.0/8") from None
    if everybody:
        raise ValueError("Name the proxies; whoever is trusted can pose as any client")
    return value


def split(value: object) -> object:
    """Return the names in a text that has commas between them."""
    if isinstance(value, str):
        return tuple(name.strip() for name in value.split(",") if name.strip())
    return value


Names = Annotated[tuple[str, ...], BeforeValidator(split)]
Networks = Annotated[
    tuple[Annotated[str, AfterValidator(check_network)], ...], BeforeValidator(split)
]


# {% if metrics or example %}
SECRET_LENGTH = 16
PLACEHOLDERS = ("change", "example", "password", "placeholder", "secret")


def check_secret(value: SecretStr) -> SecretStr:
    """Return a secret, unless somebody could guess it. An empty one switches off what needs it.

    Raises:
        ValueError: It is short, repeats itself, or is a word from an example.
    """
    text = value.get_secret_value()
    is_short = len(text) < SECRET_LENGTH or len(set(text)) < SECRET_LENGTH // 2
    if text and (is_short or any(word in text.lower() for word in PLACEHOLDERS)):
        raise ValueError("Use at least 16 random characters, such as from `openssl rand -hex 32`")
    return value


Secret = Annotated[SecretStr, AfterValidator(check_secret)]


# {% endif %}
class Group(BaseModel):
    """Settings that belong together; a variable that none of them knows is a mistake."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class ServerSettings(Group):
    """The HTTP server. A group, as Kubernetes sets a variable of its own named PREFIX + PORT."""

    host: str = Field(default="127.0.0.1", min_length=1)
    port: int = Field(default=8000, ge=1, le=65535)
    drain_seconds: float = Field(default=5, ge=0, le=600)
    shutdown_seconds: int = Field(default=20, ge=1, le=3600)
    keep_alive_seconds: int = Field(default=75, ge=1, le=3600)
    header_bytes: int = Field(default=32_768, ge=1024, le=1_048_576)
    header_seconds: float = Field(default=10, gt=0, le=600)
    trusted_proxies: Networks = ()


class LimitsSettings(Group):
    """What one request, and all of them together, may take."""

    body_bytes: int = Field(default=1_048_576, ge=0, le=1_099_511_627_776)
    body_seconds: float = Field(default=30, gt=0, le=3600)
    request_seconds: float = Field(default=30, gt=0, le=3600)
    requests_at_once: int = Field(default=256, ge=1, le=100_000)
    allowed_hosts: Names = ("*",)


class CorsSettings(Group):
    """Which pages of other sites may call from a browser: none, unless named."""

    origins: Names = ()
    methods: Names = ("GET", "POST", "PUT", "PATCH", "DELETE")
    headers: Names = ("Authorization", "Content-Type")
    credentials: bool = False

    @model_validator(mode="after")
    def check(self) -> Self:
        """Refuse to show every site what only a signed-in user may see."""
        if self.credentials and "*" in self.origins:
            raise ValueError('Name the origins; "*" does not go with credentials')
        return self


# {% if database != "none" %}
class DatabaseSettings(Group):
    """The database, and how long to wait for it. No wait is endless."""

    url: SecretStr = SecretStr(DATABASE_URL)
    pool_size: int = Field(default=10, ge=1, le=1000)
    pool_seconds: float = Field(default=5, gt=0, le=60)
    lock_seconds: float = Field(default=5, gt=0, le=3600)
    slow_seconds: float = Field(default=0.5, gt=0, le=3600)
    # {% if database == "postgresql" %}
    connect_seconds: float = Field(default=5, gt=0, le=60)
    statement_seconds: float = Field(default=15, gt=0, le=3600)
    idle_seconds: float = Field(default=30, gt=0, le=3600)
    # {% endif %}


# {% endif %}
# {% if cache == "memory" %}
class CacheSettings(Group):
    """The cache: what it holds, and by which share times differ, so that not all end at once."""

    entries: int = Field(default=10_000, ge=1, le=100_000_000)
    bytes: int = Field(default=67_108_864, ge=1024, le=1_099_511_627_776)
    jitter: float = Field(default=0.1, ge=0, le=0.9)


# {% elif cache == "redis" %}
def check_redis(value: SecretStr) -> SecretStr:
    """Return the address of a Redis server.

    Raises:
        ValueError: It is one of something else.
    """
    if not value.get_secret_value().startswith(("redis://", "rediss://", "unix://")):
        raise ValueError("Write an address such as redis://localhost:6379/0")
    return value


RedisUrl = Annotated[SecretStr, AfterValidator(check_redis)]


class CacheSettings(Group):
    """The cache: where it is, how long to wait for it, and by which share times differ."""

    url: RedisUrl = SecretStr("redis://localhost:6379/0")
    connections: int = Field(default=10, ge=1, le=10_000)
    operation_seconds: float = Field(default=0.08, gt=0, le=10)
    retry_seconds: float = Field(default=5, gt=0, le=3600)
    jitter: float = Field(default=0.1, ge=0, le=0.9)


# {% endif %}
# {% if background_jobs == "in_process" %}
class JobsSettings(Group):
    """Background work in this process."""

    workers: int = Field(default=10, ge=1, le=1000)
    queue_size: int = Field(default=1000, ge=1, le=1_000_000)
    attempts: int = Field(default=5, ge=1, le=100)
    retry_seconds: float = Field(default=1, ge=0, le=3600)
    drain_seconds: float = Field(default=10, ge=0, le=3600)


# {% elif background_jobs == "taskiq" %}
class JobsSettings(Group):
    """Background work: how much of it at once, how often it is tried, and who brings it."""

    url: RedisUrl = SecretStr("redis://localhost:6379/0")
    workers: int = Field(default=10, ge=1, le=1000)
    drain_seconds: float = Field(default=10, ge=0, le=3600)
    job_seconds: float = Field(default=60, gt=0, le=86_400)
    attempts: int = Field(default=5, ge=1, le=100)
    retry_seconds: float = Field(default=1, ge=0, le=3600)
    poll_seconds: float = Field(default=1, gt=0, le=3600)
    keep_days: float = Field(default=7, gt=0, le=3650)


# {% endif %}
# {% if mail %}
class MailSettings(Group):
    """Who sends the mail: nobody, unless a server is named."""

    host: str = ""
    port: int = Field(default=587, ge=1, le=65535)
    security: Literal["starttls", "tls", "none"] = "starttls"
    username: str = ""
    password: SecretStr = SecretStr("")
    sender: str = Field(default="service@localhost", pattern=r"^[^@\s]+@[^@\s]+$")
    seconds: float = Field(default=10, gt=0, le=600)


# {% endif %}
# {% if example %}
class PagesSettings(Group):
    """Parts of long lists."""

    secret: Secret = SecretStr("")


# {% endif %}
# {% if http_client %}
class HttpClientSettings(Group):
    """Calls to other services: what one may take, and how often it is tried."""

    connect_seconds: float = Field(default=2, gt=0, le=60)
    read_seconds: float = Field(default=5, gt=0, le=600)
    total_seconds: float = Field(default=10, gt=0, le=3600)
    connections: int = Field(default=100, ge=1, le=10_000)
    body_bytes: int = Field(default=10_485_760, ge=1, le=1_073_741_824)
    attempts: int = Field(default=3, ge=1, le=10)
    retry_ratio: float = Field(default=0.1, ge=0, le=1)


# {% endif %}
# {% if example and http_client %}
class RatesSettings(Group):
    """Who knows what money costs: nobody, unless there is an address."""

    url: str = Field(default="", pattern=r"^(https?://[^\s@]+)?$")
    currency: str = Field(default="EUR", pattern=r"^(CHF|EUR|GBP|USD)$")
    stale_seconds: float = Field(default=86_400, ge=0, le=604_800)


# {% endif %}
# {% if health_checks or metrics %}
class AdminSettings(Group):
    """The port for operators, apart from that of the users; 0 for none."""

    host: str = Field(default="127.0.0.1", min_length=1)
    port: int = Field(default=0, ge=0, le=65535)


# {% endif %}
# {% if health_checks %}
class HealthSettings(Group):
    """Probes."""

    probe_seconds: float = Field(default=2, gt=0, le=60)


# {% endif %}
# {% if structured_logging %}
class LoggingSettings(Group):
    """The log."""

    level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    format: Literal["auto", "console", "json"] = "auto"
    client_address: bool = False


# {% endif %}
# {% if metrics %}
class MetricsSettings(Group):
    """The metrics."""

    token: Secret = SecretStr("")


# {% endif %}
# {% if tracing %}
class TracingSettings(Group):
    """Traces: where they go, and which share of the requests is traced."""

    endpoint: str = Field(default="", pattern=r"^(https?://[^\s@]+)?$")
    sample_ratio: float = Field(default=0.1, ge=0, le=1)


# {% endif %}
class InvalidSettingsError(Exception):
    """The settings can't be used; the message has a line for each fault and shows no value."""


class Settings(BaseSettings):
    """What a deployment may set. The variable of a field is PREFIX and its name in capitals."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_nested_delimiter="__",
        enable_decoding=False,  # lists are written with commas, not as JSON
        env_file=".env",
        env_file_encoding="utf-8",
        extra="ignore",  # a .env file is shared with compose and other tools
        frozen=True,
        hide_input_in_errors=True,
    )

    server: ServerSettings = ServerSettings()
    limits: LimitsSettings = LimitsSettings()
    cors: CorsSettings = CorsSettings()
    # {% for group, kind in groups %}
    {{ group }}: {{ kind }} = {{ kind }}()
    # {% endfor %}
    # Your own settings go below this line.

    @classmethod
    def load(cls, given: Mapping[str, Any]) -> Self:
        """Read the settings.

        Args:
            given: Values that win over the environment, by field.

        Raises:
            InvalidSettingsError: A value is missing or wrong, or .env can't be read.
        """
        try:
            return cls(**given)
        except ValidationError as error:
            faults = [
                f"{PREFIX}{'__'.join(str(part) for part in fault['loc']).upper()}: {fault['msg']}"
                for fault in error.errors(include_input=False, include_url=False)
            ]
            raise InvalidSettingsError("\n".join(faults)) from None
        except (SettingsError, UnicodeDecodeError) as error:
            raise InvalidSettingsError(f"environment or .env: {error}") from None
