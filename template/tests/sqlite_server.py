"""A database for the tests: a file that is thrown away."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

AWAY = "sqlite+aiosqlite:////nowhere/hunter2.db"
"""The address of a database that can't be reached, with a secret in it."""


@contextmanager
def database_url() -> Iterator[str]:
    """Yield the address of an empty database."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        yield f"sqlite+aiosqlite:///{Path(folder, 'test.db').as_posix()}"
