"""Each practice is broken as a careless colleague would, and the project's own gate refuses it.

A case writes a module or changes a line of a rendered project, runs the one gate that is meant for
it, and expects that gate to fail by the rule or the test that it names. `test_untouched` shows that
the same gates pass without the change.
"""

import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from itertools import count
from pathlib import Path
from textwrap import dedent

import pytest

from conftest import Variant
from environment import Environment, Environments, Run, python_for
from preloaded import RunTests, preloaded
from sharing import Results

PACKAGE = "src/my_service"
LINT = ("ruff", "check")
FORMAT = ("ruff", "format", "--check")
TYPES = ("mypy",)
DEPENDENCIES = ("deptry", ".")
IMPORTS = ("lint-imports",)
TESTS = ("pytest", "-q", "-p", "no:cacheprovider")
RULES = (*TESTS, "tests/architecture")
QUICK = (LINT, IMPORTS, DEPENDENCIES)
"""The gates that take less than two seconds of CPU."""


Answers = tuple[tuple[str, object], ...]

LAYERS = "api > infrastructure > services > domain BROKEN"
NO_FRAMEWORK = "domain and services import no web framework BROKEN"

BREAKABLE: Answers = (("preset", "full"), ("database", "sqlite"))
"""The answers of the project that is broken: all of it covered, so a line without a test shows."""

MINIMAL: Answers = (("preset", "minimal"), ("database", "none"))

IN_PROCESS: Answers = (("background_jobs", "in_process"),)


MOMENTS = count(int(time.time()))


@dataclass(frozen=True, slots=True, kw_only=True)
class Break:
    """What a careless colleague does, and what must stop it."""

    gate: tuple[str, ...]
    refused_by: str
    write: dict[str, str] = field(default_factory=dict)
    change: tuple[tuple[str, str, str], ...] = ()
    answers: Answers = ()

    def do(self, project: Path) -> None:
        """Break the practice in a project."""
        for name, text in self.write.items():
            path = project / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(dedent(text).lstrip(), encoding="utf-8")
        for name, old, new in self.change:
            path = project / name
            text = path.read_text(encoding="utf-8")
            assert old in text, f"{name} no longer holds {old!r}"
            path.write_text(text.replace(old, new), encoding="utf-8")
        for path in {project / name for name in (*self.write, *(name for name, *_ in self.change))}:
            # Python tells the bytecode of two breaks within a second apart by this only.
            os.utime(path, (next(MOMENTS),) * 2)


def module(gate: tuple[str, ...], refused_by: str, code: str, at: str = "careless.py") -> Break:
    """Return the break that adds a module to the package."""
    code = f'"""Written in a hurry."""\n\n{dedent(code).lstrip()}'
    return Break(gate=gate, refused_by=refused_by, write={f"{PACKAGE}/{at}": code})


def change(
    refused_by: str, tests: str, at: str, old: str, new: str, *more: tuple[str, str]
) -> Break:
    """Return the break that changes lines of a file, which tests must notice."""
    name = at if at.startswith(("migrations", "tests", ".env", "pyproject")) else f"{PACKAGE}/{at}"
    changes = tuple((name, *pair) for pair in ((old, new), *more))
    return Break(gate=(*TESTS, f"{tests}::{refused_by}"), refused_by=refused_by, change=changes)


BY_LINTER = {
    "mutable default": module(
        LINT, "B006", "def add(item: str, items: list[str] = []) -> list[str]: ..."
    ),
    "boolean flag by position": module(
        LINT, "FBT001", "def create(email: str, is_admin: bool) -> None: ..."
    ),
    "too many parameters": module(
        LINT, "PLR0913", "def order(a: int, b: int, c: int, d: int, e: int, f: int) -> None: ..."
    ),
    "print instead of a log": module(LINT, "T201", 'print("here")'),
    "blind except": module(
        LINT,
        "BLE001",
        """
        def load() -> int | None:
            try:
                return int("1")
            except Exception:
                return None
        """,
    ),
    "swallowed error": module(
        LINT,
        "S110",
        """
        try:
            int("1")
        except ValueError:
            pass
        except Exception:
            pass
        """,
    ),
    "cause lost": module(
        LINT,
        "B904",
        """
        try:
            int("1")
        except ValueError:
            raise LookupError
        """,
    ),
    "typing.Optional": module(
        LINT, "UP045", "from typing import Optional\n\nLIMIT: Optional[int] = None"
    ),
    "typing.List": module(LINT, "UP006", "from typing import List\n\nNAMES: List[str] = []"),
    "naive time": module(LINT, "DTZ005", "from datetime import datetime\n\nNOW = datetime.now()"),
    "loop held up": module(
        LINT,
        "ASYNC251",
        """
        import time


        async def call() -> None:
            time.sleep(1)
        """,
    ),
    "file left open": module(
        LINT, "SIM115", 'from pathlib import Path\n\nTEXT = Path("a").open(encoding="utf-8").read()'
    ),
    "secret in the code": module(LINT, "S105", 'SECRET_KEY = "changeme-changeme"'),
    "no annotation": module(LINT, "ANN001", "def double(n) -> int: ..."),
    "ignore without a rule": module(LINT, "PGH003", 'LIMIT: int = "1"  # type: ignore'),
    "no docstring": Break(
        gate=LINT, refused_by="D100", write={f"{PACKAGE}/careless.py": "LIMIT = 1\n"}
    ),
}

BY_TYPES = {
    "untyped function": module(TYPES, "no-untyped-def", "def double(n): return n * 2"),
    "wrong argument": module(
        TYPES,
        "arg-type",
        """
        from my_service.errors import NotFoundError

        error = NotFoundError(404)
        """,
    ),
    "misspelt setting": module(
        TYPES,
        "attr-defined",
        """
        from my_service.settings import Settings

        def port(settings: Settings) -> object:
            return settings.server.prot
        """,
    ),
}

BY_DEPENDENCIES = {
    "undeclared dependency": module(DEPENDENCIES, "DEP001", "import tinydb"),
    "borrowed dependency": module(DEPENDENCIES, "DEP003", "import anyio"),
    "unused dependency": Break(
        gate=DEPENDENCIES,
        refused_by="DEP002",
        change=(
            (
                "pyproject.toml",
                "  # Your own dependencies go below this line.",
                '  "tinydb>=4",\n  # Your own dependencies go below this line.',
            ),
        ),
    ),
}

