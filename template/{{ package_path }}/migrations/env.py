"""Alembic's environment: it runs migrations on the database of the settings."""

from alembic import context
from alembic.util import CommandError

from {{ package_name }}.core.database import migrations
from {{ package_name }}.core.errors import InvalidSettingsError
from {{ package_name }}.settings import Settings

settings = context.config.attributes.get("settings")  # a command or a test has loaded them
try:
    settings = settings if settings is not None else Settings.load({}).database
except InvalidSettingsError as error:
    raise CommandError(str(error)) from None  # Alembic's command shows the message only
migrations.run(settings)
