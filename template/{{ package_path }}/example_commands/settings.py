"""The settings of the example."""

from pydantic import Field

from {{ package_name }}.core.settings import SettingsGroup


class ReadingsSettings(SettingsGroup):
    """How readings are read."""

    max_sensors: int = Field(default=10_000, ge=1, le=1_000_000)
