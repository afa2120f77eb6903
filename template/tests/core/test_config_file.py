"""The configuration file: its place below the environment, and errors that name the key."""

import os
import re
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any, Self

import pytest
from pydantic import (
    AliasChoices,
    AliasPath,
    BaseModel,
    ConfigDict,
    Field,
    model_validator,
)

from {{ package_name }}.core.config_file import MAX_BYTES, ConfigFileSettings
from {{ package_name }}.core.errors import InvalidSettingsError
from {{ package_name }}.core.names import NAME, PREFIX
from {{ package_name }}.core.program import (
    CONFIG_VARIABLE,
    default_config_file,
)
from {{ package_name }}.core.settings import SettingsGroup


class LimitsSettings(SettingsGroup):
    """A group."""

    max_lines: int = Field(default=1, ge=1, le=100)
    tags: tuple[str, ...] = ()


class Inner(BaseModel):
    """A group below one."""

    deep: int = Field(default=0, ge=0, le=9)


class Plain(BaseModel):
    """A group that is no SettingsGroup."""

    inner: Inner = Inner()
    size: int = Field(default=0, ge=0, le=9)


class Lenient(BaseModel):
    """A group that takes other keys, too."""

    model_config = ConfigDict(extra="ignore")

    size: int = Field(default=0, ge=0, le=9)


class OwnSettings(ConfigFileSettings):
    """Settings of a project."""

    limits: LimitsSettings = LimitsSettings()
    plain: Plain | None = None
    lenient: Lenient = Lenient()
    either: Inner | Lenient = Lenient()
    shops: list[Plain] = Field(default=[])
    quotas: dict[str, Any] = Field(default={})
    currency: str | None = "EUR"


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


def test_no_folder_is_no_file() -> None:
    """A user without a folder for configuration has no file."""
    assert OwnSettings.load_file(None, is_required=False).currency == "EUR"


