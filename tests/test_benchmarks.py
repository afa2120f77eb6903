"""The benchmarks compute what they say, and a run in which a request fails is worth nothing."""

import asyncio
import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from xml.etree import ElementTree as ET

import pytest
from markdown_it import MarkdownIt

from benchmarks.cache import report as cache_report
from benchmarks.cache.model import GOALS as CACHE_GOALS
from benchmarks.cache.model import STORES
from benchmarks.cache.model import Result as CacheResult
from benchmarks.cache.works import WORKS as CACHE_WORKS
from benchmarks.chart import chart
from benchmarks.client import ask
from benchmarks.data import report as data_report
from benchmarks.data.model import DATABASES
from benchmarks.data.model import GOALS as DATA_GOALS
from benchmarks.data.model import Result as DataResult
from benchmarks.data.works import WORKS, same
from benchmarks.drive import Call, Message, Scope, called
from benchmarks.errors import BenchmarkError
from benchmarks.evidence import by_event, by_uvicorn, count_lines, counted, verify
from benchmarks.goals import GOALS, Goal, ResultT, Verdict, verdicts
from benchmarks.load import parsed
from benchmarks.model import Result, Setting
from benchmarks.pairs import Sample, kept, rate, times
from benchmarks.report import document
from harness import ROOT

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


def sample(cpu: float, rate: float) -> Sample:
    """Return a sample."""
    return Sample(cpu=cpu, rate=rate)


def result(name: str, **figures: float) -> Result:
    """Return the result of a row that costs what its baseline does, but for these figures."""
    defaults = {"kept": 1.0, "rate": 1.0, "memory": 1.0, "megabytes": 50.0}
    return Result(name=name, against="bare FastAPI", **{**defaults, **figures})


def test_median_of_the_ratios_of_pairs() -> None:
    """A figure is the median of the pairs' ratios, so that one disturbed pair changes nothing."""
    pairs = [
        (sample(1.0, 100.0), sample(2.0, 50.0)),
        (sample(1.0, 100.0), sample(1.25, 80.0)),
        (sample(8.0, 10.0), sample(10.0, 8.0)),
    ]

    assert kept(pairs) == 0.8
    assert rate(pairs) == 0.8
    assert times([(1.0, 1.5), (2.0, 2.0), (4.0, 8.0)]) == 1.5


def test_wrk_is_understood() -> None:
    """The requests and the seconds of a good run are read; each connection may cut one short."""
    load = parsed(WRK.format(""))

    assert (load.requests, load.seconds, load.cut) == (31055, 2.01, 32)


@pytest.mark.parametrize(
    "line",
    [
        "  Non-2xx or 3xx responses: 5",
        "  Socket errors: connect 0, read 1, write 0, timeout 0",
    ],
)
def test_failed_request_fails_the_load(line: str) -> None:
    """A request that failed is an error, not a figure."""
    with pytest.raises(BenchmarkError, match=line.strip()):
        parsed(WRK.format(f"{line}\n"))


def test_no_request_fails_the_load() -> None:
    """A load that got no answer is an error."""
    with pytest.raises(BenchmarkError, match="No requests"):
        parsed(WRK.format("").replace("31055", "0"))


