"""Settings that are refused."""

from collections.abc import Mapping
from traceback import format_exception

import pytest

from {{ package_name }}.core.errors import InvalidSettingsError
from {{ package_name }}.core.names import PREFIX
from {{ package_name }}.settings import Settings


def assert_refused(variable: str, values: Mapping[str, object]) -> None:
    """Require an error of one line that names the variable, and shows "hunter2" nowhere."""
    with pytest.raises(InvalidSettingsError) as refused:
        Settings.load(values)

    (line,) = str(refused.value).splitlines()
    assert line.startswith(f"{PREFIX}{variable}: ")
    assert "hunter2" not in "".join(format_exception(refused.value))
