"""The command: the settings that it refuses, and how it serves and stops."""

import signal
import sys

import httpx
import pytest
import uvicorn

from {{ package_name }}.__main__ import main
from {{ package_name }}.app import create_app
from {{ package_name }}.core import server as module
from {{ package_name }}.core.cli import build
from {{ package_name }}.core.server.drain import Server
from {{ package_name }}.core.settings import PREFIX, InvalidSettingsError
from {{ package_name }}.settings import Settings

from support.server import STOP, SkippedTime, launched, served_session


def test_bad_settings_are_refused(capsys: pytest.CaptureFixture[str]) -> None:
    """A setting that can't be used ends the command with one line that names it."""
    assert main(["--port", "0"]) == 2

    lines = capsys.readouterr().err.splitlines()
    assert [line.partition(":")[0] for line in lines] == [f"{PREFIX}SERVER__PORT"]


def test_factory_builds_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that imports the application gets it configured, or learns why not."""
    assert build().title == "{{ distribution_name }}"

    monkeypatch.setenv(f"{PREFIX}SERVER__PORT", "0")
    with pytest.raises(InvalidSettingsError):
        build()


def test_server_listens_where_it_is_told_to(monkeypatch: pytest.MonkeyPatch) -> None:
    """Arguments of the command reach the server, and the development server."""
    ports: list[int] = []
    monkeypatch.setattr(Server, "run", lambda server: ports.append(server.config.port))
    monkeypatch.setattr(uvicorn, "run", lambda _factory, **options: ports.append(options["port"]))

    assert [main(["--port", "8001"]), main(["--port", "8002", "--reload"])] == [0, 0]
    assert ports == [8001, 8002]


@pytest.mark.slow
def test_serves_until_it_is_stopped() -> None:
    """The command serves, and a stop signal ends it with status 0."""
    session = served_session()

    assert session.statuses["/openapi.json"] == 200
    assert session.exit_status == 0


@pytest.mark.slow
def test_second_signal_ends_the_drain() -> None:
    """A stop signal starts the drain; Ctrl-C ends it at once, and leaves no traceback."""
    second = STOP if sys.platform == "win32" else signal.SIGINT
    with launched(SERVER__DRAIN_SECONDS="600") as service:
        service.stop()
        response = httpx.get(f"{service.url}/openapi.json")
        service.process.send_signal(second)
        status, output = service.end()

    assert response.status_code == 200
    assert status == 0
    assert "Traceback" not in output


def test_signals_mean_what_they_say(settings: Settings) -> None:
    """The first SIGTERM drains, the second ends the drain, and Ctrl-C never drains."""
    patient, hasty = (Server(create_app(settings), settings.server) for _ in range(2))

    patient.handle_exit(signal.SIGTERM, None)
    assert (patient.app.state.traffic.draining, patient.should_exit) == (True, False)
    patient.handle_exit(signal.SIGTERM, None)
    assert (patient.should_exit, patient.force_exit) == (True, True)
    hasty.handle_exit(signal.SIGINT, None)
    assert (hasty.app.state.traffic.draining, hasty.should_exit) == (False, True)


async def test_drain_has_its_time(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """The drain ends by itself after the seconds that the settings give it."""
    time = SkippedTime()
    monkeypatch.setattr(module, "time", time)
    server = Server(create_app(settings), settings.server)

    server.handle_exit(signal.SIGTERM, None)
    time.skip(settings.server.drain_seconds - 1)
    assert not await server.on_tick(1)
    time.skip(1)
    assert await server.on_tick(1)


@pytest.mark.slow
def test_reloading_server_serves() -> None:
    """The development server serves too."""
    assert served_session("--reload").statuses["/openapi.json"] == 200