BY_ARCHITECTURE = {
    "web in the domain": module(IMPORTS, NO_FRAMEWORK, "import fastapi", "domain/careless.py"),
    "use case in the domain": module(
        IMPORTS,
        LAYERS,
        "from my_service.services import user_service",
        "domain/careless.py",
    ),
    "routes in a use case": module(
        IMPORTS,
        LAYERS,
        "from my_service.api.routes import health",
        "services/users.py",
    ),
    "settings at import": module(
        RULES,
        "test_only_the_owner_calls",
        "from my_service.settings import Settings\n\nsettings = Settings()",
    ),
    "settings by another name": module(
        RULES,
        "test_only_the_owner_calls",
        "from my_service import settings as configuration\n\nsettings = configuration.Settings()",
    ),
    "settings by a relative import": module(
        RULES,
        "test_only_the_owner_calls",
        "from ..settings import Settings\n\nsettings = Settings()",
        at="api/careless.py",
    ),
    "settings from a cache": module(
        LINT,
        "TID251 `my_service.settings.Settings.load`",
        """
        from functools import lru_cache

        from my_service.settings import Settings

        @lru_cache
        def get_settings() -> Settings:
            return Settings.load({})
        """,
    ),
    "settings loaded by another name": module(
        LINT,
        "TID251 `my_service.settings.Settings.load`",
        """
        from .settings import Settings as Configuration

        load = Configuration.load
        """,
    ),
    "settings loaded in a layer": module(
        LINT,
        "TID251 `my_service.settings.Settings.load`",
        """
        from my_service import settings

        def size() -> int:
            return settings.Settings.load({}).limits.body_bytes
        """,
        at="infrastructure/commands.py",
    ),
    "environment read elsewhere": module(
        LINT, "TID251 `os.getenv`", 'import os\n\nKEY = os.getenv("KEY")'
    ),
    "environment read by its mapping": module(
        LINT, "TID251 `os.environ`", "from os import environ as variables\n\nALL = {**variables}"
    ),
    "needs a variable to be imported": module(
        RULES, "test_nothing_happens_at_import", 'import os\n\nURL = os.environ["DATABASE_URL"]'
    ),
    "application at import": module(
        RULES, "test_only_the_owner_calls", "from fastapi import FastAPI\n\napp = FastAPI()"
    ),
    "application by its module": module(
        RULES, "test_only_the_owner_calls", "import fastapi as web\n\napp = web.FastAPI()"
    ),
    "routes in the infrastructure": module(
        RULES,
        "test_infrastructure_has_no_routes",
        "from fastapi.routing import APIRoute",
        at="infrastructure/careless.py",
    ),
    "web by way of another module": Break(
        gate=IMPORTS,
        refused_by=NO_FRAMEWORK,
        write={
            f"{PACKAGE}/utils/web.py": "from fastapi import Request\n",
            f"{PACKAGE}/services/careless.py": "from my_service.utils import web\n",
        },
    ),
    "domain that measures itself": module(
        IMPORTS,
        "domain imports no observability BROKEN",
        "from my_service.observability import request_id",
        at="domain/careless.py",
    ),
    "second place that maps errors": module(
        RULES,
        "test_only_the_owner_calls",
        """
        from fastapi import FastAPI

        def install(app: FastAPI) -> None:
            app.add_exception_handler(KeyError, print)
        """,
    ),
    "error handler by decorator": module(
        RULES,
        "test_only_the_owner_calls",
        """
        from fastapi import FastAPI

        def install(app: FastAPI) -> None:
            @app.exception_handler(KeyError)
            def handle() -> None: ...
        """,
    ),
    "second event loop": module(
        LINT,
        "TID251 `asyncio.run`",
        "import asyncio\n\ndef call() -> None:\n    asyncio.run(asyncio.sleep(0))",
    ),
    "second event loop by another name": module(
        LINT,
        "TID251 `asyncio.run`",
        "import asyncio as a\n\ndef call() -> None:\n    a.run(a.sleep(0))",
        at="services/careless.py",
    ),
    "second log set-up": module(
        LINT, "TID251 `structlog.configure`", "import structlog\n\nstructlog.configure()"
    ),
    "second log handler": module(
        RULES,
        "test_one_module_adds_log_handlers",
        "import logging\n\nlogging.getLogger().addHandler(logging.NullHandler())",
    ),
    "basic log set-up": module(
        LINT, "TID251 `logging.basicConfig`", "import logging\n\nlogging.basicConfig()"
    ),
    "log set-up by a dictionary": module(
        LINT,
        "TID251 `logging.config`",
        "from logging.config import dictConfig\n\ndictConfig({'version': 1})",
    ),
    "BaseHTTPMiddleware": module(
        LINT,
        "TID251 `starlette.middleware.base`",
        """
        from starlette.middleware.base import BaseHTTPMiddleware

        class Timer(BaseHTTPMiddleware): ...
        """,
    ),
    "middleware by decorator": module(
        RULES,
        "test_only_the_owner_calls",
        """
        from fastapi import FastAPI

        def install(app: FastAPI) -> None:
            @app.middleware("http")
            async def timer() -> None: ...
        """,
    ),
    "prefix at the inclusion": module(
        RULES,
        "test_router_carries_its_full_prefix",
        """
        from fastapi import APIRouter, FastAPI

        def install(app: FastAPI, router: APIRouter) -> None:
            app.include_router(router, prefix="/v1")
        """,
    ),
    "second owner of the transaction": module(
        RULES,
        "test_one_module_owns_the_transactions",
        """
        from sqlalchemy.ext.asyncio import AsyncSession

        async def save(session: AsyncSession) -> None:
            await session.commit()
        """,
    ),
    "pages by offset": module(
        RULES,
        "test_pages_have_no_offset",
        """
        from sqlalchemy import Select

        def page(rows: Select[tuple[int]], number: int) -> Select[tuple[int]]:
            return rows.limit(100).offset(100 * number)
        """,
    ),
    "money as a float": module(
        RULES,
        "test_money_is_no_float",
        "def fee(amount: float) -> float: ...",
    ),
    "guard that may lie": module(
        LINT,
        "TID251 `typing.TypeGuard`",
        """
        from typing import TypeGuard

        def is_name(value: object) -> TypeGuard[str]: ...
        """,
    ),
    "guard that may lie, by its module": module(
        LINT,
        "TID251 `typing.TypeGuard`",
        """
        import typing as t

        def is_name(value: object) -> t.TypeGuard[str]: ...
        """,
    ),
    "use case that knows the web": module(
        IMPORTS,
        NO_FRAMEWORK,
        "from fastapi import Request",
        at="services/careless.py",
    ),
    "client of one's own": module(
        LINT,
        "TID251 `httpx.AsyncClient`",
        """
        import httpx

        async def load(url: str) -> bytes:
            async with httpx.AsyncClient() as client:
                return (await client.get(url)).content
        """,
    ),
    "call without a client": module(
        LINT,
        "TID251 `httpx.get`",
        """
        import httpx

        def load(url: str) -> bytes:
            return httpx.get(url).content
        """,
    ),
    "client by another name": module(
        LINT,
        "TID251 `httpx.AsyncClient`",
        """
        from httpx import AsyncClient as Fetcher

        async def load(url: str) -> bytes:
            async with Fetcher() as client:
                return (await client.get(url)).content
        """,
    ),
    "client of another library": module(
        LINT,
        "TID251 `urllib.request`",
        """
        from urllib.request import urlopen

        def load(url: str) -> bytes:
            return urlopen(url).read()
        """,
    ),
    "redirects followed": Break(
        gate=RULES,
        refused_by="test_no_redirect_is_followed",
        change=(
            (
                f"{PACKAGE}/infrastructure/http_client.py",
                "follow_redirects=False,",
                "follow_redirects=True,",
            ),
        ),
    ),
    "outside world patched over": Break(
        gate=RULES,
        refused_by="test_httpx_is_not_patched",
        write={
            "tests/unit/test_careless.py": """
            from unittest.mock import AsyncMock, patch

            def test_load() -> None:
                with patch("httpx.AsyncClient.get", AsyncMock()):
                    pass
            """
        },
    ),
    "cache server called from elsewhere": module(
        LINT,
        "TID251 `redis`",
        "from redis.asyncio import from_url\n\nCLIENT = from_url('redis://localhost')",
    ),
    "pickled entries": module(LINT, "TID251 `pickle`", "import pickle"),
    "entries pickled by another name": module(
        LINT, "TID251 `pickle`", "from pickle import loads as read\n\nVALUE = read"
    ),
    "password as plain text": module(
        RULES,
        "test_secret_fields_are_secret",
        """
        from pydantic import BaseModel

        class UserCreate(BaseModel):
            password: str
        """,
    ),
}

