"""The environment of tests with Redis as the cache."""

import pytest

from {{ package_name }}.core.settings import PREFIX


@pytest.fixture(scope="session", autouse=True)
def _redis_environment(_environment: pytest.MonkeyPatch) -> None:
    """Let the cache of the settings be unavailable; the tests of Redis name their own."""
    _environment.setenv(f"{PREFIX}CACHE__URL", "redis://127.0.0.1:1/0")
