"""Every benchmark command measures all its rows, and a run with a failed request has no figure."""

import asyncio
import re
import shutil
import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from socket import socket
from threading import Thread

import pytest

from benchmarks import BenchmarkError
from benchmarks import cli as cli_benchmark
from benchmarks.__main__ import BENCHMARKS, DOCUMENTS
from benchmarks.evidence import (
    count_in_exposition,
    count_lines,
    has_event,
    is_uvicorn_request,
    verify,
)
from benchmarks.inside.driver import Call, Client, Message, Scope, Work, check_same, compare
from benchmarks.load import asyncio_load, generator, parse_wrk, request
from benchmarks.model import Goal
from benchmarks.projects import EVERYTHING, Projects, Variant
from benchmarks.report import chart, figures_table, goals_table, update
from benchmarks.servers import ServerSpec, run_server
from harness import ROOT
from tenon import benchmark as copy_benchmark

WRK = """Running 2s test @ http://127.0.0.1:8000/ping
  1 threads and 32 connections
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Latency     2.11ms    1.05ms  21.93ms   96.12%
    Req/Sec    15.60k     1.20k   17.02k    75.00%
  31055 requests in 2.01s, 4.62MB read
{}Requests/sec:  15450.25
Transfer/sec:      2.30MB
"""

EXPOSITION = """# TYPE http_requests_total counter
http_requests_total{method="GET",route="/ping",status="200"} 1234.0
http_requests_total{method="GET",route="/ping",status="500"} 7.0
http_requests_total{method="GET",route="/other",status="200"} 9.0
http_requests_created{method="GET",route="/ping",status="200"} 1.7e9
"""