BODIES = "tests/api/test_bodies.py"
CACHE = "tests/unit/test_cache.py"
DATABASE = "tests/integration/test_database.py"
REPOSITORIES = "tests/integration/test_repositories.py"
EDGE = "tests/api/test_edge.py"
ERRORS = "tests/api/test_errors.py"
HEADERS = "tests/api/test_headers.py"
HEALTH = "tests/api/test_health.py"
HTTP_CLIENT = "tests/unit/test_http_client.py"
LIMITS = "tests/api/test_limits.py"
LOG = "tests/unit/test_logging.py"
METRICS = "tests/api/test_metrics.py"
REDIS = "tests/integration/test_redis_cache.py"
REQUEST_ID = "tests/api/test_request_id.py"
SERVER = "tests/api/test_server.py"
JOBS = "tests/unit/test_in_process_jobs.py"
OUTBOX = "tests/integration/test_outbox.py"
SETTINGS = "tests/unit/test_settings.py"
STATS = "tests/api/test_user_stats.py"
TRACING = "tests/api/test_tracing.py"

BY_TESTS = {
    "two errors with one code": change(
        "test_codes_are_unique",
        "tests/unit/test_error_codes.py",
        "errors.py",
        'code = "conflict"',
        'code = "not_found"',
    ),
    "error without a status": change(
        "test_every_error_has_a_status",
        "tests/unit/test_error_codes.py",
        "api/errors.py",
        "    errors.ForbiddenError: 403,\n",
        "",
    ),
    "input echoed": change(
        "test_input_is_never_echoed",
        ERRORS,
        "api/errors.py",
        'error["msg"] if code in RULES or code.endswith("_type") else "Value is not valid"',
        'str(error["input"])',
    ),
    "name of an unknown member echoed": change(
        "test_input_is_never_echoed",
        ERRORS,
        "api/errors.py",
        'if code == "extra_forbidden" else',
        'if code == "never" else',
    ),
    "validators quoted": change(
        "test_input_is_never_echoed",
        ERRORS,
        "api/errors.py",
        'error["msg"] if code in RULES or code.endswith("_type") else "Value is not valid"',
        'error["msg"]',
    ),
    "framework's own answers": change(
        "test_every_error_is_a_problem",
        ERRORS,
        "api/errors.py",
        "RequestValidationError, HTTPException, ClientDisconnect):",
        "):",
    ),
    "client that leaves taken for a failure": change(
        "test_client_that_leaves_is_no_failure",
        EDGE,
        "api/errors.py",
        "HTTPException, ClientDisconnect):",
        "HTTPException):",
    ),
    "faults without number": change(
        "test_faults_are_few_and_short", ERRORS, "api/errors.py", "[:MOST_FAULTS]", ""
    ),
    "no catch-all": change(
        "test_connection_outlives_an_unforeseen_error",
        ERRORS,
        "api/edge.py",
        "            await answer(error)(scope, receive, watched)\n",
        "            raise\n",
    ),
    "faults of middleware left to the server": change(
        "test_fault_in_middleware_is_answered",
        "tests/api/test_edge.py",
        "app.py",
        "middleware=[edge, *(item for component in components for item in component.middleware)],",
        "middleware=[*(item for component in components for item in component.middleware), edge],",
    ),
    "cause shown to the caller": change(
        "test_unforeseen_error_tells_nothing",
        ERRORS,
        "api/errors.py",
        "return problem(500, CODES[500])",
        "return problem(500, CODES[500], detail=str(error))",
    ),
    "problems not declared": change(
        "test_problems_are_declared", ERRORS, "app.py", "        responses=errors.RESPONSES,\n", ""
    ),
    "closed in the wrong order": change(
        "test_components_start_in_order_and_stop_in_reverse",
        "tests/unit/test_app.py",
        "app.py",
        "for component in components:\n                if",
        "for component in reversed(components):\n                if",
    ),
    "driver's error in the probe": change(
        "test_not_ready_when_one_fails",
        HEALTH,
        "api/routes/health.py",
        'health(503, "unavailable")',
        'health(503, "postgresql://user:hunter2@db refused")',
    ),
    "probe without a deadline": change(
        "test_probes_run_at_once_under_a_deadline",
        HEALTH,
        "api/routes/health.py",
        "async with asyncio.timeout(seconds):",
        "async with asyncio.timeout(seconds * 20):",
    ),
    "liveness that asks others": change(
        "test_live_asks_nobody",
        HEALTH,
        "api/routes/health.py",
        "async def live(_request: Request) -> Response:\n",
        "async def live(request: Request) -> Response:\n"
        "    await request.app.state.probes['database']()\n",
    ),
    "local variables in the log": change(
        "test_traceback_has_no_local_variables",
        LOG,
        "observability/logging.py",
        "structlog.processors.format_exc_info,",
        "structlog.processors.dict_tracebacks,",
    ),
    "log without the pipeline": change(
        "test_every_logger_writes_the_same_form",
        LOG,
        "observability/logging.py",
        "foreign_pre_chain=[*first, structlog.stdlib.ExtraAdder(), drop_copies],",
        "foreign_pre_chain=None,",
    ),
    "secrets in the log": change(
        "test_secrets_are_redacted", LOG, "observability/logging.py", "        redact,\n", ""
    ),
    "forged lines in the log": change(
        "test_injected_newline_stays_on_its_line",
        LOG,
        "observability/logging.py",
        "return [write_time, escape, ",
        "return [write_time, ",
    ),
    "client address in the log": change(
        "test_client_is_logged_only_if_wanted",
        LOG,
        "observability/logging.py",
        "if self.client_address and scope",
        "if scope",
    ),
    "request id taken unseen": change(
        "test_odd_id_is_replaced",
        REQUEST_ID,
        "observability/request_id.py",
        "given is not None and VALID.fullmatch(given)",
        "given is not None",
    ),
    "request id only in the log": change(
        "test_failing_request_has_its_id", REQUEST_ID, "api/edge.py", "*exchange.headers,\n", "\n"
    ),
    "objects shown by their repr": change(
        "test_every_value_can_be_logged",
        LOG,
        "observability/logging.py",
        'return f"<{type(value).__name__}>"',
        "return repr(value)",
    ),
    "credentials of an address in the log": change(
        "test_addresses_show_no_credentials",
        LOG,
        "observability/logging.py",
        'CREDENTIALS.sub("[redacted]@", value) if "://" in value else value',
        "value",
    ),
    "lines out of order": change(
        "test_no_line_overtakes_another",
        LOG,
        "observability/logging.py",
        '        self.pending.append(line.encode(errors="backslashreplace"))\n'
        "        self.flush()\n",
        '        self.stream.write(line.encode() + b"\\n")\n',
    ),
    "full disk fails requests": change(
        "test_log_that_is_full_fails_nobody",
        LOG,
        "observability/logging.py",
        "        except OSError:\n            return\n",
        "        except KeyError:\n            return\n",
    ),
    "path for a label": change(
        "test_clients_add_no_series",
        METRICS,
        "observability/metrics.py",
        "exchange.route, exchange.status)",
        'exchange.scope["path"], exchange.status)',
    ),
    "invented methods for labels": change(
        "test_clients_add_no_series",
        METRICS,
        "observability/metrics.py",
        "name = method if method in METHODS else OTHER",
        "name = method",
    ),
    "metrics for everybody": change(
        "test_metrics_need_the_token",
        METRICS,
        "observability/metrics.py",
        "if not compare_digest(",
        "if given == 'x' and not compare_digest(",
    ),
    "metrics of the process": change(
        "test_applications_count_apart",
        METRICS,
        "observability/metrics.py",
        "        self.registry = CollectorRegistry()\n",
        "        self.__dict__ = SHARED\n"
        "        if SHARED:\n"
        "            return\n"
        "        self.registry = CollectorRegistry()\n",
        ("class Metrics:", "SHARED: dict[str, object] = {}\n\n\nclass Metrics:"),
    ),
    "token that can be guessed": change(
        "test_token_must_be_hard_to_guess",
        METRICS,
        "settings.py",
        "    if text and (is_short",
        "    if not text and (is_short",
    ),
    "query in the traces": change(
        "test_query_is_kept_out",
        TRACING,
        "observability/tracing.py",
        "    provider.add_span_processor(Redact())\n",
        "",
    ),
    "every request traced": change(
        "test_share_of_the_requests_is_traced",
        TRACING,
        "observability/tracing.py",
        "        sampler=ParentBasedTraceIdRatio(settings.tracing.sample_ratio),\n",
        "",
    ),
    "last spans lost": change(
        "test_spans_reach_the_collector",
        TRACING,
        "observability/tracing.py",
        "            await asyncio.to_thread(provider.shutdown)\n",
        "            await asyncio.sleep(0)\n",
    ),
    "line without its trace": change(
        "test_lines_of_a_request_name_its_trace",
        "tests/api/test_trace_ids.py",
        "observability/trace_ids.py",
        "    trace_id.set(",
        "    print(",
    ),
    "body that takes the answer's time": change(
        "test_whoever_has_read_a_body_has_time_to_answer",
        LIMITS,
        "api/limits.py",
        "            self.on_complete()\n",
        "",
    ),
    "body read whatever its size": change(
        "test_body_over_the_limit_is_not_read_on",
        LIMITS,
        "api/limits.py",
        "if self.size > self.limit:",
        "if self.size < 0:",
    ),
    "no deadline": change(
        "test_answer_must_begin_in_time", LIMITS, "api/limits.py", "task.cancel()", "pass"
    ),
    "stream cut while it flows": change(
        "test_stream_that_flows_is_not_cut",
        LIMITS,
        "api/edge.py",
        'elif message.get("more_body"):',
        'elif message.get("never"):',
    ),
    "everybody let in": change(
        "test_too_many_at_once_are_turned_away",
        LIMITS,
        "api/limits.py",
        "if len(self.traffic.ends) > self.at_once:",
        "if len(self.traffic.ends) > self.at_once + 1:",
    ),
    "host believed": change(
        "test_only_known_hosts_are_served",
        LIMITS,
        "api/limits.py",
        "name == allowed or",
        "allowed in name or",
    ),
    "JSON that others read differently": change(
        "test_doubtful_json_is_refused",
        BODIES,
        "api/router.py",
        "if len(found) < len(pairs):",
        "if len(found) > len(pairs):",
    ),
    "NaN let in": change(
        "test_doubtful_json_is_refused",
        BODIES,
        "api/router.py",
        "parse_constant=refuse, ",
        "",
    ),
    "any body taken for JSON": change(
        "test_other_media_types_are_refused",
        BODIES,
        "api/router.py",
        'if "content-type" in headers and not is_json(headers["content-type"]):',
        "if not headers:",
    ),
    "headers without end": change(
        "test_large_head_is_refused",
        SERVER,
        "server.py",
        "        if self.received > self.settings.header_bytes:\n",
        "        if self.received < 0:\n",
    ),
    "trailer without end": change(
        "test_what_is_around_a_body_has_a_size",
        SERVER,
        "server.py",
        "        self.received += len(data)\n",
        "        self.received += len(data) * self.in_head\n",
    ),
    "trailer taken for headers": change(
        "test_trailer_is_no_header",
        SERVER,
        "server.py",
        "        self.headers = [*self.headers]",
        "        self.headers = self.headers",
    ),
    "body that nobody reads": change(
        "test_body_that_nobody_reads_has_its_time",
        SERVER,
        "server.py",
        "        if not self.in_head and self.cycle.response_complete:\n",
        "        if self.in_head and self.cycle.response_complete:\n",
    ),
    "answer that nobody takes": change(
        "test_client_that_takes_nothing_is_cut_off",
        SERVER,
        "server.py",
        "            self.transport.abort()\n",
        "            self.transport.close()\n",
    ),
    "silent connection": change(
        "test_silent_connection_is_closed",
        SERVER,
        "server.py",
        "        self.timer: asyncio.TimerHandle | None = None\n        self.start_timer()\n",
        "        self.timer: asyncio.TimerHandle | None = None\n",
    ),
    "second head that never comes": change(
        "test_every_head_must_come_in_time",
        SERVER,
        "server.py",
        "        elif self.in_head and self.received and self.timer is None:\n",
        "        elif self.in_head and self.received and self.timer is not None:\n",
    ),
    "any proxy believed": change(
        "test_only_known_proxies_are_believed",
        SERVER,
        "server.py",
        "proxy_headers=bool(settings.trusted_proxies),",
        "proxy_headers=True,",
        ("list(settings.trusted_proxies)", '"*"'),
    ),
    "types left to the browser": change(
        "test_answers_are_what_they_say",
        HEADERS,
        "api/edge.py",
        "*added(headers),\n",
        "\n",
    ),
    "pages that can be framed": change(
        "test_documents_are_not_framed",
        HEADERS,
        "api/headers.py",
        "return DOCUMENT if is_document else ALWAYS",
        "return ALWAYS",
    ),
    "every site may call": change(
        "test_named_sites_may_call",
        HEADERS,
        "api/cors.py",
        "allow_origins=cors.origins,",
        'allow_origin_regex=".*",',
    ),
    "clients kept while it drains": change(
        "test_draining_service_sends_clients_away",
        HEADERS,
        "api/edge.py",
        "*self.traffic.farewell,\n",
        "\n",
    ),
    "credentials for every site": change(
        "test_credentials_are_not_for_every_site",
        SETTINGS,
        "settings.py",
        'if self.credentials and "*" in self.origins:',
        'if self.credentials and "**" in self.origins:',
    ),
    "everybody trusted": change(
        "test_bad_value_is_named", SETTINGS, "settings.py", "    if everybody:\n", "    if False:\n"
    ),
    "operations for users": change(
        "test_who_is_answered_what",
        "tests/api/test_admin.py",
        "api/edge.py",
        "for path, item in component.operations.items()}",
        "for path, item in (component.operations | component.admin_operations).items()}",
    ),
    "outage taken for a fault": change(
        "test_outage_is_told",
        DATABASE,
        "infrastructure/sqlite.py",
        "        sqlite3.SQLITE_CANTOPEN,\n",
        "",
    ),
    "work that was given up is lost": change(
        "test_work_that_was_given_up_is_done_again",
        DATABASE,
        "infrastructure/database.py",
        "if attempt == ATTEMPTS:",
        "if attempt:",
    ),
    "transactions left to the driver": change(
        "test_reading_writes_nothing",
        DATABASE,
        "infrastructure/sqlite.py",
        '    event.listen(engine.sync_engine, "begin", begin)\n',
        "",
    ),
    "values of statements in the log": change(
        "test_slow_statements_are_logged_without_values",
        DATABASE,
        "infrastructure/database.py",
        "def end(connection: Connection, _cursor: object, statement: str, *_: object) -> None:",
        "def end(connection, _cursor, statement, values, *_):",
        ('"statement": statement,', '"statement": str(values),'),
    ),
    "author fetched for each post": change(
        "test_newest_come_first",
        "tests/api/test_posts.py",
        "infrastructure/repositories.py",
        ".options(selectinload(Post.author))",
        "",
    ),
    "a query for each look": change(
        "test_author_is_asked_for_or_absent",
        REPOSITORIES,
        "domain/models.py",
        'relationship(lazy="raise")',
        "relationship()",
    ),
    "a query for each post": change(
        "test_lists_take_as_many_statements",
        "tests/api/test_users.py",
        "infrastructure/repositories.py",
        "        return (await self.session.scalars(query)).all()\n\n\nclass AccountRepository",
        "        found = (await self.session.scalars(query)).all()\n"
        "        for post in found:\n"
        "            await self.session.refresh(post, ['author'])\n"
        "        return found\n\n\nclass AccountRepository",
        (".options(selectinload(Post.author))", ""),
    ),
    "key not looked up": change(
        "test_key_is_used_once",
        "tests/api/test_transfers.py",
        "services/transfer_service.py",
        "if made is not None:",
        "if made is not None and made.amount < 0:",
    ),
    "money that is not there": change(
        "test_money_must_be_there",
        "tests/api/test_transfers.py",
        "domain/models.py",
        "if amount > self.balance:",
        "if amount < 0:",
    ),
    "last writer wins": change(
        "test_change_needs_what_was_seen",
        "tests/api/test_users.py",
        "services/user_service.py",
        "user.version not in change.versions",
        "not change.versions",
    ),
    "any member taken": change(
        "test_odd_user_is_refused",
        "tests/api/test_users.py",
        "api/schemas/scalars.py",
        'extra="forbid", frozen=True, strict',
        "frozen=True, strict",
    ),
    "cursor of anybody believed": change(
        "test_cursor_of_others_is_refused",
        "tests/unit/test_cursors.py",
        "api/cursors.py",
        "if not hmac.compare_digest(signature, self.sign(number, path)):",
        "if len(signature) != SIGNATURE_BYTES:",
    ),
    "every broken rule a conflict": change(
        "test_other_broken_rules_stay_errors",
        REPOSITORIES,
        "infrastructure/repositories.py",
        "if dialect.is_broken(name, error):",
        "if name:",
        ("rules: ClassVar[Mapping[str, Rule]] = {}", 'rules = {"any": (AppError, "Conflict")}'),
    ),
    "transaction lost with a broken rule": change(
        "test_transaction_goes_on_after_a_broken_rule",
        REPOSITORIES,
        "infrastructure/repositories.py",
        "            async with self.session.begin_nested():\n                yield\n",
        "            yield\n            await self.session.flush()\n",
    ),
    "a statement for each row": change(
        "test_many_are_stored_by_few_statements",
        REPOSITORIES,
        "infrastructure/repositories.py",
        "batched(users, STORED_AT_ONCE)",
        "batched(users, 1)",
    ),
    "error hidden in a group": change(
        "test_failure_comes_by_itself_and_ends_the_others",
        "tests/unit/test_concurrency.py",
        "utils/concurrency.py",
        "except BaseExceptionGroup as failures:",
        "except ZeroDivisionError as failures:",
    ),
    "index forgotten in the migration": change(
        "test_models_need_no_other_migration",
        "tests/integration/test_migrations.py",
        "migrations/versions/2026_01_02_0002_example.py",
        '    op.create_index("ix_posts_author_id", "posts", ["author_id"])\n',
        "",
    ),
    "password of the database shown": change(
        "test_password_is_not_shown",
        DATABASE,
        "settings.py",
        "    url: SecretStr = SecretStr(DATABASE_URL)\n",
        "    url: str = DATABASE_URL\n",
    ),
    "times without a zone": change(
        "test_time_without_a_zone_is_refused",
        DATABASE,
        "domain/base.py",
        "if value is not None and value.tzinfo is None:",
        "if value is None and value:",
    ),
    "constraints without names": change(
        "test_constraints_have_names",
        DATABASE,
        "domain/base.py",
        "MetaData(naming_convention=NAMES)",
        "MetaData()",
    ),
    "connections left open": change(
        "test_connections_end_with_the_service",
        DATABASE,
        "infrastructure/database.py",
        "            await database.engine.dispose()\n",
        "            await asyncio.sleep(0)\n",
    ),
    "falsy value taken for a miss": change(
        "test_falsy_values_are_served",
        CACHE,
        "infrastructure/cache.py",
        "                return self.hit(policy, body)\n",
        "                if value := self.hit(policy, body):\n                    return value\n",
    ),
    "types left to JSON": change(
        "test_value_comes_back",
        "tests/unit/test_cache_codec.py",
        "infrastructure/cache_codec.py",
        "self.adapter.validate_json(data, by_alias=False, by_name=True)",
        "json.loads(data)",
    ),
    "types that JSON does not know made to text": change(
        "test_value_of_another_type_is_refused",
        "tests/unit/test_cache_codec.py",
        "infrastructure/cache_codec.py",
        'warnings="error")',
        "warnings=False, fallback=str)",
    ),
    "cached method without its name": change(
        "test_method_stays_itself",
        CACHE,
        "infrastructure/cache.py",
        "        @wraps(function)\n",
        "",
    ),
    "entry of another schema read": change(
        "test_other_schema_is_a_miss",
        CACHE,
        "infrastructure/cache_entry.py",
        "not self.raw.startswith(self.stamp)",
        "len(self.raw) < len(self.stamp)",
    ),
    "damaged entry read": change(
        "test_damaged_entry_is_a_miss",
        CACHE,
        "infrastructure/cache_entry.py",
        "return body if is_whole else None",
        "return body if is_whole else body",
    ),
    "entries that all end at once": change(
        "test_times_differ",
        CACHE,
        "infrastructure/cache_entry.py",
        " * (1 - jitter * secrets.randbelow(1000) / 1000)",
        " * (1 - jitter)",
    ),
    "old load that brings a value back": change(
        "test_old_load_brings_nothing_back",
        CACHE,
        "infrastructure/cache.py",
        "self.store.replace(now.name, now.raw, now.seal(body), seconds)",
        "self.store.mark(now.name, now.seal(body), seconds)",
    ),
    "key that everybody loads": change(
        "test_work_is_done_once",
        "tests/unit/test_single_flight.py",
        "infrastructure/single_flight.py",
        "flight = self.flights.get(name)\n",
        "flight = None\n",
    ),
    "load that ends with its first caller": change(
        "test_who_leaves_takes_nothing_from_the_others",
        "tests/unit/test_single_flight.py",
        "infrastructure/single_flight.py",
        "await asyncio.wait([flight.task])",
        "await flight.task",
    ),
    "cache server waited for": change(
        "test_every_answer_is_a_miss_in_time",
        REDIS,
        "infrastructure/redis_cache.py",
        "asyncio.timeout(self.seconds), self.turns",
        "asyncio.timeout(self.seconds * 60), self.turns",
    ),
    "slow cache waited for again and again": change(
        "test_slow_store_is_waited_for_once",
        CACHE,
        "infrastructure/cache.py",
        "                async with until(end):\n                    is_ours",
        "                async with until(end + 60):\n                    is_ours",
    ),
    "tags that are waited for one by one": change(
        "test_slow_store_is_waited_for_once",
        CACHE,
        "infrastructure/cache.py",
        "            async with until(end):\n                for tag",
        "            async with until(end + 60):\n                for tag",
    ),
    "slow cache waited for after the load": change(
        "test_time_of_the_load_is_not_the_stores",
        CACHE,
        "infrastructure/cache.py",
        "until(clock() + left)",
        "until(clock() + 60)",
    ),
    "load that takes the time of the store": change(
        "test_time_of_the_load_is_not_the_stores",
        CACHE,
        "infrastructure/cache.py",
        "until(clock() + left)",
        "until(end)",
    ),
    "cache server asked in an outage": change(
        "test_breaker_opens_and_closes",
        REDIS,
        "infrastructure/redis_cache.py",
        "            if now < self.retry_at:\n",
        "            if now < 0:\n",
    ),
    "marks lost in an outage": change(
        "test_forgotten_in_an_outage",
        REDIS,
        "infrastructure/redis_cache.py",
        "                await self.write_marks()\n                result",
        "                result",
    ),
    "address of the cache shown": change(
        "test_address_is_checked",
        REDIS,
        "settings.py",
        "RedisUrl = Annotated[SecretStr, ",
        "RedisUrl = Annotated[str, ",
        ("if not value.get_secret_value().startswith((", "if not str(value).startswith(("),
    ),
    "model without a migration": Break(
        gate=(*TESTS, "tests/integration/test_migrations.py"),
        refused_by="test_models_need_no_other_migration",
        write={
            f"{PACKAGE}/domain/orders.py": """
            from sqlalchemy.orm import Mapped, mapped_column

            from my_service.domain.base import Base

            class Order(Base):
                __tablename__ = "orders"

                id: Mapped[int] = mapped_column(primary_key=True)
            """
        },
    ),
    "migration without a way back": Break(
        gate=(*TESTS, "tests/integration/test_migrations.py"),
        refused_by="test_up_down_and_up",
        write={
            "migrations/versions/2026_02_01_0003_orders.py": """
            import sqlalchemy as sa
            from alembic import op

            revision = "0003"
            down_revision = "0001"

            def upgrade() -> None:
                op.create_table("orders", sa.Column("id", sa.Integer(), primary_key=True))

            def downgrade() -> None:
                pass
            """
        },
    ),
    "order sent twice": change(
        "test_only_what_does_no_harm_is_repeated",
        HTTP_CLIENT,
        "infrastructure/http_client.py",
        '"OPTIONS", "PUT"})',
        '"OPTIONS", "POST", "PUT"})',
    ),
    "body sent again that is gone": change(
        "test_body_that_is_gone_is_not_repeated",
        HTTP_CLIENT,
        "infrastructure/http_client.py",
        "is_safe and isinstance(request.stream, httpx.ByteStream)",
        "is_safe",
    ),
    "retries on what httpx never raises": change(
        "test_passing_failure_is_overcome",
        HTTP_CLIENT,
        "infrastructure/retries.py",
        "isinstance(error, httpx.TransportError)",
        "isinstance(error, ConnectionError | TimeoutError)",
    ),
    "transport error left to the caller": change(
        "test_lasting_failure_is_unavailability",
        HTTP_CLIENT,
        "infrastructure/http_client.py",
        "FAILURES = (TimeoutError, httpx.HTTPError)",
        "FAILURES = (TimeoutError, httpx.HTTPStatusError)",
    ),
    "cause of the failure lost": change(
        "test_lasting_failure_is_unavailability",
        HTTP_CLIENT,
        "infrastructure/http_client.py",
        "raise translate(call, error) from error",
        "raise translate(call, error) from None",
    ),
    "our mistake taken for an outage": change(
        "test_request_that_cannot_be_sent",
        HTTP_CLIENT,
        "infrastructure/retries.py",
        "UNSENDABLE = (httpx.LocalProtocolError, httpx.UnsupportedProtocol)",
        "UNSENDABLE = ()",
    ),
    "call without a deadline": change(
        "test_call_ends_in_time",
        "tests/integration/test_misbehaving_server.py",
        "infrastructure/http_client.py",
        "asyncio.timeout_at(end):",
        "asyncio.timeout_at(end + 5):",
    ),
    "server that is busy asked at once": change(
        "test_retry_after_is_kept_to",
        HTTP_CLIENT,
        "infrastructure/http_client.py",
        "return seconds or True",
        "return True",
    ),
    "everybody back at the same time": change(
        "test_retry_after_is_kept_to",
        HTTP_CLIENT,
        "infrastructure/retries.py",
        "seconds + SystemRandom().uniform(0, JITTER_SECONDS)",
        "seconds",
    ),
    "wait that outlasts the call": change(
        "test_nobody_waits_in_vain",
        HTTP_CLIENT,
        "infrastructure/http_client.py",
        "            or asyncio.get_running_loop().time() + seconds >= call.end\n",
        "",
    ),
    "retry storm": change(
        "test_retries_are_a_share_of_the_calls",
        HTTP_CLIENT,
        "infrastructure/retries.py",
        "        self.tokens -= 1\n",
        "",
    ),
    "answer without end": change(
        "test_large_answer_is_not_read_on",
        HTTP_CLIENT,
        "infrastructure/http_client.py",
        "if len(body) > self.settings.body_bytes:",
        "if len(body) < 0:",
    ),
    "cookies of one user for another": change(
        "test_cookies_are_not_kept",
        HTTP_CLIENT,
        "infrastructure/http_client.py",
        "CookieJar(DefaultCookiePolicy(allowed_domains=[]))",
        "CookieJar(DefaultCookiePolicy())",
    ),
    "addresses in the log": change(
        "test_failures_are_logged_without_secrets",
        HTTP_CLIENT,
        "infrastructure/http_client.py",
        "logging.getLogger(name).setLevel(logging.WARNING)",
        "logging.getLogger(name).setLevel(logging.INFO)",
    ),
    "arguments of calls in the log": change(
        "test_retries_of_others_are_logged_without_arguments",
        HTTP_CLIENT,
        "infrastructure/http_client.py",
        "set_on_retry_hooks([retries.report])",
        "set_on_retry_hooks(None)",
    ),
    "value however old": change(
        "test_too_old_is_too_old",
        "tests/unit/test_stale.py",
        "infrastructure/stale.py",
        "if age > most_seconds:",
        "if age < 0:",
    ),
    "memory without end": change(
        "test_newest_are_kept",
        "tests/unit/test_stale.py",
        "infrastructure/stale.py",
        "if len(self.kept) > self.most:",
        "if len(self.kept) < 0:",
    ),
    "request id that ends here": change(
        "test_id_goes_on",
        "tests/api/test_outgoing_request_id.py",
        "observability/outgoing_request_id.py",
        "return {HEADER: current} if current else {}",
        "return {}",
    ),
    "trace that ends here": change(
        "test_trace_goes_on",
        "tests/api/test_outgoing_trace.py",
        "observability/outgoing_trace.py",
        "    TraceContextTextMapPropagator().inject(found)\n",
        "",
    ),
    "hosts without number": change(
        "test_calls_are_counted_by_host",
        "tests/api/test_http_client_metrics.py",
        "observability/http_client_metrics.py",
        "if len(hosts) < HOSTS:",
        "if hosts is not None:",
    ),
    "job beside its transaction": change(
        "test_job_is_there_if_its_transaction_is",
        OUTBOX,
        "infrastructure/outbox.py",
        "    await session.execute(query)\n\n\n",
        "    await session.execute(query)\n    await (await session.connection()).commit()\n\n\n",
    ),
    "job done twice": change(
        "test_job_is_done_once",
        OUTBOX,
        "infrastructure/outbox.py",
        "OutboxJob.send_at.is_not(None), OutboxJob.free_at <= now",
        "OutboxJob.free_at <= now",
    ),
    "job of two workers": change(
        "test_job_of_a_dead_worker_comes_again",
        OUTBOX,
        "infrastructure/outbox.py",
        "send_at=now + self.lease, free_at=now + self.lease",
        "send_at=now + self.lease, free_at=now",
    ),
    "job lost with its worker": change(
        "test_job_of_a_dead_worker_comes_again",
        OUTBOX,
        "infrastructure/outbox.py",
        "send_at=now + self.lease, free_at=now + self.lease",
        "send_at=now + timedelta(days=999), free_at=now + self.lease",
    ),
    "job that is tried for ever": change(
        "test_hopeless_job_is_dead",
        OUTBOX,
        "infrastructure/outbox.py",
        "if job.attempts >= self.settings.attempts:",
        "if job.attempts >= 10**9:",
    ),
    "job without a limit of time": change(
        "test_job_may_not_take_for_ever",
        OUTBOX,
        "infrastructure/outbox_jobs.py",
        "asyncio.timeout(self.settings.job_seconds)",
        "asyncio.timeout(2)",
    ),
    "job that waits for nothing": change(
        "test_jobs_are_done",
        "tests/integration/test_worker.py",
        "worker/__init__.py",
        "            await self.jobs.outbox.give_back(numbers)\n",
        "            await self.jobs.outbox.give_back([])\n",
    ),
    "worker that writes every second": change(
        "test_worker_asks_once_for_each_period",
        OUTBOX,
        "infrastructure/outbox_jobs.py",
        "if self.asked.get(name) != period:",
        "if self.asked is not None:",
    ),
    "worker that ends with its queue": change(
        "test_jobs_are_done",
        "tests/integration/test_worker.py",
        "worker/__init__.py",
        '            except Exception:\n                logger.exception("jobs.not_sent")\n',
        "            except OSError:\n                raise\n",
    ),
    "dead jobs taken for done": change(
        "test_unfinished_jobs_are_shown",
        "tests/integration/test_outbox_metrics.py",
        "observability/outbox_metrics.py",
        "self.show(waiting, unfinished - waiting)",
        "self.show(waiting, unfinished - unfinished)",
    ),
    "user without the mail": change(
        "test_new_user_is_welcomed",
        "tests/api/test_outbox_welcoming.py",
        "outbox_welcoming.py",
        "            await add(session, ",
        "            print(session, ",
    ),
    "numbers from before the post": change(
        "test_new_post_counts",
        STATS,
        "user_stats.py",
        '(started["posts"], started["users"])',
        '(started["users"],)',
    ),
    "numbers of who is gone": change(
        "test_who_is_gone_has_no_numbers",
        STATS,
        "user_stats.py",
        '(started["posts"], started["users"])',
        '(started["posts"],)',
    ),
    "numbers of who is not there yet": change(
        "test_who_comes_later_has_numbers",
        STATS,
        "services/user_stats.py",
        "ttl=1800, ",
        "ttl=1800, negative_ttl=60, ",
    ),
    "commit whose answer is lost": change(
        "test_commit_whose_answer_is_lost_counts",
        STATS,
        "services/post_service.py",
        "        finally:\n",
        "        except LookupError:\n            raise\n        else:\n",
        ("        try:\n            return await", "        try:\n            post = await"),
    ),
    "post told of before its commit": change(
        "test_new_post_is_told",
        "tests/api/test_posts.py",
        "services/post_service.py",
        "        try:\n            return await self.transactions.write(work)\n        finally:\n"
        "            for tell in self.changed:\n                await tell(new.author_id)\n",
        "        for tell in self.changed:\n            await tell(new.author_id)\n"
        "        return await self.transactions.write(work)\n",
    ),
    "rate that is not for ever": change(
        "test_last_rate_will_do",
        "tests/api/test_valuation.py",
        "infrastructure/exchange_rates.py",
        "most_seconds=self.settings.stale_seconds",
        "most_seconds=10**9",
    ),
    "account lost with the rates": change(
        "test_nonsense_is_an_outage",
        "tests/api/test_valuation.py",
        "infrastructure/exchange_rates.py",
        "(KeyError, NotFoundError, ValidationError)",
        "(KeyError, ValidationError)",
    ),
    "mail in the open": change(
        "test_mail_does_not_travel_in_the_open",
        "tests/unit/test_mailer.py",
        "infrastructure/mailer.py",
        'start_tls=settings.security == "starttls"',
        "start_tls=None",
    ),
    "nested routers": change(
        "test_route_is_named",
        "tests/unit/test_router.py",
        "app.py",
        "            register(app, router)\n",
        "            app.include_router(router)\n",
    ),
    "example without a setting": change(
        "test_example_lists_every_variable_with_its_default",
        SETTINGS,
        ".env.example",
        "MY_SERVICE_SERVER__PORT=8000\n",
        "",
    ),
    "example with a setting too many": change(
        "test_example_lists_every_variable_with_its_default",
        SETTINGS,
        ".env.example",
        "MY_SERVICE_SERVER__PORT=8000\n",
        "MY_SERVICE_SERVER__PORT=8000\nMY_SERVICE_SECRET_KEY=\n",
    ),
    "port without bounds": change(
        "test_bad_value_is_named", SETTINGS, "settings.py", "ge=1, le=65535", "le=65535"
    ),
    "settings that change": change(
        "test_settings_are_frozen", SETTINGS, "settings.py", "frozen=True, extra", "extra"
    ),
    "misspelt variable": change(
        "test_bad_value_is_named", SETTINGS, "settings.py", 'extra="forbid"', 'extra="ignore"'
    ),
    "foreign variable refused": change(
        "test_foreign_variables_are_left_alone",
        SETTINGS,
        "settings.py",
        'extra="ignore",',
        'extra="forbid",',
    ),
}

