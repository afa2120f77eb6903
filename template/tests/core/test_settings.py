"""Settings: sources, bounds and error messages."""

import re
from typing import Annotated

import pytest
from pydantic import (
    BaseModel,
    BeforeValidator,
    Field,
    SecretStr,
    TypeAdapter,
    ValidationError,
)
from pydantic_settings import NoDecode

from {{ package_name }}.core.errors import InvalidSettingsError
from {{ package_name }}.core.names import PREFIX
from {{ package_name }}.core.settings import (
    EnvironmentSettings,
    HttpBaseUrl,
    SettingsGroup,
)
from {{ package_name }}.settings import Settings


@pytest.mark.parametrize("url", ["", "http://a", "https://a.example:8443/b/", "http://[::1]:1"])
def test_http_url_is_accepted(url: str) -> None:
    """The URL of a service has a host, and may have a port and a path; an empty one is none."""
    assert TypeAdapter(HttpBaseUrl).validate_python(url) == url


@pytest.mark.parametrize(
    "url",
    [
        "hunter2",
        "hunter2:80",
        "ftp://hunter2",
        "http://",
        "http:///hunter2",
        "http://:80/hunter2",
        "http://hunter2:0",
        "http://hunter2:port",
        "http://hunter2:65536",
        "http://[hunter2",
        "http://user:hunter2@host",
        "http://host?key=hunter2",
        "http://host#hunter2",
        "http://hunter2 ",
        "http://hunter2\n",
        "http://hunter2\x00",
    ],
)
def test_bad_http_url_is_refused(url: str) -> None:
    """A URL that can't be used is refused, and the message shows nothing of it."""
    with pytest.raises(ValidationError) as refused:
        TypeAdapter(HttpBaseUrl).validate_python(url)

    (error,) = refused.value.errors()
    assert error["type"] == "value_error"
    assert "hunter2" not in error["msg"]


class OwnGroup(SettingsGroup):
    """A group of the owner."""

    names: list[str] = Field(default=[])
    ports: set[int] = Field(default=set())
    point: tuple[float, float] = (0, 0)
    quotas: dict[str, int] = Field(default={})
    tags: frozenset[str] | None = None
    note: str | None = None
    token: SecretStr | None = None
    raw: Annotated[tuple[str, ...], NoDecode, BeforeValidator(lambda text: text.split("|"))] = ()


class ServerGroup(SettingsGroup):
    """Another group."""

    port: int = Field(default=8000, ge=1, le=65_535)


class OwnSettings(EnvironmentSettings):
    """Settings with fields of the owner."""

    own: OwnGroup = OwnGroup()
    server: ServerGroup = ServerGroup()
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
def test_types_of_owners(
    name: str, text: str, value: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Lists and sets have commas or JSON, dicts have JSON, and an empty variable is None."""
    for variable in (name, f"OWN__{name}"):
        monkeypatch.setenv(PREFIX + variable, text)
    settings = OwnSettings.load({})

    field = name.lower()
    for model in (settings, settings.own):
        assert getattr(model, field) == value


def test_what_pydantic_settings_documents(monkeypatch: pytest.MonkeyPatch) -> None:
    """A group may be JSON, and its variables win; a name may have a key of a dict; NoDecode."""
    for name, text in {
        "OWN": '{"names": ["json"], "note": "json"}',
        "OWN__NOTE": "variable",
        "OWN__QUOTAS__gold": "3",
        "OWN__RAW": '["a"|b',
        "OWN__TAGS": "x,y",
        "OWN__POINT": "1.5,2",
        "OWN__TOKEN": "",
    }.items():
        monkeypatch.setenv(PREFIX + name, text)

    assert OwnSettings.load({}).own.model_dump() == {
        "names": ["json"],
        "note": "variable",
        "point": (1.5, 2),
        "ports": set(),
        "quotas": {"gold": 3},
        "raw": ('["a"', "b"),
        "tags": {"x", "y"},
        "token": None,
    }


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("NAMES", '["hunter2"'),
        ("QUOTAS", "hunter2"),
        ("QUOTAS", '{"a": "hunter2"}'),
        ("PORTS", "1,hunter2"),
        ("OWN", "hunter2"),
        ("OWN__NAMES", '["hunter2"'),
        ("OWN__QUOTAS", "hunter2"),
        ("OWN__POINT", "1"),
    ],
)
def test_bad_collection_is_named(name: str, text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A value that can't be decoded is an error of one line that names the variable."""
    monkeypatch.setenv(PREFIX + name, text)

    with pytest.raises(InvalidSettingsError, match=rf"\A{PREFIX}{name}[_\w]*: [^\n]+\Z") as refused:
        OwnSettings.load({})
    assert "hunter2" not in str(refused.value)


def test_dollar_stands_for_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    """A password with `$` survives, in the environment."""
    password = "a$b${HOME}c$$d#e"
    monkeypatch.setenv(f"{PREFIX}CURRENCY", password)

    assert OwnSettings.load({}).currency == password


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("SERVR__PORT", "SERVER__PORT"),
        ("SERVER_PORT_", "SERVER__PORT"),
        ("SERVER__PROT", "SERVER__PORT"),
        ("CURRANCY", "CURRENCY"),
        ("OWN__NAME", "OWN__NAMES"),
    ],
)
def test_misspelt_name_is_refused(name: str, meant: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A name that is close to a setting's is an error of one line, which names that setting."""
    monkeypatch.setenv(PREFIX + name, "hunter2")

    message = f"{PREFIX}{name}: There is no such setting; did you mean {PREFIX}{meant}?"
    with pytest.raises(InvalidSettingsError, match=rf"\A{re.escape(message)}\Z"):
        OwnSettings.load({})


@pytest.mark.parametrize(
    "name",
    [
        "SERVICE_HOST",
        "SERVICE_PORT",
        "SERVICE_PORT_HTTP",
        "PORT",
        "PORT_80_TCP",
        "PORT_80_TCP_ADDR",
        "SERVER_SERVICE_HOST",
        "SERVER_PORT",
        "SERVER_PORT_8000_TCP_PROTO",
        "IMAGE_TAG",
        "ADMIN_SERVER__PORT",
    ],
)
def test_variables_of_others_are_ignored(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Kubernetes, compose and other projects may set variables with the same prefix."""
    monkeypatch.setenv(PREFIX + name, "tcp://10.0.0.1:80")

    assert OwnSettings.load({}).server.port == 8000


def test_settings_are_frozen() -> None:
    """Neither the settings nor their groups can be changed."""
    settings = Settings.load({})
    for model in (settings, *(value for _, value in settings if isinstance(value, BaseModel))):
        for name in type(model).model_fields:
            with pytest.raises(ValidationError, match="frozen"):
                setattr(model, name, None)


def test_numbers_are_bounded() -> None:
    """Every number has a minimum and a maximum."""
    schema = Settings.model_json_schema()
    for model in (schema, *schema.get("$defs", {}).values()):
        for name, field in model["properties"].items():
            for kind in field.get("anyOf", [field]):
                if kind.get("type") in {"integer", "number"}:
                    hint = f"{name} needs a minimum and a maximum, such as Field(ge=1, le=100)"
                    assert kind.keys() & {"minimum", "exclusiveMinimum"}, hint
                    assert kind.keys() & {"maximum", "exclusiveMaximum"}, hint
