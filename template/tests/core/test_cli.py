"""The command: sub-commands, bad settings, serving and stopping."""

import re
import signal
import sys
import tomllib
from argparse import ArgumentParser
from pkgutil import resolve_name

import httpx2
import pytest
import uvicorn

from {{ package_name }} import __main__ as command_module
from {{ package_name }}.__main__ import main
from {{ package_name }}.app import all_components
from {{ package_name }}.core.cli import Command, CommandContext
from {{ package_name }}.core.errors import (
    InvalidSettingsError,
    UnavailableError,
)
from {{ package_name }}.core.names import NAME, PREFIX
from {{ package_name }}.core.server import drain as module
from {{ package_name }}.core.server.drain import DrainingServer
from {{ package_name }}.practices import PRACTICE_COMMANDS, PracticeSettings
from {{ package_name }}.settings import Settings

from support.client import app_without_log, connect, practice_app
from support.server import INTERRUPT, SkippedTime, launched, served_session


def report(context: CommandContext[Settings]) -> None:
    """Print an argument and the name of the application; fail on a negative number."""
    if context.arguments.days < 0:
        raise UnavailableError("There is no report of the future.")
    sys.stdout.write(f"{context.arguments.days} {context.create_app().title}\n")


def add_days(parser: ArgumentParser) -> None:
    """Declare the argument of the report."""
    parser.add_argument("days", type=int)


REPORT = Command(name="report", help="print a report", run=report, add_arguments=add_days)


@pytest.fixture
def _report(monkeypatch: pytest.MonkeyPatch) -> None:
    """Add a sub-command to those of the project."""
    monkeypatch.setattr(command_module, "COMMANDS", (REPORT,))


@pytest.mark.usefixtures("_report")
def test_sub_command_runs(capsys: pytest.CaptureFixture[str]) -> None:
    """A sub-command of the project gets its arguments and the application."""
    assert main(["report", "7"]) == 0
    assert capsys.readouterr().out == f"7 {NAME}\n"


@pytest.mark.usefixtures("_report")
def test_error_of_a_sub_command_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    """An AppError becomes its message and the exit status 1."""
    assert main(["report", "--", "-1"]) == 1
    assert capsys.readouterr().err == "There is no report of the future.\n"


@pytest.mark.usefixtures("_report")
def test_help_lists_the_sub_commands(capsys: pytest.CaptureFixture[str]) -> None:
    """--help names every sub-command, also those of the project."""
    with pytest.raises(SystemExit) as ended:
        main(["--help"])

    assert ended.value.code == 0
    assert {"serve", "report"} <= set(capsys.readouterr().out.split())


def test_unknown_sub_command_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    """An unknown sub-command gets the exit status 2, and its name in the message."""
    with pytest.raises(SystemExit) as ended:
        main(["srve"])

    assert ended.value.code == 2
    assert "srve" in capsys.readouterr().err


def test_bad_settings_are_rejected(capsys: pytest.CaptureFixture[str]) -> None:
    """A setting that can't be used ends the command with one line that names it."""
    assert main(["--port", "0"]) == 2

    lines = capsys.readouterr().err.splitlines()
    assert [line.partition(":")[0] for line in lines] == [f"{PREFIX}SERVER__PORT"]


@pytest.mark.usefixtures("_report")
@pytest.mark.parametrize(
    "command",
    [[], ["serve"], ["--reload"], *([item.name] for item in PRACTICE_COMMANDS), ["report", "7"]],
    ids=" ".join,
)
def test_each_command_rejects_bad_settings(
    command: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Every command ends with the status 2 before it does anything."""
    monkeypatch.setenv(f"{PREFIX}SERVER__PORT", "0")

    assert main(command) == 2
    output = capsys.readouterr()
    assert output.out == ""
    assert re.fullmatch(rf"{PREFIX}SERVER__PORT: .+\n", output.err)


def test_factory_builds_from_the_environment(
    monkeypatch: pytest.MonkeyPatch, pytestconfig: pytest.Config
) -> None:
    """FastAPI's own command finds the application, or an error for bad settings."""
    project = tomllib.loads((pytestconfig.rootpath / "pyproject.toml").read_text("utf-8"))
    create_app_from_environment = resolve_name(project["tool"]["fastapi"]["entrypoint"])
    assert create_app_from_environment().title == NAME

    monkeypatch.setenv(f"{PREFIX}SERVER__PORT", "0")
    with pytest.raises(InvalidSettingsError):
        create_app_from_environment()


def test_arguments_reach_the_server(monkeypatch: pytest.MonkeyPatch) -> None:
    """`serve` is the default; its arguments reach the server and the reloading server."""
    ports: list[int] = []
    monkeypatch.setattr(DrainingServer, "run", lambda server: ports.append(server.config.port))
    monkeypatch.setattr(uvicorn, "run", lambda _factory, **options: ports.append(options["port"]))

    commands = (["--port", "8001"], ["serve", "--port", "8002"], ["--port", "8003", "--reload"])
    assert [main(command) for command in commands] == [0, 0, 0]
    assert ports == [8001, 8002, 8003]


def test_serves_until_it_is_stopped() -> None:
    """The command serves, and a stop signal ends it with status 0."""
    session = served_session()

    assert session.statuses["/openapi.json"] == 200
    assert session.exit_status == 0


def test_second_signal_ends_the_drain() -> None:
    """A stop signal starts the drain; Ctrl-C ends it at once, and leaves no traceback."""
    with launched(SERVER__DRAIN_SECONDS="600") as service:
        service.stop()
        response = httpx2.get(f"{service.url}/openapi.json")
        service.process.send_signal(INTERRUPT)
        status, output = service.end()

    assert response.status_code == 200
    assert status == 0
    assert "Traceback" not in output


def test_signals(settings: PracticeSettings) -> None:
    """The first SIGTERM drains, the second ends the drain, and Ctrl-C never drains."""
    patient, hasty = (DrainingServer(practice_app(settings), settings.server) for _ in range(2))

    patient.handle_exit(signal.SIGTERM, None)
    assert (patient.app.in_flight.draining, patient.should_exit) == (True, False)
    patient.handle_exit(signal.SIGTERM, None)
    assert (patient.should_exit, patient.force_exit) == (True, True)
    hasty.handle_exit(signal.SIGINT, None)
    assert (hasty.app.in_flight.draining, hasty.should_exit) == (False, True)


async def test_drain_ends_in_time(
    settings: PracticeSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The drain ends after `drain_seconds`."""
    time = SkippedTime()
    monkeypatch.setattr(module, "time", time)
    server = DrainingServer(practice_app(settings), settings.server)

    server.handle_exit(signal.SIGTERM, None)
    time.skip(settings.server.drain_seconds - 1)
    assert not await server.on_tick(1)
    time.skip(1)
    assert await server.on_tick(1)


async def test_reloading_server_serves() -> None:
    """The reloading server responds as the application does, with the project's own components."""
    settings = Settings.load({})
    async with connect(app_without_log(settings, all_components(settings))) as client:
        wanted = await client.get("/openapi.json")

    session = served_session("--reload")

    assert session.statuses["/openapi.json"] == wanted.status_code
    assert session.exit_status == 0
