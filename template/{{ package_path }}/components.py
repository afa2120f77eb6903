"""The enabled practices, in the order of their middleware, outermost first."""

from {{ package_name }} import project
# {% if health_checks %}
from {{ package_name }}.api.routes import health
# {% endif %}
from {{ package_name }}.component import Component
# {% if structured_logging %}
from {{ package_name }}.observability import logging, request_id
# {% endif %}
from {{ package_name }}.settings import Settings

SERVER_LOGS_ITSELF = {{ "False" if structured_logging else "True" }}
"""Does uvicorn set up its own log? Not where a component handles its records too."""


def enabled(settings: Settings) -> tuple[Component, ...]:
    """Return every component of the application."""
    return (
        # {% if structured_logging %}
        request_id.component(settings),
        logging.component(settings),
        # {% endif %}
        # {% if health_checks %}
        health.component(settings),
        # {% endif %}
        # Yours come last, closest to the routes.
        *project.components(settings),
    )