def set_home(home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Set the folder of the user, and return that for configuration, without XDG_CONFIG_HOME."""
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("APPDATA", str(home / "AppData/Roaming"))
    folders = {"darwin": "Library/Application Support", "win32": "AppData/Roaming"}
    return home / folders.get(sys.platform, ".config")


def test_default_file_is_in_the_users_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    """The folder for configuration is that of the system; XDG_CONFIG_HOME is not for all."""
    xdg = Path.cwd() / "configuration"
    monkeypatch.setenv("XDG_CONFIG_HOME", str(xdg))
    folder = set_home(Path.cwd(), monkeypatch)

    expected = folder if sys.platform in {"darwin", "win32"} else xdg
    assert default_config_file() == expected / NAME / "config.toml"


@pytest.mark.parametrize("folder", ["", ".", "configuration"])
def test_relative_folder_is_ignored(folder: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty or relative XDG_CONFIG_HOME counts as unset, and there is no relative home."""
    monkeypatch.setenv("XDG_CONFIG_HOME", folder)

    expected = set_home(Path.cwd(), monkeypatch)
    assert default_config_file() == expected / NAME / "config.toml"
    set_home(Path(folder), monkeypatch)
    assert default_config_file() is None


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
        ("limits = 5", "limits: Write a table, such as [limits]"),
        ("shops = [5]", "shops.0: Write a table"),
        ("plain.wholly_other = 1", "plain.wholly_other: There is no such setting"),
        (
            "plain.inner.deepp = 1",
            "plain.inner.deepp: There is no such setting; did you mean plain.inner.deep?",
        ),
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


def test_variable_is_named_only_for_what_it_sets(monkeypatch: pytest.MonkeyPatch) -> None:
    """A group may have values from a variable and from the file: an error names the right one."""
    monkeypatch.setenv(f"{PREFIX}PLAIN", '{"size": 3}')
    assert load("[plain.inner]\ndeep = 3").plain == Plain(size=3, inner=Inner(deep=3))

    with pytest.raises(InvalidSettingsError, match=r"\Aconfig\.toml: plain\.inner\.deep: [^\n]+\Z"):
        load('[plain.inner]\ndeep = "z"')
    monkeypatch.setenv(f"{PREFIX}PLAIN", '{"size": "z"}')
    with pytest.raises(InvalidSettingsError, match=rf"\A{PREFIX}PLAIN__SIZE: [^\n]+\Z"):
        load("[plain]\nsize = 3")


@pytest.mark.parametrize(
    "text",
    ["quotas.any.key = 1", "lenient.any = 1", "either.any = 1", "[[shops]]\nsize = 1"],
)
def test_keys_may_be_free(text: str) -> None:
    """A dict has keys of the user, and a group may say that it takes others."""
    load(text)


def test_empty_text_stands() -> None:
    """An empty text is a value in the file; only an empty variable means none."""
    assert load('currency = ""').currency == ""

    with pytest.raises(InvalidSettingsError, match=r"\Aconfig\.toml: limits\.tags: "):
        load('limits.tags = ""')


def test_empty_variable_wins_over_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty variable is None, or no items, whatever the file has."""
    for name in ("CURRENCY", "LIMITS__TAGS"):
        monkeypatch.setenv(PREFIX + name, "")

    settings = load('currency = "USD"\nlimits.tags = ["a"]')
    assert (settings.currency, settings.limits.tags) == (None, ())


class RangeGroup(SettingsGroup):
    """A group that checks its fields together."""

    low: int = Field(default=1, ge=0, le=9)
    high: int = Field(default=2, ge=0, le=9)

    @model_validator(mode="after")
    def check(self) -> Self:
        """Refuse a range without numbers."""
        if self.low > self.high:
            raise ValueError("low is above high")
        return self


class RangeSettings(ConfigFileSettings):
    """Settings that check their fields together."""

    range: RangeGroup = RangeGroup()
    most: int = Field(default=9, ge=0, le=9)

    @model_validator(mode="after")
    def check(self) -> Self:
        """Refuse a range over the bound."""
        if self.range.high > self.most:
            raise ValueError("high is above most")
        return self


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("most = 1", "Settings: high is above most"),
        ("range.low = 3", "config.toml: range: low is above high"),
    ],
)
def test_validator_of_several_fields_is_told(text: str, message: str) -> None:
    """The sentence of a validator that concerns no single field is shown."""
    Path("config.toml").write_text(text, encoding="utf-8")

    with pytest.raises(InvalidSettingsError, match=rf"\A{re.escape(message)}\Z"):
        RangeSettings.load_file(Path("config.toml"), is_required=True)


class AliasGroup(SettingsGroup):
    """A group with an alias."""

    other: int = Field(default=0, ge=0, le=9, alias="renamed")


class AliasSettings(ConfigFileSettings):
    """Settings with aliases."""

    plain: str = Field("default", validation_alias="PLAIN_ALIAS")
    chosen: int = Field(0, ge=0, le=9, validation_alias=AliasChoices("NEW_CHOICE", "OLD_CHOICE"))
    item: str = Field("default", validation_alias=AliasPath("ITEMS", 0))
    group: AliasGroup = Field(AliasGroup(), alias="GROUP_ALIAS")


def load_aliases(text: str) -> AliasSettings:
    """Load settings that have aliases."""
    Path("config.toml").write_text(text, encoding="utf-8")
    return AliasSettings.load_file(Path("config.toml"), is_required=True)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('PLAIN_ALIAS = "x"', "x"),
        ("NEW_CHOICE = 5", 5),
        ("OLD_CHOICE = 5", 5),
        ('ITEMS = ["x"]', "x"),
        ("GROUP_ALIAS.renamed = 5", 5),
    ],
)
def test_alias_is_a_key(text: str, value: object) -> None:
    """An alias replaces the name of a field."""
    settings = load_aliases(text)
    assert value in {settings.plain, settings.chosen, settings.item, settings.group.other}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('plain = "x"', "plain: There is no such setting"),
        ("GROUP_ALIAS.other = 5", "GROUP_ALIAS.other: There is no such setting"),
        (
            "PLAIN_ALIASES = 5",
            "PLAIN_ALIASES: There is no such setting; did you mean PLAIN_ALIAS?",
        ),
        ("OLD_CHOICE = 'x'", "OLD_CHOICE: Input should be a valid integer"),
        ("GROUP_ALIAS.renamed = 'x'", "GROUP_ALIAS.renamed: Input should be a valid integer"),
    ],
)
def test_alias_is_named(text: str, message: str) -> None:
    """A name that an alias replaces is unknown, and errors name the alias in the file."""
    with pytest.raises(
        InvalidSettingsError, match=rf"\Aconfig\.toml: {re.escape(message)}[^\n;]*\Z"
    ):
        load_aliases(text)


class ProfileSettings(ConfigFileSettings):
    """Settings with a name that is close to that of the configuration file."""

    config_files: str = ""


def test_variable_of_the_file_is_no_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    """The variable that names the file is no misspelt setting."""
    monkeypatch.setenv(CONFIG_VARIABLE, "config.toml")

    assert not ProfileSettings.load_file(None, is_required=False).config_files


class ClashingSettings(ConfigFileSettings):
    """Settings with a field that the path of the file would set."""

    config_file: str = ""


def test_no_field_has_the_variable_of_the_file() -> None:
    """A field can't have the variable that names the file."""
    with pytest.raises(InvalidSettingsError, match=rf"\A{CONFIG_VARIABLE}: This variable has"):
        ClashingSettings.load_file(None, is_required=False)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"\xff", "The file is not UTF-8; save it as UTF-8"),
        (b"currency = 'EUR'\rlow = 3", "The file is not TOML: "),
        (b"quotas.a = " + b"[" * 100_000, "Arrays or tables are nested too deeply"),
        (b"quotas.a = " + b"[" * 5000 + b"]" * 5000, "Arrays or tables are nested too deeply"),
        (b"quotas.a = " + b"7" * 5000, "An integer has too many digits"),
        (b"#" * (MAX_BYTES + 1), "The file has more than 1 MiB"),
    ],
    ids=["encoding", "line end", "open arrays", "arrays", "digits", "size"],
)
def test_content_that_cannot_be_used(data: bytes, message: str) -> None:
    """A file that is no TOML, or too much of it, is an error of one line."""
    Path("config.toml").write_bytes(data)

    with pytest.raises(InvalidSettingsError, match=rf"\Aconfig\.toml: {message}[^\n]*\Z"):
        OwnSettings.load_file(Path("config.toml"), is_required=False)