OF_JOBS_IN_PROCESS = {
    "jobs without end": change(
        "test_number_is_bounded",
        JOBS,
        "infrastructure/in_process_jobs.py",
        "len(self.tasks) >= self.settings.queue_size",
        "len(self.tasks) >= 10**9",
    ),
    "all jobs at once": change(
        "test_work_is_done_behind_the_back_of_who_asks",
        JOBS,
        "infrastructure/in_process_jobs.py",
        "                async with self.turns:\n",
        "                if True:\n",
    ),
    "jobs tried once": change(
        "test_failed_work_is_done_again",
        JOBS,
        "infrastructure/in_process_jobs.py",
        "range(1, self.settings.attempts + 1)",
        "range(1, 2)",
    ),
    "turn kept while waiting": change(
        "test_waiting_for_another_try_holds_nobody_up",
        JOBS,
        "infrastructure/in_process_jobs.py",
        "                    await work()\n            except Exception:\n",
        "                    await work()\n            except Exception:\n"
        "                await self.turns.acquire()\n",
    ),
    "jobs forgotten at the end": change(
        "test_end_has_its_time",
        JOBS,
        "infrastructure/in_process_jobs.py",
        "            await jobs.drain()\n",
        "            await asyncio.sleep(0)\n",
    ),
    "jobs that are not counted": change(
        "test_jobs_are_counted",
        "tests/api/test_jobs_metrics.py",
        "observability/jobs_metrics.py",
        "        jobs.observe = count\n",
        "        count.__name__ = jobs.observe.__name__\n",
    ),
    "mail for who could not be registered": change(
        "test_others_get_no_mail",
        "tests/api/test_welcoming.py",
        "welcoming.py",
        "        user = await super().register(new)\n",
        "        guest = User(email=new.email, name=new.name)\n"
        '        self.jobs.enqueue("welcome", partial(self.mailer.send, welcome(guest)))\n'
        "        user = await super().register(new)\n",
    ),
}

