"""The command: common options, and sub-commands that are imported when they run."""

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial
from pathlib import Path
from pkgutil import resolve_name
from typing import TYPE_CHECKING, Annotated, Any, Generic, TypeVar, cast

import typer
from typer.core import TyperCommand, TyperGroup, TyperOption
from typer.main import get_command, get_group

from {{ package_name }}.core import process
from {{ package_name }}.core.names import NAME, PREFIX

if TYPE_CHECKING:
    from {{ package_name }}.core.output import CommandOutput
else:  # importing Rich would double the time of `--help`
    CommandOutput = object

CONFIG_VARIABLE = f"{PREFIX}CONFIG_FILE"
EPILOG = (
    "The options above go before the command. Options win over environment variables"
    f" ({PREFIX}...), these over the configuration file, and that over the defaults."
)

S = TypeVar("S")


def default_config_file() -> Path | None:
    """Return the configuration file of the user, which may be missing; None without a folder."""
    folder = Path(typer.get_app_dir(NAME))
    if not folder.is_absolute():  # an empty or relative XDG_CONFIG_HOME counts as unset
        home = Path(typer.get_app_dir(NAME, force_posix=True)).parent
        folder = home / ".config" / folder.name
    # HOME may be relative, too: the current folder is not trusted.
    return folder / "config.toml" if folder.is_absolute() else None


@dataclass(frozen=True, slots=True)
class Command:
    """A sub-command.

    Attributes:
        name: What the user types.
        help: The line in the list of commands; the first line of the function's docstring.
        target: The function, as `module:function`: it is imported when the command runs. It may be
            async. A `typer.Typer` in its place has commands of its own.
        hidden: Whether the list of commands leaves it out.
        deprecated: Whether it is marked as deprecated, and warns when it runs.
        context_settings: Those of Typer, for a function.
    """

    name: str
    help: str
    target: str
    hidden: bool = False
    deprecated: bool = False
    context_settings: Mapping[str, Any] = field(default_factory=dict)


def show_version(is_asked: object) -> None:
    """Print the version, and exit."""
    if is_asked:
        typer.echo(f"{NAME} {resolve_name('importlib.metadata:version')(NAME)}")
        raise typer.Exit


@dataclass(frozen=True, kw_only=True)
class Options:
    """The common options, as Typer reads them."""

    verbose: Annotated[
        bool,
        typer.Option("--verbose", "-v", help="Log more: DEBUG and above."),
    ] = False
    quiet: Annotated[
        bool,
        typer.Option("--quiet", "-q", help="Log errors only; show no progress."),
    ] = False
    is_json: Annotated[
        bool,
        typer.Option("--json", help="Write JSON instead of text; errors, too."),
    ] = False
    config: Annotated[
        str | None,
        typer.Option(
            metavar="FILE", envvar=CONFIG_VARIABLE, help="Read this configuration file (TOML)."
        ),
    ] = None
    version: Annotated[
        bool,
        typer.Option("--version", callback=show_version, is_eager=True, help="Show the version."),
    ] = False

    @property
    def level(self) -> str | None:
        """The level of the log, None for that of the settings."""
        if self.verbose:
            return "DEBUG"
        return "ERROR" if self.quiet else None


@dataclass(kw_only=True)
class CommandContext(Generic[S]):
    """What a sub-command gets: `context.obj` of its `typer.Context`.

    Attributes:
        settings_class: The settings class, as `module:class`.
        start_logging: Configures logging, as `module:function`.
        options: The common options.
        output: Writes to standard output.
    """

    settings_class: str
    start_logging: str
    options: Options = field(default_factory=Options)

    @cached_property
    def settings(self) -> S:
        """The settings, which are loaded once; the help needs none."""
        config = self.options.config
        settings_class = resolve_name(self.settings_class)
        return cast(
            "S",
            settings_class.load_file(
                Path(config) if config else default_config_file(), is_required=bool(config)
            ),
        )

    @cached_property
    def output(self) -> CommandOutput:
        kind: type[CommandOutput] = resolve_name(f"{__package__}.output:CommandOutput")
        return kind(is_json=self.options.is_json, is_quiet=self.options.quiet)

    def run(self, function: Callable[..., object], **arguments: object) -> object:
        """Configure logging, run a function, also an async one, and return its result."""
        with resolve_name(self.start_logging)(self.settings, self.options.level):
            result = function(**arguments)
            if inspect.iscoroutine(result):
                result = resolve_name(f"{__package__}.async_commands:run")(result)
        if inspect.isgenerator(result) or inspect.isasyncgen(result):
            raise TypeError("A command can't yield; write its results by `command.output`.")
        return result


