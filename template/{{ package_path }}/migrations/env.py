"""Alembic's environment: it runs migrations on the database of the settings."""

from alembic import context

from {{ package_name }}.core.database import migrations
from {{ package_name }}.settings import Settings

settings = context.config.attributes.get("settings")  # a command or a test has loaded them
migrations.run(settings if settings is not None else Settings.load({}).database)