SERVED = {
    "no drain": change(
        "test_no_request_is_lost_while_it_drains",
        "tests/api/test_drain.py",
        "server.py",
        "self.stop_at = time.monotonic() + self.drain_seconds",
        "self.should_exit = True",
    ),
    "drain that readiness hides": change(
        "test_no_request_is_lost_while_it_drains",
        "tests/api/test_drain.py",
        "server.py",
        "            self.app.state.traffic.drain()\n",
        "",
    ),
    "stop signal left to the server": change(
        "test_serves_until_it_is_stopped",
        "tests/unit/test_main.py",
        "server.py",
        "def handle_exit(",
        "def handle_exit_never(",
    ),
    "server's own log lines": change(
        "test_every_line_of_a_served_session_is_json",
        REQUEST_ID,
        "components.py",
        "SERVER_LOGS_ITSELF = False",
        "SERVER_LOGS_ITSELF = True",
    ),
    "path in the access line": change(
        "test_every_line_of_a_served_session_is_json",
        REQUEST_ID,
        "observability/logging.py",
        '"route": exchange.route,',
        '"route": scope["path"],',
    ),
    "line without its request": change(
        "test_every_line_of_a_served_session_is_json",
        REQUEST_ID,
        "observability/logging.py",
        'structlog.contextvars.merge_contextvars(None, "info", {})',
        "{}",
    ),
    "code without a test": Break(
        gate=("poe", "coverage"),
        answers=(*MINIMAL, ("coverage_minimum", 100)),
        refused_by="careless.py",
        write={
            f"{PACKAGE}/careless.py": """
            def double(n: int) -> int:
                return n * 2
            """
        },
        change=((f"{PACKAGE}/project.py", "from", "from my_service import careless\nfrom"),),
    ),
    "warning": Break(
        gate=(*TESTS, "tests/unit/test_careless.py"),
        refused_by="DeprecationWarning",
        write={
            "tests/unit/test_careless.py": """
            import warnings

            def test_old_way() -> None:
                warnings.warn("old", DeprecationWarning)
            """
        },
    ),
}

