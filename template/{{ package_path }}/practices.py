# {% from "extensions/components.jinja" import imports, order with context %}
"""The enabled practices, in the order of their hooks and middleware, outermost first."""

{{ imports() }}
SERVER_LOGS_ITSELF = {{ "False" if structured_logging else "True" }}
"""Does uvicorn set up its own log? Not where a component handles its records too."""


def enabled(settings: Settings) -> tuple[Component, ...]:
    """Return every component of the application."""
    return (
        # {% for _, module, _ in order %}
        {{ module }}.component(settings),
        # {% endfor %}
        # Yours come last, closest to the routes.
        *project.components(settings),
    )
