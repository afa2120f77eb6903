"""The enabled practices, in the order of their hooks and middleware, outermost first."""

from {{ package_name }} import project
from {{ package_name }}.api import (
    # {% if health_checks or metrics %}
    admin,
    # {% endif %}
    cors,
)
# {% if health_checks %}
from {{ package_name }}.api.routes import health
# {% endif %}
from {{ package_name }}.component import Component
# {% if database != "none" %}
from {{ package_name }}.infrastructure import database
# {% endif %}
# {% if structured_logging or metrics or tracing %}
from {{ package_name }}.observability import (
    # {% if metrics and database != "none" %}
    database_metrics,
    # {% endif %}
    # {% if structured_logging %}
    logging,
    # {% endif %}
    # {% if metrics %}
    metrics,
    # {% endif %}
    # {% if structured_logging %}
    request_id,
    # {% endif %}
    # {% if structured_logging and tracing %}
    trace_ids,
    # {% endif %}
    # {% if tracing %}
    tracing,
    # {% endif %}
)
# {% endif %}
from {{ package_name }}.settings import Settings

SERVER_LOGS_ITSELF = {{ "False" if structured_logging else "True" }}
"""Does uvicorn set up its own log? Not where a component handles its records too."""


def enabled(settings: Settings) -> tuple[Component, ...]:
    """Return every component of the application."""
    return (
        # {% if health_checks or metrics %}
        admin.component(settings),
        # {% endif %}
        # {% if structured_logging %}
        request_id.component(settings),
        # {% endif %}
        # {% if structured_logging and tracing %}
        trace_ids.component(settings),
        # {% endif %}
        # {% if structured_logging %}
        logging.component(settings),
        # {% endif %}
        # {% if metrics %}
        metrics.component(settings),
        # {% endif %}
        # {% if tracing %}
        tracing.component(settings),
        # {% endif %}
        cors.component(settings),
        # {% if database != "none" %}
        database.component(settings),
        # {% endif %}
        # {% if metrics and database != "none" %}
        database_metrics.component(settings),
        # {% endif %}
        # {% if health_checks %}
        health.component(settings),
        # {% endif %}
        # Yours come last, closest to the routes.
        *project.components(settings),
    )
