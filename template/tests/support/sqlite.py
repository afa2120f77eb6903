"""A database for the tests: a file that is thrown away."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import make_url

AWAY = "sqlite+aiosqlite:////nowhere/hunter2.db"
"""The address of a database that can't be reached, with a secret in it."""


@contextmanager
def database_url(template: str | None = None) -> Iterator[str]:
    """Yield the address of a new database.

    Args:
        template: The address of a database that the new one is a copy of; by default it is empty.
    """
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        file = Path(folder, "test.db")
        source = make_url(template).database if template else None
        if source:
            shutil.copyfile(source, file)
        yield f"sqlite+aiosqlite:///{file.as_posix()}"
