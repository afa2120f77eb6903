"""Settings: sources, bounds and error messages."""

import json
import os
import re
from collections.abc import Mapping
from pathlib import Path
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

from {{ package_name }}.core.settings import (
    PREFIX,
    HttpBaseUrl,
    InvalidSettingsError,
    SettingsGroup,
)
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


def test_settings_are_frozen(settings: Settings) -> None:
    """Neither the settings nor their groups can be changed."""
    groups = [value for _, value in settings if isinstance(value, BaseModel)]
    for model in (settings, *groups):
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
def test_types_of_owners(
    name: str, text: str, value: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Lists and sets have commas or JSON, dicts have JSON, and an empty variable is None."""
    for variable in (name, f"OWN__{name}"):
        monkeypatch.setenv(PREFIX + variable, text)
    settings = OwnSettings.load({})
    for variable in (name, f"OWN__{name}"):
        monkeypatch.delenv(PREFIX + variable)
    lines = f"{PREFIX}{name}='{text}'\n{PREFIX}OWN__{name}='{text}'\n"
    Path(".env").write_text(lines, encoding="utf-8")
    from_file = OwnSettings.load({})

    field = name.lower()
    for model in (settings, settings.own, from_file, from_file.own):
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
    """A password with `$` survives, in the environment and in .env."""
    password = "a$b${HOME}c$$d#e"
    monkeypatch.setenv(f"{PREFIX}CURRENCY", password)
    Path(".env").write_text(f"{PREFIX}NOTE={password}\n", encoding="utf-8")

    settings = OwnSettings.load({})
    assert (settings.currency, settings.note) == (password, password)


@pytest.mark.parametrize("in_file", [False, True])
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
def test_misspelt_name_is_refused(
    name: str, meant: str, monkeypatch: pytest.MonkeyPatch, *, in_file: bool
) -> None:
    """A name that is close to a setting's is an error of one line, which names that setting."""
    if in_file:
        Path(".env").write_text(f"{PREFIX}{name}=hunter2\n", encoding="utf-8")
    else:
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


def test_credentials_need_named_origins() -> None:
    """Credentials can't be allowed for every origin."""
    with pytest.raises(InvalidSettingsError, match=rf"\A{PREFIX}CORS: [^\n]+\Z"):
        Settings.load({"cors": {"origins": ["*"], "credentials": True}})


def test_file_must_be_text() -> None:
    """A .env file that can't be read is an error of one line."""
    Path(".env").write_bytes(b"\xff\xfe")

    with pytest.raises(InvalidSettingsError, match=r"\A[^\n]*\.env: [^\n]+\Z"):
        Settings.load({})
