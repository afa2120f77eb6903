"""The settings of this project. This file is yours: updates never touch it."""

from {{ package_name }}.practices import PracticeSettings


class Settings(PracticeSettings):
    """The settings of the practices, and yours; an environment variable sets each.

    A group of your own derives from `SettingsGroup` of core.settings.
    """
