"""How the server starts."""

import contextlib

import uvicorn

from {{ package_name }}.core.app import Application
from {{ package_name }}.core.server import ServerSettings
from {{ package_name }}.core.server.drain import DrainingServer


def serve(app: Application, settings: ServerSettings) -> None:
    """Serve the application until a signal stops the server."""
    with contextlib.suppress(KeyboardInterrupt):
        DrainingServer(app, settings).run()


def serve_reloading(factory: str, settings: ServerSettings) -> None:
    """Serve the application, and restart the server when the code changes.

    Args:
        factory: The function that builds the application, as "module:function".
        settings: The address and port; the other settings don't apply.
    """
    uvicorn.run(factory, factory=True, reload=True, host=settings.host, port=settings.port)
