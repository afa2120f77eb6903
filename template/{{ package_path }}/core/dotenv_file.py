"""Settings from the environment and from .env."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

from dotenv import dotenv_values
from pydantic_settings import (
    BaseSettings,
    DotEnvSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)
from pydantic_settings.sources.utils import parse_env_vars

from {{ package_name }}.core.environment import ENV_ARGUMENTS, Environment
from {{ package_name }}.core.errors import InvalidSettingsError
from {{ package_name }}.core.settings import EnvironmentSettings

DOTENV_ARGUMENTS = (
    *ENV_ARGUMENTS,
    *("env_file", "env_file_encoding", "env_file_depth", "dotenv_filtering"),
)


class DotEnv(Environment, DotEnvSettingsSource):
    """The file .env, as it is: `$` in a value, such as a password, stands for itself."""

    def _read_env_file(self, file_path: Path) -> Mapping[str, str | None]:
        values = dotenv_values(file_path, encoding=self.env_file_encoding, interpolate=False)
        return parse_env_vars(
            values, self.case_sensitive, self.env_ignore_empty, self.env_parse_none_str
        )


class DotEnvSettings(EnvironmentSettings):
    """Settings from the environment, then from .env, which other tools may share."""

    model_config = SettingsConfigDict(env_file=".env", env_file_encoding="utf-8")

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Return the sources of pydantic-settings, with those of this project for two of them."""
        arguments = {name: getattr(dotenv_settings, name) for name in DOTENV_ARGUMENTS}
        dotenv = DotEnv(settings_cls, **arguments)
        return super().settings_customise_sources(
            settings_cls, init_settings, env_settings, dotenv, file_secret_settings
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
            return super().load(overrides)
        except UnicodeDecodeError as error:
            raise InvalidSettingsError(f".env: {error}") from None
