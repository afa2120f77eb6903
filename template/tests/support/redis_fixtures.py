"""Environment of tests with a cache in Redis."""

import pytest

from {{ package_name }}.core.names import PREFIX


@pytest.fixture(scope="session", autouse=True)
def _redis_environment(_environment: pytest.MonkeyPatch) -> None:
    """Make the cache of the settings unavailable; tests of Redis use a server of their own."""
    _environment.setenv(f"{PREFIX}CACHE__URL", "redis://127.0.0.1:1/0")