def test_largest_file_is_read() -> None:
    """A byte order mark, which some editors write, and 1 MiB are accepted."""
    text = b"\xef\xbb\xbfcurrency = 'USD'\r\n#"
    Path("config.toml").write_bytes(text.ljust(MAX_BYTES, b"#"))

    assert OwnSettings.load_file(Path("config.toml"), is_required=True).currency == "USD"


def make_loop(path: Path) -> None:
    """Make a link to itself."""
    path.symlink_to(path)


def make_dangling(path: Path) -> None:
    """Make a link to nothing."""
    path.symlink_to("gone")


@pytest.mark.parametrize("make", [make_loop, make_dangling, os.mkfifo, os.mkdir])
def test_path_must_be_of_a_file(make: Callable[[Path], None]) -> None:
    """What is there, but is no file, is an error of one line, also at the default place."""
    path = Path("config.toml")
    make(path)

    for is_required in (False, True):
        with pytest.raises(InvalidSettingsError, match=r"\Aconfig\.toml: [^\n]+\Z"):
            OwnSettings.load_file(path, is_required=is_required)


def test_device_is_refused() -> None:
    """A device may have no end."""
    with pytest.raises(InvalidSettingsError, match=r"\A/dev/zero: This is a folder or a device"):
        OwnSettings.load_file(Path("/dev/zero"), is_required=True)


def test_null_device_is_an_empty_file() -> None:
    """`--config /dev/null` leaves the file of the user out."""
    assert OwnSettings.load_file(Path(os.devnull), is_required=True).currency == "EUR"


def test_pipe_of_a_shell_is_read() -> None:
    """`--config <(...)` names a pipe."""
    end, start = os.pipe()
    with closing(os.fdopen(end)), os.fdopen(start, "w") as writer:
        writer.write("currency = 'USD'")
        writer.close()
        path = Path(f"/dev/fd/{end}")

        assert OwnSettings.load_file(path, is_required=True).currency == "USD"


def test_long_path_is_told() -> None:
    """A path that the system can't have is an error of one line."""
    path = Path("x" * 300) / "config.toml"

    with pytest.raises(InvalidSettingsError, match=rf"\A{path}: File name too long\Z"):
        OwnSettings.load_file(path, is_required=False)


def deny(*_arguments: object, **_named: object) -> None:
    """Refuse to open or to look, as the system does for other users than root."""
    raise PermissionError(13, "Permission denied")


def test_folder_of_another_user_has_no_file(monkeypatch: pytest.MonkeyPatch) -> None:
    """`docker --user` and `sudo -u` keep HOME, whose files are not for this user."""
    for name in ("stat", "lstat", "open"):
        monkeypatch.setattr(Path, name, deny)

    assert OwnSettings.load_file(Path("config.toml"), is_required=False).currency == "EUR"
    with pytest.raises(InvalidSettingsError, match=r"\Aconfig\.toml: Permission denied\Z"):
        OwnSettings.load_file(Path("config.toml"), is_required=True)


def test_unreadable_file_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that is there and can't be read is no missing one."""
    Path("config.toml").touch()
    monkeypatch.setattr(Path, "open", deny)

    with pytest.raises(InvalidSettingsError, match=r"\Aconfig\.toml: Permission denied\Z"):
        OwnSettings.load_file(Path("config.toml"), is_required=False)


def test_folder_that_is_a_file_has_no_file() -> None:
    """A home such as /dev/null has no folders."""
    Path("home").touch()

    assert OwnSettings.load_file(Path("home/config.toml"), is_required=False).currency == "EUR"
