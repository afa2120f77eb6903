"""How settings are read: from the environment and .env, once, by a command."""

import re
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict, SettingsError

NAME = "{{ distribution_name }}"
PREFIX = "{{ env_prefix }}"


def split_commas(value: object) -> object:
    """Return the items of a text that separates them by commas; anything else as it is."""
    if isinstance(value, str):
        return tuple(item.strip() for item in value.split(",") if item.strip())
    return value


CommaSeparated = Annotated[tuple[str, ...], BeforeValidator(split_commas)]


def check_characters(value: str) -> None:
    """Raise for a URL with white space or characters that don't print.

    Raises:
        ValueError: It has some.
    """
    if not value.isprintable() or re.search(r"\s", value):
        raise ValueError("Remove white space and control characters, or percent-encode them")


def check_url(value: str, schemes: Sequence[str], example: str) -> str:
    """Return a URL with one of the schemes, a host and, if it has one, a valid port.

    Raises:
        ValueError: It is another text. The message shows nothing of it.
    """
    check_characters(value)
    hint = f"Use a URL such as {example}; percent-encode special characters, such as %23 for #"
    try:
        parts = urlsplit(value)
        is_valid = parts.scheme in schemes and bool(parts.hostname) and parts.port != 0
    except ValueError:
        raise ValueError(hint) from None
    if not is_valid or "#" in value:  # what follows a raw # in a password would be lost
        raise ValueError(hint)
    return value


def check_http_url(value: str) -> str:
    """Return a URL of HTTP without credentials and query, or an empty text.

    Raises:
        ValueError: It is another text. The message shows nothing of it.
    """
    if set("?@") & set(value):
        raise ValueError("Use a URL without user name, password and query")
    return value and check_url(value, ("http", "https"), "https://example.org/path")


HttpUrl = Annotated[str, AfterValidator(check_http_url)]
"""The URL of an HTTP service; empty for none."""


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
                f"{PREFIX}{'__'.join(map(str, item['loc'])).upper()}: "
                f"{item['msg'].removeprefix('Value error, ')}"
                for item in error.errors(include_input=False, include_url=False)
            ]
            raise InvalidSettingsError("\n".join(lines)) from None
        except (SettingsError, UnicodeDecodeError) as error:
            raise InvalidSettingsError(f"environment or .env: {error}") from None
