"""The application: the components of the practices, then those of the project."""

from {{ package_name }}.components import components
from {{ package_name }}.core import app
from {{ package_name }}.core.component import Component
from {{ package_name }}.practices import practice_components
from {{ package_name }}.settings import Settings


def all_components(settings: Settings) -> tuple[Component, ...]:
    """Return every component, outermost first; those of the project are closest to the routes."""
    return (*practice_components(settings), *components(settings))


def create_app(settings: Settings) -> app.Application:
    """Return an application that has not started; nothing is opened yet."""
    return app.build(settings.limits, all_components(settings))


def create_app_from_environment() -> app.Application:
    """Build the application with the settings of the environment, for a server that imports it."""
    return create_app(Settings.load({}))