@contextmanager
def answering(status: int) -> Iterator[int]:
    """Run a server that gives one status to everybody; return its port."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self.send_response(status)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"{}")

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        try:
            yield server.server_port
        finally:
            server.shutdown()
            thread.join()


def test_own_client() -> None:
    """The client that stands in for wrk takes good answers, and no others."""
    with answering(200) as port:
        ask(port, "/ping", 3)
    with (
        answering(404) as port,
        pytest.raises(BenchmarkError, match=r"GET /ping: HTTP/1\.1 404 Not Found"),
    ):
        ask(port, "/ping")


def test_requests_are_found_again(tmp_path: Path) -> None:
    """Lines are counted by their event, and counters by path and success."""
    log = tmp_path / "log"
    log.write_text(
        '{"event":"request.served"}\n{"event":"other"}\nStarting\n'
        'INFO:     127.0.0.1:50000 - "GET /ping HTTP/1.1" 200 OK\n',
        encoding="utf-8",
    )

    assert count_lines(log, by_event("request.served")) == 1
    assert count_lines(log, by_uvicorn) == 1
    assert counted(EXPOSITION, "/ping") == 1234


@pytest.mark.parametrize(("logged", "in_counter"), [(99, 99), (133, 133), (101, 102), (99, None)])
def test_work_that_was_not_done(logged: int, in_counter: int | None) -> None:
    """A line too few or too many is an error, and so are a log and a counter that disagree."""
    with pytest.raises(BenchmarkError, match=r"^ping: "):
        verify("ping", 100, 32, logged=logged, in_counter=in_counter)


@pytest.mark.parametrize("number", [100, 132])
def test_work_that_was_done(number: int) -> None:
    """What was served between the last answer and the end of the load may be logged or not."""
    verify("ping", 100, 32, logged=number, in_counter=number)


def test_verdicts() -> None:
    """A goal is met at its limit and missed beyond it, and one without a figure is neither."""
    rows = [result("everything on", kept=0.8, first_answer=1.81)]

    words = {verdict.goal.text: verdict.word for verdict in verdicts(GOALS, rows)}

    assert list(words.values()) == [
        "met",
        "not measured",
        "not measured",
        "not measured",
        "missed",
        "not measured",
    ]


def test_verdict_relative_to_another_row() -> None:
    """A practice that is off is held against a service that has never had it."""
    rows = [
        result("nothing on", in_process=1.25),
        result("tracing alone, no endpoint", in_process=1.5),
    ]

    (verdict,) = [verdict for verdict in verdicts(GOALS, rows) if verdict.figure is not None]

    assert (verdict.figure, verdict.word) == (1.2, "missed")


def test_report_parses(tmp_path: Path) -> None:
    """The Markdown has both tables, with a row for each goal and each result."""
    rows = [result("everything on", in_process=1.3), result("bare Starlette", kept=2.0)]
    unmeasured = [Verdict(goal=goal, figure=None) for goal in GOALS]
    setting = Setting(pairs=5, seconds=2, folder=tmp_path, core=0)

    text = document(rows, unmeasured, setting, {"fastapi": "1.2.3"})
    tokens = MarkdownIt().enable("table").parse(text)

    assert sum(token.type == "table_open" for token in tokens) == 2
    assert sum(token.type == "tr_open" for token in tokens) == 2 + len(GOALS) + len(rows)


def test_chart_parses() -> None:
    """The SVG has a bar for the baseline and each row against it, as long as its value."""
    rows = [result("the guide's <code>", kept=0.25), result("bare Starlette", kept=2.0)]
    other = Result(name="x", against="y", kept=1.0, rate=1.0, memory=1.0, megabytes=1.0)

    drawing = ET.fromstring(chart([*rows, other], "bare FastAPI"))  # noqa: S314  (we wrote it)
    widths = [
        float(bar.attrib["width"]) for bar in drawing.iter("{http://www.w3.org/2000/svg}rect")
    ]

    assert [width / widths[0] for width in widths] == [1.0, 0.25, 2.0]


async def echo(
    scope: Scope,
    receive: Callable[[], Awaitable[Message]],
    send: Callable[[Message], Awaitable[None]],
) -> None:
    """Answer with the method, the path, the query and the body; the status is the last segment."""
    said = [scope["method"].encode(), scope["raw_path"], scope["query_string"]]
    body = b" ".join([*said, (await receive())["body"]])
    await send({"type": "http.response.start", "status": int(scope["path"][1:])})
    await send({"type": "http.response.body", "body": body})


def test_calls_without_sockets() -> None:
    """A request arrives as it was meant, any status of 2xx will do, and no other."""
    taken: list[bytes] = []

    asyncio.run(called(echo, [Call("/201?limit=1", "POST", b"{}")], {}, taken.append))
    with pytest.raises(RuntimeError, match="1 of 2 requests failed"):
        asyncio.run(called(echo, [Call("/200"), Call("/404")], {}))

    assert taken == [b"POST /201 limit=1 {}"]


def test_different_work_is_not_compared() -> None:
    """Two forms that find different things have no ratio."""
    same([1, 2], [1, 2])
    with pytest.raises(RuntimeError, match="not the same"):
        same([1, 2], [1])


@pytest.mark.parametrize(
    ("goals", "results", "document"),
    [
        (
            DATA_GOALS,
            [
                DataResult(name=f"{work}, {database}", cpu=1.3, clock=50.0, our_growth=1.0)
                for database in DATABASES.values()
                for work in WORKS
            ],
            data_report.document,
        ),
        (
            CACHE_GOALS,
            [
                CacheResult(name=f"{work}, {store}", cpu=2.0, loads=1.0, milliseconds=80.0)
                for store in STORES.values()
                for work in CACHE_WORKS
            ],
            cache_report.document,
        ),
    ],
    ids=["data", "cache"],
)
def test_goals_name_rows(
    goals: Sequence[Goal[ResultT]],
    results: Sequence[ResultT],
    document: Callable[
        [Sequence[ResultT], Sequence[Verdict[ResultT]], int, Mapping[str, str]], str
    ],
) -> None:
    """Every goal is about something that is measured, and the report has them all."""
    reached = verdicts(goals, results)
    text = document(results, reached, 7, {"fastapi": "1.2.3"})
    tokens = MarkdownIt().enable("table").parse(text)

    assert {verdict.word for verdict in reached} == {"met"}
    assert sum(token.type == "tr_open" for token in tokens) == 2 + len(goals) + len(results)


@pytest.mark.full
@pytest.mark.parametrize(
    ("module", "arguments", "row"),
    [
        (
            "benchmarks",
            ["--pairs=1", "--seconds=1", "--only=structured logging alone", "--no-write"],
            "| structured logging alone | bare FastAPI | ",
        ),
        (
            "benchmarks.data",
            ["--rounds=1", "--database=sqlite", "--only=create"],
            "| create, SQLite | ",
        ),
        (
            "benchmarks.cache",
            ["--rounds=1", "--store=redis", "--only=cached read, against the guide's decorator"],
            "| cached read, against the guide's decorator, Redis | ",
        ),
    ],
    ids=["service", "data", "cache"],
)
def test_command(module: str, arguments: list[str], row: str) -> None:
    """A command measures a row from end to end, and its status says that all requests came."""
    done = subprocess.run(
        [sys.executable, "-m", module, *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stdout + done.stderr
    assert row in done.stdout