BY_TESTS |= {name: replace(case, answers=IN_PROCESS) for name, case in OF_JOBS_IN_PROCESS.items()}
CASES = [
    pytest.param(case, id=name, marks=() if case.gate in QUICK else pytest.mark.full)
    for cases in (BY_LINTER, BY_TYPES, BY_DEPENDENCIES, BY_ARCHITECTURE, BY_TESTS, SERVED)
    for name, case in cases.items()
]

Gate = Callable[[tuple[str, ...]], Run]


@dataclass(slots=True)
class Installed:
    """A project that is rendered anew for each test, and its environment."""

    variant: Variant
    shared: Path
    folder: Path
    environment: Environment
    opened: ExitStack
    answers: Answers | None = None
    tests: RunTests | None = None

    def render(self, answers: Answers) -> Path:
        """Return the project as it is rendered with these answers, and installed."""
        shutil.rmtree(self.folder, ignore_errors=True)
        shutil.copytree(self.variant(**dict(BREAKABLE + answers)), self.folder)
        if answers != self.answers:
            self.opened.close()
            self.environment.install(self.folder)
            self.answers, self.tests = answers, None
        return self.folder

    def run(self, gate: tuple[str, ...]) -> Run:
        """Run a gate in the project."""
        tool, *arguments = gate
        if tool == "mypy":
            return self.environment.check_types(
                self.folder, *gate, cache="own-True-3.11", shared=self.shared
            )
        if tool != "pytest":
            return self.environment.run(self.folder, *gate)
        if self.tests is None:
            self.tests = self.opened.enter_context(preloaded(self.environment))
        return self.tests(self.folder, *arguments)


