"""The configuration file: TOML, below the environment variables."""

import os
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, field
from pathlib import Path
from stat import S_ISFIFO, S_ISREG
from typing import Any, ClassVar, Self

from pydantic import BaseModel
from pydantic_settings import (
    BaseSettings,
    InitSettingsSource,
    PydanticBaseSettingsSource,
)

from {{ package_name }}.core.environment import (
    Environment,
    fields_by_key,
    find_groups,
    locations,
    same_keys,
    suggest,
    value_types,
)
from {{ package_name }}.core.errors import InvalidSettingsError
from {{ package_name }}.core.program import CONFIG_VARIABLE
from {{ package_name }}.core.settings import TABLE_ERRORS, EnvironmentSettings

# A folder that can't be searched is another user's: `docker --user` and `sudo -u` keep HOME.
ABSENT = (FileNotFoundError, NotADirectoryError, PermissionError)

MAX_BYTES = 1024 * 1024

NOTHING = Path(os.devnull)

PIPE_FOLDERS = (Path("/dev"), Path("/dev/fd"), Path("/proc/self/fd"))
"""Where standard input is, and the pipes that shells make for `<(...)`: these end."""


@dataclass(frozen=True, slots=True)
class ConfigFile:
    """A configuration file that was read; empty if there is none."""

    path: Path = Path()
    values: Mapping[str, Any] = field(default_factory=dict)


NO_FILE = ConfigFile()

current_file: ContextVar[ConfigFile] = ContextVar("current_file", default=NO_FILE)
"""The file of the settings that are being loaded: pydantic-settings builds their sources."""


def is_absent(path: Path) -> bool:
    """Return whether there is no file; a broken link is one, which can't be read."""
    try:
        path.lstat()
    except OSError as error:
        return isinstance(error, ABSENT)
    return False


def read_bytes(path: Path) -> bytes:
    """Read a file that ends, and is not too large.

    Raises:
        InvalidSettingsError: It is another one.
    """
    mode = path.stat().st_mode
    is_pipe = S_ISFIFO(mode) and path.parent in PIPE_FOLDERS
    if not S_ISREG(mode) and not is_pipe and path != NOTHING:
        raise InvalidSettingsError(f"{path}: This is a folder or a device; name a file")
    with path.open("rb") as file:
        data = file.read(MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        raise InvalidSettingsError(f"{path}: The file has more than 1 MiB; shorten it")
    return data


def read(path: Path) -> ConfigFile:
    """Read a file.

    Raises:
        InvalidSettingsError: It can't be read, or is no TOML.
    """
    try:
        return ConfigFile(path, tomllib.loads(read_bytes(path).decode("utf-8-sig")))
    except OSError as error:
        message = str(error.strerror)
    except UnicodeDecodeError:
        message = "The file is not UTF-8; save it as UTF-8"
    except tomllib.TOMLDecodeError as error:
        message = f"The file is not TOML: {error}"
    except RecursionError:
        message = "Arrays or tables are nested too deeply; use fewer levels"
    except ValueError:  # Python bounds the digits that it converts
        message = "An integer has too many digits; use fewer"
    raise InvalidSettingsError(f"{path}: {message}")


def unknown_keys(
    model: type[BaseModel], values: Mapping[str, object], *above: str
) -> Iterator[tuple[str, ...]]:
    """Yield the locations that no field has."""
    fields = fields_by_key(model)
    is_checked = not above or "extra" not in model.model_config  # other groups check their keys
    for key, value in values.items():
        if key not in fields:
            yield from [(*above, key)] if is_checked else []
        elif isinstance(value, dict):
            is_one = len(value_types(fields[key].annotation)) == 1
            # pydantic finds out which of several types is meant.
            for group in find_groups(fields[key]) if is_one else []:
                yield from unknown_keys(group, value, *above, key)


def key_names(settings: type[BaseSettings]) -> set[str]:
    """Return the keys of a file that set the fields, such as `logging.level`."""
    return {".".join(location) for location in locations(settings)}


def check_keys(settings: type[BaseSettings], file: ConfigFile) -> None:
    """Refuse keys that no field has.

    Raises:
        InvalidSettingsError: It has a line for each.
    """
    unknown = sorted(".".join(location) for location in unknown_keys(settings, file.values))
    known = key_names(settings)
    if unknown:
        lines = [f"{file.path}: {key}: {suggest(key, known)}" for key in unknown]
        raise InvalidSettingsError("\n".join(lines))


def count_found(values: Mapping[str, object], location: Sequence[int | str]) -> int:
    """Return how many keys of a location some values have."""
    found: Any = values
    for count, key in enumerate(location):
        if not isinstance(found, dict) or key not in found:
            return count
        found = found[key]
    return len(location)


class ConfigFileSettings(EnvironmentSettings):
    """Settings from the environment, then from a configuration file.

    No .env file is read: the command runs in any folder, and does not trust the files there.
    """

    other_variables: ClassVar[frozenset[str]] = frozenset({CONFIG_VARIABLE})

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        *sources: PydanticBaseSettingsSource,
        **named: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Return the sources of the environment, and the file."""
        first = super().settings_customise_sources(settings_cls, *sources, **named)
        return (*first, InitSettingsSource(settings_cls, dict(current_file.get().values)))

    @classmethod
    def load_file(cls, path: Path | None, *, is_required: bool) -> Self:
        """Read the settings.

        Args:
            path: The configuration file, None for none.
            is_required: Whether the file must exist.

        Raises:
            InvalidSettingsError: A value is missing or wrong, or the file can't be read.
        """
        file = read(path) if path and (is_required or not is_absent(path)) else NO_FILE
        check_keys(cls, file)
        token = current_file.set(file)
        try:
            return cls.load({})
        finally:
            current_file.reset(token)

    @classmethod
    def describe(cls, location: Sequence[int | str]) -> tuple[str, Mapping[str, str]]:
        """Return the name of the variable, or the file and the key, and messages."""
        file = current_file.get()
        in_file = InitSettingsSource(cls, dict(file.values))()
        if count_found(in_file, location) <= count_found(Environment(cls)(), location):
            return super().describe(location)
        first, *rest = location
        written = next(key for key in same_keys(cls, first) if key in file.values)
        key = ".".join(map(str, (written, *rest)))
        is_table = all(isinstance(part, str) for part in rest)  # else, an item of a list
        table = f"Write a table, such as [{key}]" if is_table else "Write a table"
        messages = dict.fromkeys(TABLE_ERRORS, table)
        messages["extra_forbidden"] = suggest(key, key_names(cls))
        return f"{file.path}: {key}", messages
