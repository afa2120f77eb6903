"""Fixtures of the core; the fixtures of a practice are in a module of its own."""

import os
import pkgutil
import sys
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import AsyncExitStack, chdir
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx2
import pytest

from {{ package_name }}.app import all_components, create_app
from {{ package_name }}.core.app import Application
from {{ package_name }}.core.names import PREFIX
from {{ package_name }}.settings import Settings

from support.client import app_without_log, connect, isolations

pytest_plugins = [
    f"support.{module.name}"
    for module in pkgutil.iter_modules([str(Path(__file__).parent)])
    if module.name.endswith("_fixtures")
]


@pytest.fixture(scope="session")
def required_settings() -> Mapping[str, str]:
    """Return the variables of the project's required settings, without the prefix.

    Write the same fixture in tests/conftest.py to give yours: `{"ORDERS__CURRENCY": "EUR"}`.
    """
    return {}


@pytest.fixture(scope="session", autouse=True)
def _environment(
    pytestconfig: pytest.Config,
    tmp_path_factory: pytest.TempPathFactory,
    required_settings: Mapping[str, str],
) -> Iterator[pytest.MonkeyPatch]:
    """Keep the variables, proxies and .env file of the developer out of the tests."""
    with pytest.MonkeyPatch.context() as patch:
        for name in list(os.environ):
            if name.upper().startswith((PREFIX, "SSL_CERT_")) or name.lower().endswith("_proxy"):
                patch.delenv(name)
        for name, value in required_settings.items():
            patch.setenv(f"{PREFIX}{name}", value)
        if sys.dont_write_bytecode:  # or every service that a test starts compiles its imports
            bytecode = pytestconfig.rootpath / ".pytest_cache/bytecode"
            patch.setenv("PYTHONPYCACHEPREFIX", str(bytecode))
            patch.delenv("PYTHONDONTWRITEBYTECODE", raising=False)
        patch.chdir(tmp_path_factory.mktemp("empty"))
        yield patch


@pytest.fixture(autouse=True)
def _empty_folder(_environment: pytest.MonkeyPatch) -> Iterator[None]:
    """Run each test in a folder of its own, where it may write a .env file."""
    with TemporaryDirectory(ignore_cleanup_errors=True) as folder, chdir(folder):
        yield


@pytest.fixture(scope="session")
def settings(_environment: pytest.MonkeyPatch) -> Settings:
    """Return the default settings."""
    return Settings.load({})


@pytest.fixture
def app(settings: Settings) -> Application:
    """Return the application with all its components."""
    return create_app(settings)


@pytest.fixture
async def client(app: Application) -> AsyncIterator[httpx2.AsyncClient]:
    """Yield a client of the running application."""
    async with connect(app) as client, AsyncExitStack() as stack:
        for isolate in isolations:
            await stack.enter_async_context(isolate(app))
        yield client


@pytest.fixture(scope="session")
async def reader(settings: Settings) -> AsyncIterator[httpx2.AsyncClient]:
    """Yield a client of one application for the whole session, for tests that only read."""
    async with connect(app_without_log(settings, all_components(settings))) as client:
        yield client