@pytest.fixture(scope="module")
def installed(variant: Variant, results: Results) -> Iterator[Installed]:
    """Yield a project that can be rendered and broken."""
    python = python_for("3.11")
    assert python is not None
    with tempfile.TemporaryDirectory() as name, ExitStack() as opened:
        environment = Environments(Path(name) / "environments").of(python)
        folder = Path(name) / "my-service"
        yield Installed(variant, results.folder, folder, environment, opened)


@pytest.fixture
def project(installed: Installed) -> Path:
    """Return the project as it was rendered."""
    return installed.render(())


@pytest.fixture
def gate(installed: Installed) -> Gate:
    """Return the function that runs a gate in the project."""
    return installed.run


@pytest.mark.parametrize("case", CASES)
def test_break_is_refused(case: Break, installed: Installed, gate: Gate) -> None:
    """The gate that is meant for a mistake fails, and names the rule or the test."""
    case.do(installed.render(case.answers))

    done = gate(case.gate)

    # A gate that could not start says nothing of the practice.
    assert done.status == 1, done
    assert case.refused_by in done.output, done


@pytest.mark.full
@pytest.mark.parametrize("answers", [(), IN_PROCESS], ids=["full", "in process"])
def test_untouched(installed: Installed, gate: Gate, answers: Answers) -> None:
    """The gates that the cases name pass where no practice is broken."""
    installed.render(answers)
    cases = [case for case in BY_TESTS.values() if case.answers == answers]
    tests = sorted({part for case in cases for part in case.gate[len(TESTS) :]})

    for command in (LINT, TYPES, DEPENDENCIES, IMPORTS, (*RULES, *tests)):
        done = gate(command)

        assert done.status == 0, done


