"""Settings of a service: .env, .env.example, and messages for bad values."""

import json
import os
from collections.abc import Mapping
from pathlib import Path

import pytest
from pydantic import BaseModel, Field, SecretStr

from {{ package_name }}.core.errors import InvalidSettingsError
from {{ package_name }}.core.names import PREFIX
from {{ package_name }}.core.settings import SettingsGroup
from {{ package_name }}.settings import Settings

EXAMPLE = Path(__file__).parents[2] / ".env.example"


def variables(model: BaseModel, prefix: str = PREFIX) -> dict[str, str]:
    """Return the variable of each field, with its default."""
    found: dict[str, str] = {}
    for name in type(model).model_fields:
        value = getattr(model, name)
        if isinstance(value, BaseModel):
            found |= variables(value, f"{prefix}{name.upper()}__")
        else:
            found[f"{prefix}{name.upper()}"] = environment_text(value)
    return found


def environment_text(value: object) -> str:
    """Return a value as the text of an environment variable; None is an empty one."""
    match value:
        case None:
            text = ""
        case bool() | dict():
            text = json.dumps(value)
        case list() | tuple():
            text = ",".join(map(str, value))
        case set() | frozenset():
            text = ",".join(sorted(map(str, value)))
        case SecretStr():
            text = value.get_secret_value()
        case float():
            text = f"{value:g}"
        case _:
            text = str(value)
    return text


def test_example_lists_every_variable_with_its_default(
    monkeypatch: pytest.MonkeyPatch, required_settings: Mapping[str, str]
) -> None:
    """.env.example and the fields agree, both ways; the value of a required setting is free."""
    required = {PREFIX + name for name in required_settings}
    for name in os.environ.keys() - required:
        if name.startswith(PREFIX):
            monkeypatch.delenv(name)
    lines = EXAMPLE.read_text(encoding="utf-8").splitlines()
    example = dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))
    found = variables(Settings.load({}))

    assert found.keys() == example.keys()
    assert {name for name in found if found[name] != example[name]} <= required


def test_environment_wins_over_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    """A variable wins over .env, and an override over both."""
    server = f"{PREFIX}SERVER__"
    Path(".env").write_text(f"{server}HOST=file\n{server}PORT=1\n", encoding="utf-8")
    monkeypatch.setenv(f"{server}PORT", "2")

    assert Settings.load({}).server.host == "file"
    assert Settings.load({}).server.port == 2
    assert Settings.load({"server": {"port": 3}}).server.port == 3


def test_other_variables_are_ignored() -> None:
    """A .env file may have variables of other programs."""
    Path(".env").write_text("POSTGRES_PASSWORD=x\n", encoding="utf-8")

    assert Settings.load({}).server.port == 8000


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SERVER__PORT", "0"),
        ("SERVER__PORT", "http"),
        ("SERVER__PROT", "8000"),
        ("SERVER__DRAIN_SECONDS", "-1"),
        ("SERVER__HOST", ""),
        ("SERVER__MAX_HEADER_BYTES", "1"),
        ("SERVER__TRUSTED_PROXIES", "proxy.example.org"),
        ("SERVER__TRUSTED_PROXIES", "*"),
        ("SERVER__TRUSTED_PROXIES", "0.0.0.0/0"),
        ("LIMITS__MAX_BODY_BYTES", "-1"),
        ("LIMITS__REQUEST_TIMEOUT_SECONDS", "0"),
        ("CORS__CREDENTIALS", "perhaps"),
    ],
)
def test_bad_value_is_named(name: str, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A bad value or an unknown name is an error of one line that names the variable."""
    monkeypatch.setenv(PREFIX + name, value)

    with pytest.raises(InvalidSettingsError, match=rf"\A{PREFIX}{name}(__0)?: [^\n]+\Z"):
        Settings.load({})


def test_lists_have_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    """The items of a list are separated by commas, with or without spaces."""
    monkeypatch.setenv(f"{PREFIX}LIMITS__ALLOWED_HOSTS", "example.org, *.example.org")
    monkeypatch.setenv(f"{PREFIX}SERVER__TRUSTED_PROXIES", "10.0.0.1,10.1.0.0/16")

    settings = Settings.load({})
    assert settings.limits.allowed_hosts == ("example.org", "*.example.org")
    assert settings.server.trusted_proxies == ("10.0.0.1", "10.1.0.0/16")


class OwnGroup(SettingsGroup):
    """A group of the owner."""

    names: list[str] = Field(default=[])
    ports: set[int] = Field(default=set())
    quotas: dict[str, int] = Field(default={})
    note: str | None = None


class OwnSettings(Settings):
    """Settings with fields of the owner."""

    own: OwnGroup = OwnGroup()
    names: list[str] = Field(default=[])
    ports: set[int] = Field(default=set())
    quotas: dict[str, int] = Field(default={})
    note: str | None = None
    currency: str = "EUR"


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("NAMES", "a, b", ["a", "b"]),
        ("NAMES", "a", ["a"]),
        ("NAMES", '["a,b", "c"]', ["a,b", "c"]),
        ("NAMES", "", []),
        ("PORTS", "1,2,2", {1, 2}),
        ("PORTS", "[1, 2]", {1, 2}),
        ("PORTS", "7", {7}),
        ("QUOTAS", '{"a": 1}', {"a": 1}),
        ("NOTE", "", None),
        ("NOTE", "None", "None"),
        ("NOTE", "x", "x"),
    ],
)
def test_file_sets_every_type(name: str, text: str, value: object) -> None:
    """A variable in .env is read as one of the environment is."""
    lines = f"{PREFIX}{name}='{text}'\n{PREFIX}OWN__{name}='{text}'\n"
    Path(".env").write_text(lines, encoding="utf-8")
    settings = OwnSettings.load({})

    field = name.lower()
    for model in (settings, settings.own):
        assert getattr(model, field) == value


def test_dollar_in_the_file_stands_for_itself() -> None:
    """A password with `$` survives."""
    password = "a$b${HOME}c$$d#e"
    Path(".env").write_text(f"{PREFIX}NOTE={password}\n", encoding="utf-8")

    assert OwnSettings.load({}).note == password


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("SERVR__PORT", "SERVER__PORT"),
        ("SERVER_PORT_", "SERVER__PORT"),
        ("SERVER__PROT", "SERVER__PORT"),
        ("LIMITS_MAX_BODY_BYTES", "LIMITS__MAX_BODY_BYTES"),
        ("CURRANCY", "CURRENCY"),
        ("OWN__NAME", "OWN__NAMES"),
    ],
)
def test_misspelt_name_in_the_file_is_refused(name: str, meant: str) -> None:
    """A name in .env that is close to a setting's is an error that names that setting."""
    Path(".env").write_text(f"{PREFIX}{name}=hunter2\n", encoding="utf-8")

    with pytest.raises(InvalidSettingsError) as refused:
        OwnSettings.load({})
    assert str(refused.value) == (
        f"{PREFIX}{name}: There is no such setting; did you mean {PREFIX}{meant}?"
    )


def test_credentials_need_named_origins() -> None:
    """Credentials can't be allowed for every origin."""
    with pytest.raises(InvalidSettingsError, match=rf"\A{PREFIX}CORS: [^\n]+\Z"):
        Settings.load({"cors": {"origins": ["*"], "credentials": True}})


def test_file_must_be_text() -> None:
    """A .env file that can't be read is an error of one line."""
    Path(".env").write_bytes(b"\xff\xfe")

    with pytest.raises(InvalidSettingsError, match=r"\A[^\n]*\.env: [^\n]+\Z"):
        Settings.load({})
