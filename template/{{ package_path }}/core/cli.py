"""The command: it serves by default; practices and the project add sub-commands."""

import argparse
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Generic, TypeVar

from {{ package_name }}.core.app import Application
from {{ package_name }}.core.dotenv_file import DotEnvSettings
from {{ package_name }}.core.errors import AppError, InvalidSettingsError
from {{ package_name }}.core.names import NAME
from {{ package_name }}.core.server import ServerSettings
from {{ package_name }}.core.server.run import serve, serve_reloading
from {{ package_name }}.core.web.limits import LimitsSettings

SERVE = "serve"
FACTORY = "{{ package_name }}.app:create_app_from_environment"
"""Builds the application for the reloading server."""


class CoreSettings(DotEnvSettings):
    """The settings that every service has."""

    server: ServerSettings = ServerSettings()
    limits: LimitsSettings = LimitsSettings()


S = TypeVar("S", bound=CoreSettings)
S_co = TypeVar("S_co", bound=CoreSettings, covariant=True)
S_contra = TypeVar("S_contra", bound=CoreSettings, contravariant=True)


@dataclass(frozen=True, slots=True)
class CommandContext(Generic[S_co]):
    """The context of a sub-command.

    Attributes:
        settings: The settings of the environment.
        arguments: The parsed arguments.
        create_app: Builds the application with the settings.
    """

    settings: S_co
    arguments: argparse.Namespace
    create_app: Callable[[], Application]


@dataclass(frozen=True, slots=True, kw_only=True)
class Command(Generic[S_contra]):
    """A sub-command.

    Attributes:
        name: What the user types.
        help: One line for `--help`.
        run: Runs it. An `AppError` becomes a message and the exit status 1.
        add_arguments: Declares its arguments.
    """

    name: str
    help: str
    run: Callable[[CommandContext[S_contra]], None]
    add_arguments: Callable[[argparse.ArgumentParser], None] = lambda _parser: None


def add_serve_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of `serve`."""
    parser.add_argument("--host", help="address to listen on")
    parser.add_argument("--port", help="port to listen on")
    parser.add_argument("--reload", action="store_true", help="restart when the code changes")


def build_parser(commands: Sequence[Command[S]]) -> argparse.ArgumentParser:
    """Return the parser of all sub-commands."""
    parser = argparse.ArgumentParser(
        prog=NAME,
        description="Run the service (`serve`), or one of its commands.",
        epilog="Settings come from the environment and from .env; .env.example lists them.",
    )
    parsers = parser.add_subparsers(dest="command", metavar="command", required=True)
    add_serve_arguments(parsers.add_parser(SERVE, help="serve HTTP (the default)"))
    for command in commands:
        command.add_arguments(parsers.add_parser(command.name, help=command.help))
    return parser


def parse(
    argv: Sequence[str], commands: Sequence[Command[S]]
) -> tuple[Command[S] | None, argparse.Namespace]:
    """Return the sub-command, None for `serve`, and its arguments."""
    parser = build_parser(commands)
    is_default = not argv or argv[0].startswith("-")
    if is_default and not {"-h", "--help"} & set(argv):
        argv = [SERVE, *argv]
    arguments = parser.parse_args(argv)
    found = {command.name: command for command in commands}
    return found.get(arguments.command), arguments


def main(
    settings_class: type[S],
    create_app: Callable[[S], Application],
    commands: Sequence[Command[S]],
    argv: Sequence[str] | None = None,
) -> int:
    """Run the command.

    Args:
        settings_class: The settings to load.
        create_app: Builds the application.
        commands: The sub-commands besides `serve`.
        argv: The arguments, by default those of the process.

    Returns:
        The exit status: 2 if the settings can't be used, 1 if a sub-command raises an `AppError`.
    """
    command, arguments = parse(sys.argv[1:] if argv is None else argv, commands)
    given = {
        name: value
        for name in ("host", "port")
        if (value := getattr(arguments, name, None)) is not None and command is None
    }
    try:
        settings = settings_class.load({"server": given} if given else {})
        if command is not None:
            context = CommandContext(settings, arguments, partial(create_app, settings))
            command.run(context)
        elif arguments.reload:
            serve_reloading(FACTORY, settings.server)
        else:
            serve(create_app(settings), settings.server)
    except InvalidSettingsError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    except AppError as error:
        sys.stderr.write(f"{error.message}\n")
        return 1
    return 0