OWNERS_FILES = {
    f"{PACKAGE}/commands.py": """
    \"\"\"Commands of the team.\"\"\"

    import asyncio
    import os
    import sys

    from my_service.app import create_app
    from my_service.reports import Ledger
    from my_service.settings import InvalidSettingsError, Settings


    async def report(settings: Settings) -> int:
        \"\"\"Return how long the name of the report is.\"\"\"
        app = create_app(settings)
        async with app.router.lifespan_context(app):
            return len(Ledger(os.environ.get("REPORT", "report")).commit())


    def main() -> int:
        \"\"\"Print the report, and return the exit status.\"\"\"
        try:
            settings = Settings.load({})
        except InvalidSettingsError as error:
            sys.stderr.write(f"{error}\\n")
            return 2
        print(asyncio.run(report(settings)))
        return 0
    """,
    f"{PACKAGE}/reports.py": """
    \"\"\"Reports, which have methods that are named like those of a session.\"\"\"


    class Ledger:
        \"\"\"A ledger.\"\"\"

        page_token: str = ""  # allowed: it names a page and is no secret

        def __init__(self, name: str) -> None:
            self.name = name

        def commit(self) -> str:
            \"\"\"Return the name of what was committed.\"\"\"
            return self.name


    def commit_twice(ledger: Ledger) -> str:
        \"\"\"Return both names.\"\"\"
        return ledger.commit() + ledger.commit()
    """,
    "scripts/backfill.py": """
    \"\"\"Load old reports.\"\"\"

    import asyncio

    from my_service.commands import report
    from my_service.settings import Settings

    print(asyncio.run(report(Settings.load({}))))
    """,
    "tests/unit/test_reports.py": """
    \"\"\"What the reports promise.\"\"\"

    import pytest

    from my_service.commands import main
    from my_service.reports import Ledger, commit_twice


    def test_commit_twice() -> None:
        \"\"\"Both names are returned.\"\"\"
        assert commit_twice(Ledger("a")) == "aa"


    def test_report(capsys: pytest.CaptureFixture[str]) -> None:
        \"\"\"The command prints the report.\"\"\"
        assert main() == 0
        assert capsys.readouterr().out == "6\\n"


    def test_report_names_a_bad_setting(monkeypatch: pytest.MonkeyPatch) -> None:
        \"\"\"The command ends with status 2.\"\"\"
        monkeypatch.setenv("MY_SERVICE_SERVER__PORT", "none")
        assert main() == 2
    """,
}
"""What an owner adds: a command, a module, a script and tests."""


@pytest.mark.full
@pytest.mark.parametrize("answers", [(), MINIMAL], ids=["full", "minimal"])
def test_owners_command_is_accepted(installed: Installed, gate: Gate, answers: Answers) -> None:
    """An owner's command loads the settings and starts an event loop, and every gate passes."""
    project = installed.render(answers)
    Break(gate=(), refused_by="", write=OWNERS_FILES).do(project)
    tests = (*RULES, "tests/unit/test_reports.py")

    for command in (LINT, FORMAT, TYPES, IMPORTS, DEPENDENCIES, tests):
        done = gate(command)

        assert done.status == 0, done


def test_old_linter_table_is_refused(project: Path, gate: Gate) -> None:
    """Ruff's settings at the top level, where it no longer looks for them, draw its warning."""
    path = project / "pyproject.toml"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("[tool.ruff.lint]\nselect", "[tool.ruff]\nselect"), "utf-8")

    done = gate(LINT)

    assert done.status != 0
    assert "pyproject.toml" in done.stderr
