"""Migrations by Alembic: on the database of the settings, one process at a time."""

import asyncio
import importlib
import pkgutil
import sys

from alembic import command, context
from alembic.config import Config
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from {{ package_name }}.core.database import {{ database }} as dialect
from {{ package_name }}.core.database.models import Base
from {{ package_name }}.core.errors import UnavailableError

PACKAGE = "{{ package_name }}"


def upgrade(settings: dialect.DatabaseSettings) -> None:
    """Run all new migrations, in the wheel too.

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


def run_migrations(connection: Connection) -> None:
    """Run the migrations of Alembic's current command in one transaction."""
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        compare_server_default=True,
        render_as_batch=dialect.RENDER_AS_BATCH,
        transactional_ddl=True,  # SQLite's too: otherwise two processes would both start
    )
    with context.begin_transaction():
        for statement in dialect.BEFORE_MIGRATIONS:
            connection.execute(text(statement))
        context.run_migrations()


async def connect(settings: dialect.DatabaseSettings) -> None:
    """Run the migrations on a database.

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
        if dialect.is_unavailable(error):
            raise UnavailableError("The database is unavailable.") from error
        raise
    finally:
        await engine.dispose()


def run(settings: dialect.DatabaseSettings) -> None:
    """Run Alembic's current command, as its env.py."""
    import_models()
    asyncio.run(connect(settings))
