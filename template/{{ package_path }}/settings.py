"""The settings: read from the environment and .env, once, by whoever starts the application."""

from collections.abc import Mapping
from typing import Any, {{ "Literal, " if structured_logging else "" }}Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict, SettingsError

PREFIX = "{{ env_prefix }}"


class Group(BaseModel):
    """Settings that belong together; a variable that none of them knows is a mistake."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class ServerSettings(Group):
    """The HTTP server. A group, as Kubernetes sets a variable of its own named PREFIX + PORT."""

    host: str = Field(default="127.0.0.1", min_length=1)
    port: int = Field(default=8000, ge=1, le=65535)
    drain_seconds: float = Field(default=5, ge=0, le=600)
    shutdown_seconds: int = Field(default=20, ge=1, le=3600)


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
class InvalidSettingsError(Exception):
    """The settings can't be used; the message has a line for each fault and shows no value."""


class Settings(BaseSettings):
    """What a deployment may set. The variable of a field is PREFIX and its name in capitals."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_nested_delimiter="__",
        env_file=".env",
        env_file_encoding="utf-8",
        extra="ignore",  # a .env file is shared with compose and other tools
        frozen=True,
        hide_input_in_errors=True,
    )

    server: ServerSettings = ServerSettings()
    # {% if health_checks %}
    health: HealthSettings = HealthSettings()
    # {% endif %}
    # {% if structured_logging %}
    logging: LoggingSettings = LoggingSettings()
    # {% endif %}
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