def bind(command: TyperCommand | TyperGroup, context: CommandContext[Any]) -> None:
    """Let the functions of a command and its sub-commands run in the context."""
    command.rich_markup_mode = None
    if command.callback is not None:
        command.callback = partial(context.run, command.callback)
    if isinstance(command, TyperGroup):
        for child in command.commands.values():
            bind(cast("TyperCommand", child), context)


class LazyCommand(TyperCommand):
    """A sub-command whose module is imported when it runs, or for its own help."""

    def __init__(self, command: Command, context: CommandContext[Any]) -> None:
        super().__init__(
            command.name, help=command.help, hidden=command.hidden, deprecated=command.deprecated
        )
        self.definition = command
        self.command_context = context

    def load(self) -> TyperCommand | TyperGroup:
        """Return the command that the target defines."""
        definition = self.definition
        target = resolve_name(definition.target)
        command: TyperCommand | TyperGroup
        if isinstance(target, typer.Typer):
            command = get_group(target)
        else:
            app = typer.Typer(add_completion=False, rich_markup_mode=None)
            app.command(context_settings={**definition.context_settings})(target)
            command = cast("TyperCommand", get_command(app))
        command.name = definition.name
        command.deprecated = command.deprecated or definition.deprecated
        bind(command, self.command_context)
        return command

    def make_context(self, *arguments: object, **named: object) -> typer.Context:
        """Return the context of the command that the target defines."""
        return cast("typer.Context", cast("Any", self.load()).make_context(*arguments, **named))


class CommonOption(TyperOption):
    """A flag or a text: Typer's conversion would import pydantic for every `command --help`."""

    def process_value(self, ctx: object, value: object) -> object:
        callback: Callable[..., object] | None = self.callback
        return value if callback is None else callback(ctx, self, value)


class ProgramGroup(TyperGroup):
    """The command, whose options are common options."""

    command_context: CommandContext[Any]

    def get_params(self, ctx: object) -> list[Any]:
        params = super().get_params(cast("Any", ctx))
        for param in params:
            param.__class__ = CommonOption
        return params

    def parse_args(self, ctx: object, args: list[str]) -> list[str]:
        context = cast("typer.Context", ctx)
        # Errors in the options, and in the name of a command, are JSON, too.
        self.command_context.options = Options(is_json="--json" in args)
        rest = super().parse_args(context, args)
        options = self.command_context.options = Options(**context.params)
        if options.verbose and options.quiet and not context.resilient_parsing:
            raise typer.BadParameter("Use --verbose or --quiet, not both.", context)
        if options.config == "":
            raise typer.BadParameter("Name a file after --config.", context)
        return rest


def add_hint(error: BaseException) -> None:
    """Say where a common option goes, if the error is that it stands after the command."""
    if not hasattr(error, "possibilities"):
        return
    no_such_option = cast("Any", error)  # Typer has no public class for it
    context, option = no_such_option.ctx, no_such_option.option_name
    root = context.find_root()
    if context is not root and any(option in param.opts for param in root.command.params):
        command = context.command_path.removeprefix(root.command_path)
        example = f"{root.command_path} {option}{command}"
        no_such_option.message += f". Give it before the command: {example}"
        no_such_option.possibilities = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """The command with all its sub-commands.

    Attributes:
        description: The first paragraph of `--help`.
        commands: The sub-commands, in the order of `--help`.
        settings: The settings class, as `module:class`.
        start_logging: Configures logging, as `module:function`.
    """

    description: str
    commands: Sequence[Command]
    settings: str
    start_logging: str

    def new_context(self) -> CommandContext[Any]:
        """Return the context of one run."""
        return CommandContext(settings_class=self.settings, start_logging=self.start_logging)

    def build(self, context: CommandContext[Any]) -> TyperGroup:
        """Return the command for Typer."""
        app = typer.Typer(
            cls=ProgramGroup,
            rich_markup_mode=None,
            no_args_is_help=True,
            epilog=EPILOG,
            result_callback=lambda _result, **_options: 0,  # no result of a command is a status
        )
        app.callback(help=self.description)(Options)
        group = cast("ProgramGroup", get_command(app))
        group.callback = None
        group.command_context = context
        for command in self.commands:
            group.add_command(LazyCommand(command, context))
        return group

    def main(self, argv: Sequence[str] | None = None) -> int:
        """Run the command and return its exit status; the README lists them.

        Args:
            argv: The arguments, by default those of the process.
        """
        process.prepare_streams()
        context = self.new_context()
        try:
            with process.terminable():
                status: int = self.build(context).main(
                    argv, prog_name=NAME, obj=context, standalone_mode=False
                )
        except BaseException as error:
            if not isinstance(error, Exception | KeyboardInterrupt | SystemExit):
                raise  # of a test, such as `pytest.fail`
            add_hint(error)
            status = process.status_of(error, is_json=context.options.is_json)
        return process.finish_output(status, is_json=context.options.is_json)
