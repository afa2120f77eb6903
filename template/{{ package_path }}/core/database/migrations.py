"""Migrations by Alembic, on the database of the settings; one process runs them at a time."""

import asyncio
import importlib
import pkgutil
import sys
from typing import Literal

from alembic import command, context
from alembic.config import Config
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from {{ package_name }}.core.database import {{ database }} as dialect
from {{ package_name }}.core.database.models import Base, UtcDateTime
from {{ package_name }}.core.errors import UnavailableError

PACKAGE = "{{ package_name }}"
THREAD_END_SECONDS = 0.05


def upgrade(settings: dialect.DatabaseSettings) -> None:
    """Run all pending migrations, by the scripts in the installed package.

    Raises:
        UnavailableError: The database is unavailable.
    """
    config = Config(attributes={"settings": settings})
    config.set_main_option("script_location", f"{PACKAGE}:migrations")
    command.upgrade(config, "heads")
    sys.stdout.write("The database is at the newest migration.\n")


def import_models() -> None:
    """Import every module of the package, so that the metadata has all models."""
    package = importlib.import_module(PACKAGE)
    for module in pkgutil.walk_packages(package.__path__, f"{PACKAGE}."):
        if not module.name.endswith(".__main__"):
            importlib.import_module(module.name)


def render_item(kind: str, item: object, _context: object) -> str | Literal[False]:
    """Return the code of a type in a new migration, False for Alembic's own.

    A migration names SQLAlchemy's types only, so that it needs no import and outlives the model.
    """
    if kind == "type" and isinstance(item, UtcDateTime):
        return "sa.DateTime(timezone=True)"
    return False


def run_migrations(connection: Connection) -> None:
    """Run the migrations of Alembic's current command in one transaction."""
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        compare_server_default=True,
        render_item=render_item,
        render_as_batch=dialect.RENDER_AS_BATCH,
        transactional_ddl=True,  # SQLite's too: otherwise two processes would both start
    )
    with context.begin_transaction():
        for statement in dialect.BEFORE_MIGRATIONS:
            connection.execute(text(statement))
        context.run_migrations()


async def run_on_database(settings: dialect.DatabaseSettings) -> None:
    """Connect to the database and run Alembic's current command on it.

    Raises:
        UnavailableError: The database is unavailable.
    """
    engine = dialect.build_engine(settings)
    try:
        async with engine.connect() as connection:
            await connection.run_sync(run_migrations)
    except OSError as error:
        raise UnavailableError("The database can't be reached.") from error
    except DBAPIError as error:
        # After a failed connect, aiosqlite ends its thread in the background, by this event loop.
        await asyncio.sleep(THREAD_END_SECONDS)
        if dialect.is_unavailable(error):
            raise UnavailableError("The database is unavailable.") from error
        raise
    finally:
        await engine.dispose()


def run(settings: dialect.DatabaseSettings) -> None:
    """Run Alembic's current command, as its env.py."""
    import_models()
    asyncio.run(run_on_database(settings))
