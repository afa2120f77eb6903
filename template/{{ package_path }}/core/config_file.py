"""The configuration file: TOML, below the environment variables."""

import os
import tomllib
from collections.abc import Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from pydantic_settings import (
    BaseSettings,
    InitSettingsSource,
    PydanticBaseSettingsSource,
)

from {{ package_name }}.core.environment import (
    DELIMITER,
    suggest,
    variable_names,
)
from {{ package_name }}.core.errors import InvalidSettingsError
from {{ package_name }}.core.names import PREFIX
from {{ package_name }}.core.settings import EnvironmentSettings


@dataclass(frozen=True, slots=True)
class ConfigFile:
    """A configuration file that was read; empty if there is none."""

    path: Path = Path()
    values: Mapping[str, Any] = field(default_factory=dict)


NO_FILE = ConfigFile()

current_file: ContextVar[ConfigFile] = ContextVar("current_file", default=NO_FILE)
"""The file of the settings that are being loaded: pydantic-settings builds their sources."""


def read(path: Path) -> ConfigFile:
    """Read a file.

    Raises:
        InvalidSettingsError: It can't be read, or is no TOML.
    """
    try:
        return ConfigFile(path, tomllib.loads(path.read_text(encoding="utf-8")))
    except OSError as error:
        raise InvalidSettingsError(f"{path}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise InvalidSettingsError(f"{path}: The file is not UTF-8; save it as UTF-8") from None
    except tomllib.TOMLDecodeError as error:
        raise InvalidSettingsError(f"{path}: The file is not TOML: {error}") from None


def key_names(settings: type[BaseSettings]) -> set[str]:
    """Return the keys of a file that set the fields, such as `logging.level`."""
    names = (name for name in variable_names(settings, PREFIX) if name.startswith(PREFIX))
    return {name.removeprefix(PREFIX).replace(DELIMITER, ".").lower() for name in names}


def check_keys(settings: type[BaseSettings], file: ConfigFile) -> None:
    """Refuse keys that no field has; the keys of a group are checked by the group.

    Raises:
        InvalidSettingsError: It has a line for each.
    """
    known = key_names(settings)
    unknown = sorted(file.values.keys() - settings.model_fields.keys())
    if unknown:
        lines = [f"{file.path}: {key}: {suggest(key, known)}" for key in unknown]
        raise InvalidSettingsError("\n".join(lines))


class ConfigFileSettings(EnvironmentSettings):
    """Settings from the environment, then from a configuration file.

    No .env file is read: the command runs in any folder, and does not trust the files there.
    """

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        *sources: PydanticBaseSettingsSource,
        **named: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Return the sources of the environment, and the file."""
        first = super().settings_customise_sources(settings_cls, *sources, **named)
        return (*first, InitSettingsSource(settings_cls, dict(current_file.get().values)))

    @classmethod
    def load_file(cls, path: Path, *, is_required: bool) -> Self:
        """Read the settings.

        Args:
            path: The configuration file.
            is_required: Whether the file must exist.

        Raises:
            InvalidSettingsError: A value is missing or wrong, or the file can't be read.
        """
        file = read(path) if is_required or path.exists() else NO_FILE
        check_keys(cls, file)
        token = current_file.set(file)
        try:
            return cls.load({})
        finally:
            current_file.reset(token)

    @classmethod
    def describe(cls, location: Sequence[int | str], message: str | None) -> str:
        """Return the line for an error, which names the variable, or the file and the key."""
        file = current_file.get()
        keys = [str(part) for part in location]
        variables = {name.upper() for name in os.environ}
        paths = [keys[:length] for length in range(1, len(keys) + 1)]
        is_variable = any(f"{PREFIX}{DELIMITER.join(path)}".upper() in variables for path in paths)
        if keys[0] not in file.values or is_variable:
            return super().describe(location, message)
        key = ".".join(keys)
        return f"{file.path}: {key}: {message or suggest(key, key_names(cls))}"
