"""The configuration file: its place below the environment, and errors that name the key."""

import re
from pathlib import Path

import pytest
from pydantic import Field

from {{ package_name }}.core.config_file import ConfigFileSettings
from {{ package_name }}.core.errors import InvalidSettingsError
from {{ package_name }}.core.names import NAME, PREFIX
from {{ package_name }}.core.program import default_config_file
from {{ package_name }}.core.settings import SettingsGroup


class LimitsSettings(SettingsGroup):
    """A group."""

    max_lines: int = Field(default=1, ge=1, le=100)
    tags: tuple[str, ...] = ()


class OwnSettings(ConfigFileSettings):
    """Settings of a project."""

    limits: LimitsSettings = LimitsSettings()
    currency: str = "EUR"


def load(text: str) -> OwnSettings:
    """Load settings with a file."""
    Path("config.toml").write_text(text, encoding="utf-8")
    return OwnSettings.load_file(Path("config.toml"), is_required=True)


def test_environment_wins_over_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    """A variable wins over the file, and the file over the default, field by field."""
    monkeypatch.setenv(f"{PREFIX}LIMITS__MAX_LINES", "3")
    settings = load('[limits]\nmax_lines = 2\ntags = ["a", "b"]\n')

    assert settings.limits.max_lines == 3
    assert settings.limits.tags == ("a", "b")
    assert settings.currency == "EUR"
    assert load("").limits.max_lines == 3


def test_file_wins_over_the_default() -> None:
    """Without a variable, the file sets the field."""
    assert load("limits.max_lines = 2").limits.max_lines == 2


def test_default_file_may_be_missing() -> None:
    """No file is like an empty one."""
    assert OwnSettings.load_file(Path("gone"), is_required=False).currency == "EUR"


def test_default_file_is_read() -> None:
    """A file that is not required is read if it exists."""
    Path("config.toml").write_text('currency = "USD"', encoding="utf-8")

    settings = OwnSettings.load_file(Path("config.toml"), is_required=False)
    assert settings.currency == "USD"


def test_default_file_is_in_the_users_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    """On Linux, XDG_CONFIG_HOME is the folder for configuration."""
    monkeypatch.setenv("XDG_CONFIG_HOME", "/configuration")

    assert default_config_file() == Path(f"/configuration/{NAME}/config.toml")


def test_dotenv_is_not_read() -> None:
    """A command runs in any folder, and does not trust its .env file."""
    Path(".env").write_text(f"{PREFIX}CURRENCY=USD\n", encoding="utf-8")

    assert load("").currency == "EUR"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("currancy = 1", "currancy: There is no such setting; did you mean currency?"),
        ("wholly_other = 1", "wholly_other: There is no such setting"),
        (
            "limits.max_line = 1",
            "limits.max_line: There is no such setting; did you mean limits.max_lines?",
        ),
        ("currency = 5", "currency: Input should be a valid string"),
        ("limits = 5", "limits: Input should be a valid dictionary or instance of LimitsSettings"),
        (
            "limits.max_lines = 0",
            "limits.max_lines: Input should be greater than or equal to 1",
        ),
        ("limits.tags = [1]", "limits.tags.0: Input should be a valid string"),
        ("x =", "The file is not TOML: Invalid value (at end of document)"),
    ],
    ids=str,
)
def test_bad_key_is_named(text: str, message: str) -> None:
    """An unknown key or a wrong value is one line, with the file and the key."""
    with pytest.raises(InvalidSettingsError, match=rf"\Aconfig.toml: {re.escape(message)}\Z"):
        load(text)


def test_bad_variable_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """The variable is named if it is wrong, also if the file has the key."""
    monkeypatch.setenv(f"{PREFIX}LIMITS__MAX_LINES", "0")

    with pytest.raises(InvalidSettingsError, match=rf"\A{PREFIX}LIMITS__MAX_LINES: [^\n]+\Z"):
        load("limits.max_lines = 2")
    with pytest.raises(InvalidSettingsError, match=rf"\A{PREFIX}LIMITS__MAX_LINES: [^\n]+\Z"):
        load("")


def test_file_must_be_readable() -> None:
    """A file that can't be read is an error of one line."""
    Path("config.toml").write_bytes(b"\xff")

    with pytest.raises(InvalidSettingsError, match=r"^config\.toml: The file is not UTF-8"):
        OwnSettings.load_file(Path("config.toml"), is_required=False)
    with pytest.raises(InvalidSettingsError, match=r"^\.: Is a directory$"):
        OwnSettings.load_file(Path(), is_required=False)
