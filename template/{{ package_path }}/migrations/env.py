"""How Alembic runs the migrations: on the database of the settings, one process at a time."""

import asyncio
import importlib
import pkgutil

from alembic import context
from sqlalchemy import Connection, text

from {{ package_name }} import domain
from {{ package_name }}.core.database.models import Base
from {{ package_name }}.core.database import {{ database }} as dialect
from {{ package_name }}.settings import Settings


def find_models() -> None:
    """Import every module of the domain, so that its tables are known."""
    for module in pkgutil.walk_packages(domain.__path__, f"{domain.__name__}."):
        importlib.import_module(module.name)


def migrate(connection: Connection) -> None:
    """Run the migrations that are asked for, in one transaction."""
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        compare_server_default=True,
        render_as_batch=dialect.ALTERS_BY_COPY,
        transactional_ddl=True,  # SQLite can too: two at once would else both read "none done yet"
    )
    with context.begin_transaction():
        for statement in dialect.BEFORE_MIGRATIONS:
            connection.execute(text(statement))
        context.run_migrations()


async def connect() -> None:
    """Run them on the database that a test, or else the environment, names."""
    settings = Settings.load(context.config.attributes.get("settings", {}))
    engine = dialect.build_engine(settings.database)
    async with engine.connect() as connection:
        await connection.run_sync(migrate)
    await engine.dispose()


find_models()
asyncio.run(connect())
