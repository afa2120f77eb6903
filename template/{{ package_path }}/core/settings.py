"""How settings are read: from the environment and .env, once, by a command."""

from collections.abc import Mapping
from typing import Annotated, Any, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict, SettingsError

NAME = "{{ distribution_name }}"
PREFIX = "{{ env_prefix }}"


def split_commas(value: object) -> object:
    """Return the items of a text that separates them by commas; anything else as it is."""
    if isinstance(value, str):
        return tuple(item.strip() for item in value.split(",") if item.strip())
    return value


CommaSeparated = Annotated[tuple[str, ...], BeforeValidator(split_commas)]


class SettingsGroup(BaseModel):
    """Settings that belong together. A variable with the group's prefix must be one of them."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class InvalidSettingsError(Exception):
    """The settings can't be used. The message has a line for each bad value, and shows none."""


class EnvironmentSettings(BaseSettings):
    """Settings whose variables are PREFIX and the name of the field in capitals."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_nested_delimiter="__",
        enable_decoding=False,  # lists are separated by commas, not JSON
        env_file=".env",
        env_file_encoding="utf-8",
        extra="ignore",  # a .env file is shared with compose and other tools
        frozen=True,
        hide_input_in_errors=True,
    )

    @classmethod
    def load(cls, overrides: Mapping[str, Any]) -> Self:
        """Read the settings.

        Args:
            overrides: Values that win over the environment, by field.

        Raises:
            InvalidSettingsError: A value is missing or wrong, or .env can't be read.
        """
        try:
            return cls(**overrides)
        except ValidationError as error:
            lines = [
                f"{PREFIX}{'__'.join(map(str, item['loc'])).upper()}: {item['msg']}"
                for item in error.errors(include_input=False, include_url=False)
            ]
            raise InvalidSettingsError("\n".join(lines)) from None
        except (SettingsError, UnicodeDecodeError) as error:
            raise InvalidSettingsError(f"environment or .env: {error}") from None
