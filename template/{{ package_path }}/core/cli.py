"""The command: reads the settings and runs the server."""

import argparse
import sys
from collections.abc import Sequence

from fastapi import FastAPI

from {{ package_name }}.app import create_app
from {{ package_name }}.core.server import serve
from {{ package_name }}.core.server import serve_reloading
from {{ package_name }}.core.settings import InvalidSettingsError
from {{ package_name }}.settings import Settings


def build() -> FastAPI:
    """Build the application from the environment, for a server that imports it."""
    return create_app(Settings.load({}))


def main(argv: Sequence[str] | None = None) -> int:
    """Run the service.

    Args:
        argv: Arguments of the command, by default those of the process.

    Returns:
        The exit status: 2 if the settings can't be used.
    """
    parser = argparse.ArgumentParser(
        prog="{{ distribution_name }}",
        description="Run the service.",
        epilog="Settings come from the environment and from .env; .env.example lists them.",
    )
    parser.add_argument("--host", help="address to listen on")
    parser.add_argument("--port", help="port to listen on")
    parser.add_argument("--reload", action="store_true", help="restart when the code changes")
    arguments = parser.parse_args(argv)
    given = {
        name: value for name in ("host", "port") if (value := getattr(arguments, name)) is not None
    }
    try:
        settings = Settings.load({"server": given})
    except InvalidSettingsError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    if arguments.reload:
        serve_reloading("{{ package_name }}.__main__:build", settings.server)
    else:
        serve(create_app(settings), settings.server)
    return 0


if __name__ == "__main__":
    sys.exit(main())
