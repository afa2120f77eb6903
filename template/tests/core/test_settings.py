"""Settings: sources, bounds and error messages."""

import re
from typing import Annotated, ClassVar, Literal, Self

import pytest
from pydantic import (
    AliasChoices,
    AliasGenerator,
    AliasPath,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    TypeAdapter,
    ValidationError,
    model_validator,
)
from pydantic_settings import NoDecode, SettingsConfigDict

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


class RangeGroup(SettingsGroup):
    """A group that checks its fields together."""

    low: int = Field(default=1, ge=0, le=100)
    high: int = Field(default=2, ge=0, le=100)

    @model_validator(mode="after")
    def check(self) -> Self:
        """Refuse a range without numbers."""
        if self.low > self.high:
            raise ValueError("low is above high")
        return self


class RangeSettings(EnvironmentSettings):
    """Settings that check their fields together."""

    range: RangeGroup = RangeGroup()
    most: int = Field(default=100, ge=0, le=100)

    @model_validator(mode="after")
    def check(self) -> Self:
        """Refuse a range over the bound."""
        if self.range.high > self.most:
            raise ValueError("high is above most")
        return self


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("MOST", "1", "Settings: high is above most"),
        ("RANGE__LOW", "3", f"{PREFIX}RANGE: low is above high"),
    ],
)
def test_validator_of_several_fields_is_told(
    name: str, text: str, message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The sentence of a validator that concerns no single field is shown."""
    monkeypatch.setenv(PREFIX + name, text)

    with pytest.raises(InvalidSettingsError, match=rf"\A{re.escape(message)}\Z"):
        RangeSettings.load({})


class AliasGroup(SettingsGroup):
    """A group with aliases."""

    other: int = Field(default=0, ge=0, le=9, alias="renamed")


class CamelGroup(SettingsGroup):
    """A group whose model makes the aliases, and takes the names, too."""

    model_config = ConfigDict(
        alias_generator=AliasGenerator(validation_alias=lambda name: f"x{name}"),
        validate_by_name=True,
    )

    size: int = Field(default=0, ge=0, le=9)


class AliasSettings(EnvironmentSettings):
    """Settings with aliases."""

    plain: str | None = Field("default", validation_alias="PLAIN_ALIAS")
    chosen: int = Field(0, ge=0, le=9, validation_alias=AliasChoices("NEW_CHOICE", "OLD_CHOICE"))
    item: str = Field("default", validation_alias=AliasPath("ITEMS", 0))
    group: AliasGroup = Field(AliasGroup(), alias="GROUP_ALIAS")
    camel: CamelGroup = CamelGroup()


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("PLAIN_ALIAS", "x", "x"),
        ("PLAIN_ALIAS", "", None),
        ("NEW_CHOICE", "5", 5),
        ("OLD_CHOICE", "5", 5),
        ("ITEMS", '["x"]', "x"),
        ("GROUP_ALIAS__RENAMED", "5", 5),
        (f"{PREFIX}CAMEL__XSIZE", "5", 5),
        (f"{PREFIX}CAMEL__SIZE", "5", 5),
    ],
)
def test_alias_is_a_variable(
    name: str, text: str, value: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An alias replaces the name, without the prefix; below a group, it follows the group."""
    monkeypatch.setenv(name, text)

    settings = AliasSettings.load({})
    groups = (settings.group.other, settings.camel.size)
    assert value in {settings.plain, settings.chosen, settings.item, *groups}


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("NEW_CHOICE", "x", "NEW_CHOICE: Input should be a valid integer"),
        ("OLD_CHOICE", "x", "OLD_CHOICE: Input should be a valid integer"),
        ("ITEMS", "x", "ITEMS: Write an array or an object of JSON"),
        ("ITEMS", "[5]", "ITEMS__0: Input should be a valid string"),
        ("GROUP_ALIAS__RENAMED", "x", "GROUP_ALIAS__RENAMED: Input should be a valid integer"),
        ("GROUP_ALIAS__OTHER", "5", "GROUP_ALIAS__OTHER: There is no such setting"),
        (
            "GROUP_ALIAS__RENAME",
            "5",
            "GROUP_ALIAS__RENAME: There is no such setting; did you mean GROUP_ALIAS__RENAMED?",
        ),
        (
            f"{PREFIX}CAMEL__XSIZ",
            "5",
            f"{PREFIX}CAMEL__XSIZ: There is no such setting; did you mean {PREFIX}CAMEL__XSIZE?",
        ),
    ],
)
def test_alias_is_named(
    name: str, text: str, message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An error names the variable that was set, and suggests one that sets something."""
    monkeypatch.setenv(name, text)

    with pytest.raises(InvalidSettingsError, match=rf"\A{re.escape(message)}[^\n;]*\Z"):
        AliasSettings.load({})


class UnaliasedSettings(EnvironmentSettings):
    """Settings that ignore their aliases."""

    model_config = SettingsConfigDict(validate_by_alias=False, validate_by_name=True)

    own: AliasGroup = Field(AliasGroup(), alias="ALIASED")


def test_ignored_alias_is_no_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    """Settings that don't read aliases have variables by their names."""
    monkeypatch.setenv(f"{PREFIX}OWN__RENAMED", "x")

    with pytest.raises(InvalidSettingsError, match=rf"\A{PREFIX}OWN__RENAMED: "):
        UnaliasedSettings.load({})


class RenamedSettings(EnvironmentSettings):
    """Settings with another prefix and another delimiter."""

    model_config = SettingsConfigDict(env_prefix="OWN_", env_nested_delimiter="_")

    range: RangeGroup = RangeGroup()
    currency: str = "EUR"


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("OWN_RANGE_LOW", "OWN_RANGE_LOW: Input should be a valid integer"),
        ("OWN_CURRENCYY", "OWN_CURRENCYY: There is no such setting; did you mean OWN_CURRENCY?"),
    ],
)
def test_prefix_and_delimiter_are_those_of_the_class(
    name: str, message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The variables of a class are checked and named as that class reads them."""
    monkeypatch.setenv("OWN_RANGE_HIGH", "9")
    assert RenamedSettings.load({}).range.high == 9
    monkeypatch.setenv(name, "x")

    with pytest.raises(InvalidSettingsError, match=rf"\A{re.escape(message)}[^\n;]*\Z"):
        RenamedSettings.load({})


@pytest.mark.parametrize(("name", "text"), [("OWN", "x"), ("OWN", "[1]"), ("QUOTAS", "x")])
def test_group_is_json(name: str, text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A group or a dict that is no JSON is an error that says what to write."""
    monkeypatch.setenv(PREFIX + name, text)

    with pytest.raises(InvalidSettingsError, match=rf"\A{PREFIX}{name}: Write JSON, such as "):
        OwnSettings.load({})


def test_deep_json_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """JSON that is nested too deeply is none."""
    monkeypatch.setenv(f"{PREFIX}QUOTAS", '{"a": ' + "[" * 100_000)

    with pytest.raises(InvalidSettingsError, match=rf"\A{PREFIX}QUOTAS: Write JSON, such as "):
        OwnSettings.load({})


class Card(BaseModel):
    """A way to pay."""

    number: int = Field(ge=0, le=9)


class Cash(BaseModel):
    """Another way to pay."""

    coins: int = Field(ge=0, le=9)


class UnionSettings(EnvironmentSettings):
    """Settings with fields of several types."""

    timeout: int | Literal["never"] | None = Field(default=None, ge=0, le=9)
    payment: Card | Cash | None = None


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("TIMEOUT", {"TIMEOUT"}),
        ("PAYMENT__NUMBER", {"PAYMENT__NUMBER", "PAYMENT__COINS"}),
    ],
)
def test_type_of_a_union_is_no_key(
    name: str, found: set[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """An error of a field of several types names the variable only."""
    monkeypatch.setenv(PREFIX + name, "x")

    with pytest.raises(InvalidSettingsError) as refused:
        UnionSettings.load({})
    lines = str(refused.value).splitlines()
    assert {line.split(": ")[0] for line in lines} == {PREFIX + variable for variable in found}


class ListingSettings(EnvironmentSettings):
    """Settings next to a variable that an option reads."""

    other_variables: ClassVar[frozenset[str]] = frozenset({f"{PREFIX}FORMS"})

    form: str = "short"


def test_variable_of_an_option_is_ignored(monkeypatch: pytest.MonkeyPatch) -> None:
    """A variable that has another use may have a name close to a setting's."""
    monkeypatch.setenv(f"{PREFIX}FORMS", "x")

    assert ListingSettings.load({}).form == "short"


class ClashingSettings(ListingSettings):
    """Settings with a field that would be set by another use."""

    forms: str = ""


def test_variable_has_one_use() -> None:
    """A field can't have a variable that has another use."""
    with pytest.raises(InvalidSettingsError, match=rf"\A{PREFIX}FORMS: This variable has another"):
        ClashingSettings.load({})


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
