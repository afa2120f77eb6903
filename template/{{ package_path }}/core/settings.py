"""How settings are read: from the environment, once, by a command."""

import re
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, ClassVar, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, ValidationError
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    SettingsError,
)

from {{ package_name }}.core.environment import (
    ENV_ARGUMENTS,
    Environment,
    keys_of_error,
    same_keys,
    suggest,
    variable_name,
    variable_names,
)
from {{ package_name }}.core.errors import InvalidSettingsError
from {{ package_name }}.core.names import PREFIX


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


HttpBaseUrl = Annotated[str, AfterValidator(check_http_url)]
"""The URL of an HTTP service; empty for none."""


TABLE_ERRORS = (
    *("dataclass_type", "dict_type", "mapping_type"),
    *("model_attributes_type", "model_type"),
)
"""What pydantic calls a group or a dict that is no mapping."""


class SettingsGroup(BaseModel):
    """Settings that belong together. A variable with the group's prefix must be one of them."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class EnvironmentSettings(BaseSettings):
    """Settings whose variables are PREFIX and the name of the field in capitals.

    Attributes:
        other_variables: Variables that are no settings, though their names may be close to one.
    """

    other_variables: ClassVar[frozenset[str]] = frozenset()

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_nested_delimiter="__",
        extra="ignore",  # other programs may set variables with the same prefix
        frozen=True,
        hide_input_in_errors=True,
    )

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Return the sources of pydantic-settings, with that of this project for variables."""
        environment = {name: getattr(env_settings, name) for name in ENV_ARGUMENTS}
        return (
            init_settings,
            Environment(settings_cls, **environment),
            dotenv_settings,
            file_secret_settings,
        )

    @classmethod
    def load(cls, overrides: Mapping[str, Any]) -> Self:
        """Read the settings.

        Args:
            overrides: Values that win over the environment, by field.

        Raises:
            InvalidSettingsError: A value is missing or wrong.
        """
        try:
            return cls(**overrides)
        except ValidationError as error:
            lines: list[str] = []
            for item in error.errors(include_input=False, include_url=False):
                location = [*keys_of_error(cls, item["loc"])]
                message = item["msg"].removeprefix("Value error, ")
                # A validator of all settings has no location.
                name, messages = cls.describe(location) if location else ("Settings", {})
                lines.append(f"{name}: {messages.get(item['type'], message)}")
            raise InvalidSettingsError("\n".join(lines)) from None
        except SettingsError as error:
            raise InvalidSettingsError(str(error)) from None

    @classmethod
    def describe(cls, location: Sequence[int | str]) -> tuple[str, Mapping[str, str]]:
        """Return the name of what sets a value, and messages for types of errors.

        Args:
            location: The field, by group.
        """
        first, *rest = location
        names = [variable_name(cls, (key, *rest)) for key in same_keys(cls, first)]
        given = {name.upper() for name in Environment(cls).env_vars}
        name = next((name for name in names if name in given), names[0])
        table = 'Write JSON, such as {"key": "value"}, or a variable for each key'
        messages = dict.fromkeys(TABLE_ERRORS, table)
        messages["extra_forbidden"] = suggest(name, variable_names(cls))
        return name, messages