def run(module: str, *arguments: str) -> str:
    """Run a command of this repository to its end; return what it prints."""
    done = subprocess.run(
        [sys.executable, "-m", module, *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def cells(text: str, head: str) -> dict[str, list[str]]:
    """Return the rows of the Markdown table whose first heading is `head`, by their first cell."""
    table = re.search(rf"^\| {head} .*\n\| -.*\n((?:\|.*\n?)*)", text, re.MULTILINE)
    assert table is not None, text
    lines = [line.strip("|").split(" | ") for line in table[1].splitlines()]
    return {first.strip(): [cell.strip() for cell in others] for first, *others in lines}


@pytest.mark.full
@pytest.mark.parametrize("name", BENCHMARKS)
def test_every_row_is_measured(name: str) -> None:
    """On the smallest sample, each declared row has a figure and each goal a verdict.

    A small sample leaves the published document as it is.
    """
    benchmark = BENCHMARKS[name]
    before = (DOCUMENTS / f"{name}.md").read_bytes()

    printed = run(
        "benchmarks", name, *(f"--{key}={size}" for key, size in benchmark.smallest.items())
    )

    rows = cells(printed, "row")
    assert list(rows) == list(benchmark.rows)
    assert [row for row, figures in rows.items() if not any(figures)] == []
    assert all(any(column) for column in zip(*rows.values(), strict=True))
    verdicts = {goal: row[-1] for goal, row in cells(printed, "goal").items()}
    assert list(verdicts) == [goal.text for goal in benchmark.goals]
    assert set(verdicts.values()) <= {"met", "missed"}
    assert (DOCUMENTS / f"{name}.md").read_bytes() == before


@pytest.mark.full
def test_every_row_of_copies_is_measured() -> None:
    """The smallest sample of the copy benchmark prints a figure for each row."""
    printed = run("tenon.benchmark", "--pairs=1")

    rows = re.findall(r"^(.+?) +-?\d+(?:\.\d+)? m?s\b", printed, re.MULTILINE)
    assert rows == list(copy_benchmark.ROWS)


@pytest.mark.full
def test_every_row_of_a_tool_is_measured() -> None:
    """The smallest sample of the benchmark of tools prints a figure for each row.

    The core costs little beyond bare Typer: a slow import in `--help` takes half of its time more.
    """
    rows = cells(run("benchmarks.cli", "--runs=3"), "row")

    assert list(rows) == list(cli_benchmark.ROWS)
    ratios = {row: float(figures[1]) for row, figures in rows.items()}
    assert ratios[cli_benchmark.BASELINE] == 1
    assert ratios["tool: --help"] < 1.5 * ratios[cli_benchmark.BARE_TYPER]


@pytest.mark.parametrize("name", BENCHMARKS)
def test_published_rows(name: str, tmp_path: Path) -> None:
    """A published document has the declared rows and goals, and sections that a run can replace."""
    benchmark = BENCHMARKS[name]
    document = Path(shutil.copy(DOCUMENTS / f"{name}.md", tmp_path))
    text = document.read_text("utf-8")
    assert list(cells(text, "row")) == list(benchmark.rows)
    assert list(cells(text, "goal")) == [goal.text for goal in benchmark.goals]

    results = {row: dict.fromkeys([*benchmark.columns, "CPU"], 1.5) for row in benchmark.rows}
    sections = {
        "goals": goals_table(benchmark, results),
        "figures": figures_table(benchmark, results),
        "method": "Sample: 1.",
    }
    if benchmark.charted:
        sections["chart"] = chart(benchmark.charted, results)
    update(document, sections)

    replaced = document.read_text("utf-8")
    assert {figure for row in cells(replaced, "row").values() for figure in row} == {"1.50"}
    assert {row[1] for row in cells(replaced, "goal").values()} <= {"1.50", "1.00"}
    assert all(section in replaced for section in sections.values())
    with pytest.raises(BenchmarkError, match="needs one section 'other'"):
        update(document, {"other": ""})


def test_project_is_made_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Equal answers are one project, as a second `uv sync` would remove the group `bench`."""
    made: list[Variant] = []

    def make(_: Projects, variant: Variant) -> Path:
        made.append(variant)
        return tmp_path

    monkeypatch.setattr(Projects, "_make", make)
    projects = Projects(tmp_path)

    projects.get(EVERYTHING)
    projects.get(Variant(practices=EVERYTHING.practices, database="none"))

    assert made == [EVERYTHING]


def test_command_that_is_missing(tmp_path: Path) -> None:
    """A server that is not installed fails its row, and does not end the run."""
    spec = ServerSpec(command=(str(tmp_path / "granian"),), folder=tmp_path, module="fastapi")

    with (
        pytest.raises(BenchmarkError, match="granian does not start"),
        run_server(spec, tmp_path, core=0),
    ):
        pass


def test_wrk_output() -> None:
    """The requests and the seconds are read; each connection may cut one request."""
    load = parse_wrk(WRK.format(""))

    assert (load.requests, load.seconds, load.cut) == (31055, 2.01, 32)
    assert generator(0.1) == "asyncio"


@pytest.mark.parametrize(
    ("line", "requests", "message"),
    [
        ("  Non-2xx or 3xx responses: 5\n", "31055", "Non-2xx or 3xx responses: 5"),
        ("  Socket errors: connect 0, read 1, write 0, timeout 0\n", "31055", "Socket errors"),
        ("", "0", "No requests"),
    ],
)
def test_failed_load(line: str, requests: str, message: str) -> None:
    """A failed request, or a load without one, is an error."""
    with pytest.raises(BenchmarkError, match=message):
        parse_wrk(WRK.format(line).replace("31055", requests))


@contextmanager
def serving(status: int) -> Iterator[int]:
    """Run a server that responds with one status; yield its port."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self.send_response(status)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"{}")

        def log_message(self, *_: object) -> None:
            pass

    class Server(ThreadingHTTPServer):
        def handle_error(
            self, request: socket | tuple[bytes, socket], client_address: tuple[str, int]
        ) -> None:
            # The end of a load cuts its last requests.
            if not isinstance(sys.exception(), ConnectionError):
                super().handle_error(request, client_address)

    with Server(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        try:
            yield server.server_port
        finally:
            server.shutdown()
            thread.join()


def test_failed_request() -> None:
    """Both clients accept a status of 2xx only."""
    with serving(200) as port:
        request(port, "/ping", 3)
        assert asyncio.run(asyncio_load(port, "/ping", 0.05)).requests > 0
    with serving(404) as port:
        with pytest.raises(BenchmarkError, match="GET /ping: 404 Not Found"):
            request(port, "/ping")
        with pytest.raises(BenchmarkError, match=r"GET /ping: HTTP/1\.1 404 Not Found"):
            asyncio.run(asyncio_load(port, "/ping", 0.05))


def test_requests_are_found(tmp_path: Path) -> None:
    """Lines are counted by their event, and counters by path and success."""
    log = tmp_path / "log"
    log.write_text(
        '{"event":"request.completed"}\n{"event":"other"}\nStarting\n'
        'INFO:     127.0.0.1:50000 - "GET /ping HTTP/1.1" 200 OK\n',
        encoding="utf-8",
    )

    assert count_lines(log, has_event("request.completed")) == 1
    assert count_lines(log, is_uvicorn_request) == 1
    assert count_in_exposition(EXPOSITION, "/ping") == 1234


@pytest.mark.parametrize(("logged", "counted"), [(99, 99), (133, 133), (101, 102), (99, None)])
def test_missing_work(logged: int, counted: int | None) -> None:
    """Missing or surplus lines are an error, and so are a log and a counter that differ."""
    with pytest.raises(BenchmarkError, match=f"^{logged} requests logged, but "):
        verify(100, 32, logged=logged, counted=counted)


@pytest.mark.parametrize("number", [100, 132])
def test_work_at_the_end_of_a_load(number: int) -> None:
    """Requests that the end of the load cut off may be logged or not."""
    verify(100, 32, logged=number, counted=number)


def test_verdicts() -> None:
    """A goal is met at its limit; a goal without a figure has no verdict."""
    results = {"all": {"CPU": 1.5}, "none": {"CPU": 1.25}}

    assert Goal("", "all", "CPU", at_least=1.5).verdict(results) == "met"
    assert Goal("", "all", "CPU", at_most=1.4).verdict(results) == "missed"
    assert Goal("", "all", "CPU", at_most=1.2, relative_to="none").figure(results) == 1.2
    assert Goal("", "all", "CPU", at_most=1, relative_to="other").verdict(results) == "not measured"
    assert Goal("", "all", "memory", at_least=1).verdict(results) == "not measured"


async def echo(
    scope: Scope,
    receive: Callable[[], Awaitable[Message]],
    send: Callable[[Message], Awaitable[None]],
) -> None:
    """Respond with the request as JSON; the last segment of the path is the status."""
    words = [scope["method"].encode(), scope["raw_path"], scope["query_string"]]
    body = b" ".join([*words, (await receive())["body"]])
    await send({"type": "http.response.start", "status": int(scope["path"][1:])})
    await send({"type": "http.response.body", "body": b'["%s"]' % body})


def test_calls_without_sockets() -> None:
    """A request arrives as it was sent, and a status other than 2xx is an error."""
    client = Client(echo)

    assert asyncio.run(client.json(Call("/201?limit=1", "POST", b"{}"))) == ["POST /201 limit=1 {}"]
    with pytest.raises(RuntimeError, match="1 of 2 requests failed"):
        asyncio.run(client.send([Call("/200"), Call("/404")]))
    assert client.requests == 3


def test_comparison() -> None:
    """The warm-up does not count, and different results have no ratio."""
    waits = iter([0.2, 0.0, *[0.02, 0.01] * 3])

    def work() -> Awaitable[None]:
        return asyncio.sleep(next(waits))

    figures = asyncio.run(compare(Work(1, work), Work(1, work), rounds=3))
    assert 1.2 < figures["time"] < 3
    with pytest.raises(RuntimeError, match="not the same"):
        check_same([1, 2], [1])
