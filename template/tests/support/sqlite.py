"""SQLite for tests: databases in temporary files."""

import shutil
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import make_url

AWAY = "sqlite+aiosqlite:////nowhere/hunter2.db"
"""The URL of an unreachable database, with a secret in it."""


@contextmanager
def database_url(template: str | None = None) -> Generator[str]:
    """Yield the URL of a new database.

    Args:
        template: The URL of a database to copy; the new one is empty without it.
    """
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        file = Path(folder, "test.db")
        source = make_url(template).database if template else None
        if source:
            shutil.copyfile(source, file)
        yield f"sqlite+aiosqlite:///{file.as_posix()}"
