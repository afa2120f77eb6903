"""The database of the tests, migrated."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from alembic import command
from alembic.config import Config

from {{ database }}_server import AWAY, database_url

__all__ = ["AWAY", "PROJECT", "alembic", "database_url", "migrated_database_url"]

PROJECT = Path(__file__).parents[1] / "pyproject.toml"


def alembic(url: str) -> Config:
    """Return how to run migrations on a database."""
    settings: Mapping[str, object] = {"database": {"url": url}}
    return Config(toml_file=PROJECT, attributes={"settings": settings})


@contextmanager
def migrated_database_url() -> Iterator[str]:
    """Yield the address of a database that all migrations have been run on."""
    with database_url() as url:
        command.upgrade(alembic(url), "heads")
        yield url
