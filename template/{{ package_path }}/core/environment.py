"""The source of the settings that reads environment variables."""

import re
from collections.abc import Container, Iterator, Mapping, Sequence
from contextlib import suppress
from difflib import get_close_matches
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin

from pydantic import AliasChoices, AliasPath, BaseModel
from pydantic.fields import FieldInfo
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    NoDecode,
    SettingsError,
)

from {{ package_name }}.core.errors import InvalidSettingsError

COLLECTIONS = (frozenset, list, set, tuple)
DELIMITER = "__"

# What Kubernetes sets in each pod for a service: X_SERVICE_HOST, X_PORT_80_TCP_ADDR and others.
KUBERNETES = re.compile(
    r"(?!.*__)(?:\w+_)?"
    r"(?:SERVICE_HOST|SERVICE_PORT(?:_\w+)?|PORT(?:_\d+_(?:TCP|UDP|SCTP)(?:_[A-Z]+)?)?)"
)

SIMILARITY = 0.8

ENV_ARGUMENTS = (
    *("case_sensitive", "env_prefix", "env_prefix_target", "env_nested_delimiter"),
    *("env_nested_max_split", "env_ignore_empty", "env_parse_none_str", "env_parse_enums"),
)


def options(annotation: object) -> tuple[object, ...]:
    """Return the types of a union, or the type."""
    return get_args(annotation) if get_origin(annotation) in {Union, UnionType} else (annotation,)


def value_types(annotation: object) -> list[object]:
    """Return the types of a union, or the type, without None."""
    return [option for option in options(annotation) if option is not NoneType]


def is_collection(annotation: object) -> bool:
    """Return whether a type is a list, a set or a tuple, or one of them and None."""
    found = value_types(annotation)
    return all((get_origin(option) or option) in COLLECTIONS for option in found)


def parse_empty(field: FieldInfo) -> object:
    """Return what an empty variable sets: None if it can be, or no items."""
    if NoneType in options(field.annotation):
        return None
    return () if is_collection(field.annotation) else ""


def split_commas(text: str) -> list[str]:
    """Return the items of a text that separates them by commas."""
    return [item.strip() for item in text.split(",") if item.strip()]


def find_groups(field: FieldInfo) -> list[type[BaseModel]]:
    """Return the models among the types of a field."""
    found = options(field.annotation)
    return [item for item in found if isinstance(item, type) and issubclass(item, BaseModel)]


def list_aliases(field: FieldInfo) -> list[str | AliasPath]:
    """Return the aliases that set a field."""
    alias = field.validation_alias
    if isinstance(alias, AliasChoices):
        return alias.choices
    return [] if alias is None else [alias]


def find_path(field: FieldInfo | None) -> AliasPath | None:
    """Return the first alias that is a place in a value."""
    aliases = list_aliases(field) if field else []
    return next((alias for alias in aliases if isinstance(alias, AliasPath)), None)


def alias_keys(model: type[BaseModel], name: str) -> list[str]:
    """Return the aliases that are keys of a field."""
    if model.model_config.get("validate_by_alias") is False:
        return []
    aliases = list_aliases(model.model_fields[name])
    return [str(alias.path[0]) if isinstance(alias, AliasPath) else alias for alias in aliases]


def field_keys(model: type[BaseModel], name: str) -> list[str]:
    """Return the keys that set a field: its aliases, else its name."""
    keys = alias_keys(model, name)
    config = model.model_config
    is_by_name = config.get("validate_by_name") or config.get("populate_by_name")
    return keys if keys and not is_by_name else [*keys, name]


def fields_by_key(model: type[BaseModel]) -> dict[str, FieldInfo]:
    """Return the fields of a model, each by all its keys."""
    fields = model.model_fields
    return {key: fields[name] for name in fields for key in field_keys(model, name)}


def same_keys(model: type[BaseModel], key: int | str) -> list[int | str]:
    """Return the keys of the field that has a key, else this one."""
    found = (field_keys(model, name) for name in model.model_fields)
    keys = next((keys for keys in found if key in keys), None)
    return [key] if keys is None else [*keys]


def locations(model: type[BaseModel], *above: str) -> Iterator[tuple[str, ...]]:
    """Yield the location of each field and of those below it: keys, the outermost first."""
    for key, field in fields_by_key(model).items():
        yield (*above, key)
        for group in find_groups(field):
            yield from locations(group, *above, key)


def keys_of_error(model: type[BaseModel], location: Sequence[int | str]) -> Iterator[int | str]:
    """Yield the keys of an error's location: pydantic adds the type after a field of several."""
    fields = fields_by_key(model)
    is_key = True
    for part in location:
        if is_key:
            yield part
            field = fields.get(str(part))
            is_key = field is None or len(value_types(field.annotation)) == 1
            groups = find_groups(field) if field else []
            fields = {key: item for group in groups for key, item in fields_by_key(group).items()}
        else:
            is_key = True


def own_aliases(settings: type[BaseSettings]) -> set[str]:
    """Return the aliases of the fields that are in no group."""
    return {key for name in settings.model_fields for key in alias_keys(settings, name)}


