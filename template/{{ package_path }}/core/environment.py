"""The source of the settings that reads environment variables."""

import re
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin

from pydantic import AliasChoices, BaseModel
from pydantic.fields import FieldInfo
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    NoDecode,
    SettingsError,
)

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


def is_collection(annotation: object) -> bool:
    """Return whether a type is a list, a set or a tuple, or one of them and None."""
    found = [option for option in options(annotation) if option is not NoneType]
    return all((get_origin(option) or option) in COLLECTIONS for option in found)


def parse_empty(field: FieldInfo) -> object:
    """Return what an empty variable sets: None if it can be, or no items."""
    if NoneType in options(field.annotation):
        return None
    return () if is_collection(field.annotation) else ""


def split_commas(text: str) -> list[str]:
    """Return the items of a text that separates them by commas."""
    return [item.strip() for item in text.split(",") if item.strip()]


def variable_names(model: type[BaseModel], prefix: str) -> Iterator[str]:
    """Yield the names of the variables that set the fields of a model, in capitals."""
    for name, field in model.model_fields.items():
        yield f"{prefix}{name}".upper()
        alias = field.validation_alias
        for item in alias.choices if isinstance(alias, AliasChoices) else (alias,):
            yield str(item).upper()
        for option in options(field.annotation):
            if isinstance(option, type) and issubclass(option, BaseModel):
                yield from variable_names(option, f"{prefix}{name}{DELIMITER}")


def suggest(name: str, known: set[str]) -> str:
    """Return the sentence for a variable that sets nothing."""
    close = get_close_matches(name, known, n=1, cutoff=SIMILARITY)
    return f"There is no such setting{f'; did you mean {close[0]}?' if close else ''}"


def check_names(settings: type[BaseSettings], given: Mapping[str, object]) -> None:
    """Refuse variables whose names are close to the name of a setting.

    Others are ignored: Kubernetes, compose and other programs may set variables with the same
    prefix.

    Raises:
        SettingsError: It has a line for each.
    """
    prefix = str(settings.model_config.get("env_prefix")).upper()
    known = {name for name in variable_names(settings, prefix) if name.startswith(prefix)}
    own = {name.removeprefix(prefix): name for name in known}
    lines = []
    for name in sorted(name.upper() for name in given):
        rest = name.removeprefix(prefix)
        is_own = not name.startswith(prefix) or name in known
        # The variables of a group are checked by the group.
        is_own = is_own or any(name.startswith(f"{item}{DELIMITER}") for item in known)
        # Another project's prefix may begin with this one.
        is_other = KUBERNETES.fullmatch(rest) or any(rest.endswith(f"_{item}") for item in own)
        if not is_own and not is_other and get_close_matches(rest, own, n=1, cutoff=SIMILARITY):
            lines.append(f"{name}: {suggest(name, known)}")
    if lines:
        raise SettingsError("\n".join(lines))


class Environment(EnvSettingsSource):
    """Environment variables. Lists, sets and tuples may be separated by commas."""

    def __call__(self) -> dict[str, Any]:
        """Return the values, by field."""
        check_names(self.settings_cls, self.env_vars)
        return super().__call__()

    def decode_complex_value(self, field_name: str, field: FieldInfo, value: str) -> object:
        """Decode JSON, or commas. What is neither stays text, which the validation refuses."""
        # There is no field for a value in a dict.
        annotation, metadata = getattr(field, "annotation", None), getattr(field, "metadata", ())
        is_json = value.lstrip().startswith(("[", "{"))
        if is_collection(annotation) and NoDecode not in metadata and not is_json:
            return split_commas(value)
        try:
            return super().decode_complex_value(field_name, field, value)
        except ValueError:
            return value