def variable_prefix(settings: type[BaseSettings], *, is_alias: bool) -> str:
    """Return the prefix of the variables for a field; those for an alias have none."""
    config = settings.model_config
    kind = "alias" if is_alias else "variable"
    has_prefix = config.get("env_prefix_target", "variable") in {kind, "all"}
    return config.get("env_prefix", "") if has_prefix else ""


def variable_name(settings: type[BaseSettings], location: Sequence[int | str]) -> str:
    """Return the name of the variable for a location, in capitals."""
    delimiter = settings.model_config.get("env_nested_delimiter") or DELIMITER
    prefix = variable_prefix(settings, is_alias=location[0] in own_aliases(settings))
    return f"{prefix}{delimiter.join(map(str, location))}".upper()


def variable_names(settings: type[BaseSettings]) -> set[str]:
    """Return the names of all variables that are settings."""
    delimiter = settings.model_config.get("env_nested_delimiter") or DELIMITER
    aliases = own_aliases(settings)
    prefix, of_alias = (variable_prefix(settings, is_alias=value) for value in (False, True))
    return {
        f"{of_alias if first in aliases else prefix}{delimiter.join((first, *rest))}".upper()
        for first, *rest in locations(settings)
    }


def parse_empty_values(model: type[BaseModel], values: Mapping[str, object]) -> dict[str, object]:
    """Return the values of variables, with the empty ones parsed."""
    fields = fields_by_key(model)
    return {
        name: parse_value(fields[name], value) if name in fields else value
        for name, value in values.items()
    }


def parse_value(field: FieldInfo, value: object) -> object:
    """Return the value of a variable, or those of a group, with the empty ones parsed."""
    if value == "":
        return parse_empty(field)
    for group in find_groups(field):
        if isinstance(value, dict):
            value = parse_empty_values(group, value)
    return value


def suggest(name: str, known: set[str]) -> str:
    """Return the sentence for a variable that sets nothing."""
    close = get_close_matches(name, known, n=1, cutoff=SIMILARITY)
    return f"There is no such setting{f'; did you mean {close[0]}?' if close else ''}"


def check_names(
    settings: type[BaseSettings], given: Mapping[str, object], others: Container[str]
) -> None:
    """Refuse variables whose names are close to the name of a setting.

    Others are ignored: Kubernetes, compose and other programs may set variables with the same
    prefix.

    Args:
        settings: The settings.
        given: The variables.
        others: The names of variables that are for something else.

    Raises:
        SettingsError: It has a line for each.
    """
    prefix = str(settings.model_config.get("env_prefix")).upper()
    delimiter = settings.model_config.get("env_nested_delimiter") or DELIMITER
    names = variable_names(settings)
    known = {name for name in names if name.startswith(prefix)}
    own = {name.removeprefix(prefix) for name in known}
    groups = tuple(f"{name}{delimiter}" for name in known)
    ends = tuple(f"_{name}" for name in own)
    lines = [
        f"{name}: This variable has another use; rename the field of the settings"
        for name in sorted(names)
        if name in others
    ]
    for name in sorted(name.upper() for name in given):
        rest = name.removeprefix(prefix)
        is_own = not name.startswith(prefix) or name in known
        # The variables of a group are checked by the group.
        is_own = is_own or name.startswith(groups)
        # Another project's prefix may begin with this one.
        is_other = KUBERNETES.fullmatch(rest) or rest.endswith(ends)
        is_other = is_other or name in others
        if not is_own and not is_other and get_close_matches(rest, own, n=1, cutoff=SIMILARITY):
            lines.append(f"{name}: {suggest(name, known)}")
    if lines:
        raise SettingsError("\n".join(lines))


class Environment(EnvSettingsSource):
    """Environment variables. Lists, sets and tuples may be separated by commas."""

    def __call__(self) -> dict[str, Any]:
        """Return the values, by field."""
        others: frozenset[str] = getattr(self.settings_cls, "other_variables", frozenset())
        check_names(self.settings_cls, self.env_vars, others)
        return parse_empty_values(self.settings_cls, super().__call__())

    def decode_complex_value(self, field_name: str, field: FieldInfo, value: str) -> object:
        """Decode JSON, or commas. What is neither stays text, which the validation refuses.

        Raises:
            InvalidSettingsError: An alias is a place in it, and it has no places.
        """
        # There is no field for a value in a dict.
        annotation, metadata = getattr(field, "annotation", None), getattr(field, "metadata", ())
        is_json = value.lstrip().startswith(("[", "{"))
        path = find_path(field)
        if is_collection(annotation) and NoDecode not in metadata and not path and not is_json:
            return split_commas(value)
        decoded: object = value
        with suppress(RecursionError, ValueError):
            decoded = super().decode_complex_value(field_name, field, value)
        if path and not isinstance(decoded, dict | list):
            # The validation would find nothing there, and take the default.
            name = str(path.path[0]).upper()
            raise InvalidSettingsError(f"{name}: Write an array or an object of JSON")
        return decoded
