"""Mistakes in a rendered project are refused by its gates, each for the right reason.

A case adds a module or changes lines, runs the one gate that must refuse that, and expects the gate
to fail by a rule or a test that the case names. `test_untouched` shows that the same gates pass
without the change.
"""

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from itertools import count
from pathlib import Path
from textwrap import dedent

import pytest

from conftest import Variant
from environment import Environment, Environments, Run, check, python_for
from harness import KINDS, commit_all, git
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

CORE = "core imports nothing outside core BROKEN"
LAYERS = "api > infrastructure > services > domain BROKEN"
NO_FRAMEWORK = "domain, services and infrastructure import no web framework BROKEN"

BREAKABLE: Answers = (("preset", "full"), ("database", "sqlite"))
"""The answers of the project. Tests cover all of it, so a new line without a test shows."""

MINIMAL: Answers = (("preset", "minimal"), ("database", "none"))

IN_PROCESS: Answers = (("background_jobs", "in_process"),)

POSTGRESQL: Answers = (("database", "postgresql"),)

TOOL: Answers = (("kind", "cli"), ("database", "none"))

LIBRARY: Answers = (("kind", "library"), ("database", "none"))


MOMENTS = count(10**9)
"""Seconds, each before any file of the template was written."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Break:
    """A mistake, and the gate that refuses it.

    Attributes:
        gate: The command of the gate.
        refused_by: A part of its output: the rule or the test that fails.
        write: The text of new files, by path.
        change: Path, old text and new text of changes.
        remove: The paths of files to delete.
        answers: The answers of the project besides BREAKABLE.
    """

    gate: tuple[str, ...]
    refused_by: str
    write: dict[str, str] = field(default_factory=dict)
    change: tuple[tuple[str, str, str], ...] = ()
    remove: tuple[str, ...] = ()
    answers: Answers = ()

    def do(self, project: Path) -> None:
        """Make the mistake in a project."""
        for name in self.remove:
            (project / name).unlink()
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
            # Python recompiles a module of the same size by its time in seconds.
            os.utime(path, (next(MOMENTS),) * 2)


def module(gate: tuple[str, ...], refused_by: str, code: str, at: str = "careless.py") -> Break:
    """Return the mistake of adding a module to the package."""
    code = f'"""Written in a hurry."""\n\n{dedent(code).lstrip()}'
    return Break(gate=gate, refused_by=refused_by, write={f"{PACKAGE}/{at}": code})


def change(
    refused_by: str, tests: str, at: str, old: str, new: str, *more: tuple[str, str]
) -> Break:
    """Return the mistake of changing lines of a file; a test must fail."""
    name = at if at.startswith(("tests", ".env", "pyproject")) else f"{PACKAGE}/{at}"
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
        from my_service.core.errors import NotFoundError

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
    "example in the core": module(
        IMPORTS, CORE, "from my_service.domain import models", at="core/careless.py"
    ),
    "settings of the project in the core": module(
        IMPORTS, CORE, "from my_service.settings import Settings", at="core/web/careless.py"
    ),
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
        "from my_service.api.routes import users",
        "services/careless.py",
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
            return settings.Settings.load({}).limits.max_body_bytes
        """,
        at="infrastructure/careless.py",
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
        IMPORTS,
        NO_FRAMEWORK,
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
        "from my_service.core.logging import request_id",
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
    "router included by hand": module(
        RULES,
        "test_only_the_owner_calls",
        """
        from fastapi import APIRouter, FastAPI

        def install(app: FastAPI, router: APIRouter) -> None:
            app.include_router(router)
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
        "TID251 `httpx2.AsyncClient`",
        """
        import httpx2

        async def load(url: str) -> bytes:
            async with httpx2.AsyncClient() as client:
                return (await client.get(url)).content
        """,
    ),
    "call without a client": module(
        LINT,
        "TID251 `httpx2.get`",
        """
        import httpx2

        def load(url: str) -> bytes:
            return httpx2.get(url).content
        """,
    ),
    "client by another name": module(
        LINT,
        "TID251 `httpx2.AsyncClient`",
        """
        from httpx2 import AsyncClient as Fetcher

        async def load(url: str) -> bytes:
            async with Fetcher() as client:
                return (await client.get(url)).content
        """,
    ),
    "client without releases": module(
        LINT,
        "TID251 `httpx`",
        """
        import httpx

        async def load(url: str) -> bytes:
            async with httpx.AsyncClient() as client:
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
                f"{PACKAGE}/core/http_client/__init__.py",
                "follow_redirects=False,",
                "follow_redirects=True,",
            ),
        ),
    ),
    "outside world patched over": Break(
        gate=RULES,
        refused_by="test_httpx2_is_not_patched",
        write={
            "tests/core/test_careless.py": """
            from unittest.mock import AsyncMock, patch

            def test_load() -> None:
                with patch("httpx2.AsyncClient.get", AsyncMock()):
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

ACCESS_LOG = "tests/core/logging/test_access_log.py"
CACHE = "tests/core/cache/test_cache.py"
CLI = "tests/core/test_cli.py"
DOTENV = "tests/core/test_dotenv_file.py"
DATABASE = "tests/core/database/test_database.py"
HEALTH = "tests/core/web/test_health.py"
HTTP_CLIENT = "tests/core/http_client/test_client.py"
IN_PROCESS_JOBS = "tests/core/jobs/test_in_process.py"
LIMITS = "tests/core/web/test_limits.py"
LOG = "tests/core/logging/test_logging.py"
METRICS = "tests/core/test_metrics.py"
MIDDLEWARE = "tests/core/web/test_middleware.py"
CORS = "tests/core/web/test_cors.py"
INCLUSION = "tests/core/web/test_inclusion.py"
ROUTING = "tests/core/web/test_routing.py"
OUTBOX = "tests/core/jobs/test_outbox.py"
PROBLEMS = "tests/core/web/test_problems.py"
REDIS = "tests/core/cache/test_redis.py"
REPOSITORIES = "tests/infrastructure/test_repositories.py"
REQUEST_ID = "tests/core/logging/test_request_id.py"
SECURITY_HEADERS = "tests/core/web/test_security_headers.py"
SERVER = "tests/core/server/test_server.py"
SETTINGS = "tests/core/test_settings.py"
STATS = "tests/api/test_user_stats.py"
STRICT_JSON = "tests/core/web/test_strict_json.py"
TRACING = "tests/core/test_tracing.py"

BY_TESTS = {
    "transactions of tests at the same time": change(
        "test_concurrent_transactions_take_turns",
        "tests/core/database/test_isolation.py",
        "tests/support/database.py",
        "        if holder is task:",
        "        if task:",
    ),
    "two errors with one code": change(
        "test_codes_are_unique",
        "tests/architecture/test_errors.py",
        "core/errors.py",
        'code = "conflict"',
        'code = "not_found"',
    ),
    "error without a status": change(
        "test_every_error_has_a_status",
        "tests/architecture/test_errors.py",
        "core/web/problems.py",
        "    errors.ForbiddenError: 403,\n",
        "",
    ),
    "status of a component forgotten": change(
        "test_every_error_is_a_problem",
        PROBLEMS,
        "core/app.py",
        "        statuses.update(component.error_statuses)\n",
        "        pass\n",
    ),
    "input echoed": change(
        "test_input_is_not_echoed",
        PROBLEMS,
        "core/web/problems.py",
        '"detail": error["msg"]\n'
        '        if code in SAFE_ERROR_TYPES or code.endswith("_type")\n'
        '        else "Value is not valid",',
        '"detail": str(error["input"]),',
    ),
    "name of an unknown member echoed": change(
        "test_input_is_not_echoed",
        PROBLEMS,
        "core/web/problems.py",
        'if code == "extra_forbidden" else',
        'if code == "never" else',
    ),
    "validators quoted": change(
        "test_input_is_not_echoed",
        PROBLEMS,
        "core/web/problems.py",
        '"detail": error["msg"]\n'
        '        if code in SAFE_ERROR_TYPES or code.endswith("_type")\n'
        '        else "Value is not valid",',
        '"detail": error["msg"],',
    ),
    "framework's own error responses": change(
        "test_every_error_is_a_problem",
        PROBLEMS,
        "core/web/problems.py",
        "RequestValidationError, HTTPException, ClientDisconnect):",
        "):",
    ),
    "disconnect of a client taken for a failure": change(
        "test_client_that_leaves_is_no_failure",
        MIDDLEWARE,
        "core/web/problems.py",
        "HTTPException, ClientDisconnect):",
        "HTTPException):",
    ),
    "unlimited field errors": change(
        "test_field_errors_are_bounded",
        PROBLEMS,
        "core/web/problems.py",
        "[:MAX_FIELD_ERRORS]",
        "",
    ),
    "no catch-all": change(
        "test_connection_survives_an_error",
        PROBLEMS,
        "core/web/middleware.py",
        "            elif not context.ended:  # only",
        "            else:  # only",
    ),
    "body for a status that allows none": change(
        "test_connection_survives_an_error",
        PROBLEMS,
        "core/web/problems.py",
        "    if not is_body_allowed_for_status_code(status):\n",
        "    if status == 0:\n",
    ),
    "errors of middleware left to the server": change(
        "test_fault_in_middleware_gets_a_response",
        MIDDLEWARE,
        "core/app.py",
        "        request_middleware,\n    ]\n",
        "    ]\n",
    ),
    "cause shown to the client": change(
        "test_unhandled_error_is_in_the_log_only",
        PROBLEMS,
        "core/web/problems.py",
        "return problem_response(500, CODES[500])",
        "return problem_response(500, CODES[500], detail=str(error))",
    ),
    "problems not declared": change(
        "test_problems_are_in_openapi",
        PROBLEMS,
        "core/app.py",
        "        responses=RESPONSES,\n",
        "",
    ),
    "started in the wrong order": change(
        "test_components_start_in_order_and_stop_in_reverse",
        "tests/core/test_app.py",
        "core/app.py",
        "for component in components:\n                services.component",
        "for component in reversed(components):\n                services.component",
    ),
    "driver's error in the response of a probe": change(
        "test_not_ready_when_one_fails",
        HEALTH,
        "core/web/health.py",
        'health_response(503, "unavailable")',
        'health_response(503, "postgresql://user:hunter2@db refused")',
    ),
    "probe without a deadline": change(
        "test_probes_run_concurrently_with_a_timeout",
        HEALTH,
        "core/web/health.py",
        "async with asyncio.timeout(seconds):",
        "async with asyncio.timeout(seconds * 20):",
    ),
    "liveness that depends on others": change(
        "test_live_probes_nothing",
        HEALTH,
        "core/web/health.py",
        "async def live(_request: Request) -> Response:\n",
        "async def live(request: Request) -> Response:\n"
        "    for item in request.app.components:\n"
        "        if item.probe is not None:\n"
        "            await item.probe()\n",
    ),
    "local variables in the log": change(
        "test_traceback_has_no_local_variables",
        LOG,
        "core/logging/__init__.py",
        "structlog.processors.format_exc_info,",
        "structlog.processors.dict_tracebacks,",
    ),
    "records of libraries outside the pipeline": change(
        "test_every_logger_writes_the_same_form",
        LOG,
        "core/logging/__init__.py",
        "foreign_pre_chain=[*first, structlog.stdlib.ExtraAdder(), drop_duplicate_fields],",
        "foreign_pre_chain=None,",
    ),
    "secrets in the log": change(
        "test_secrets_are_redacted",
        LOG,
        "core/logging/__init__.py",
        "        redact,\n",
        "",
    ),
    "forged lines in the log": change(
        "test_injected_newline_stays_on_its_line",
        LOG,
        "core/logging/rendering.py",
        "return [format_time, escape_fields, ",
        "return [format_time, ",
    ),
    "client address in the log": change(
        "test_client_address_is_logged_on_request",
        ACCESS_LOG,
        "core/logging/access_log.py",
        "if self.client_address and scope",
        "if scope",
    ),
    "request id not validated": change(
        "test_odd_id_is_replaced",
        REQUEST_ID,
        "core/logging/request_id.py",
        "given is not None and VALID.fullmatch(given)",
        "given is not None",
    ),
    "request id only in the log": change(
        "test_failing_request_has_its_id",
        REQUEST_ID,
        "core/web/middleware.py",
        "*context.headers,\n",
        "\n",
    ),
    "objects logged by their repr": change(
        "test_every_value_can_be_logged",
        LOG,
        "core/logging/rendering.py",
        'return f"<{type(value).__name__}>"',
        "return repr(value)",
    ),
    "credentials of a URL in the log": change(
        "test_addresses_show_no_credentials",
        LOG,
        "core/logging/redaction.py",
        'CREDENTIALS.sub("[redacted]@", value) if "://" in value else value',
        "value",
    ),
    "lines out of order": change(
        "test_no_line_overtakes_another",
        ACCESS_LOG,
        "core/logging/access_log.py",
        '        self.pending.append(line.encode(errors="backslashreplace"))\n'
        "        self.flush()\n",
        '        self.stream.write(line.encode() + b"\\n")\n',
    ),
    "full disk fails requests": change(
        "test_broken_stream_fails_nothing_else",
        LOG,
        "core/logging/rendering.py",
        "        except OSError:\n            return\n",
        "        except KeyError:\n            return\n",
    ),
    "path as a label": change(
        "test_clients_add_no_series",
        METRICS,
        "core/metrics.py",
        "context.route, context.status)",
        'context.scope["path"], context.status)',
    ),
    "invented methods as labels": change(
        "test_clients_add_no_series",
        METRICS,
        "core/metrics.py",
        "name = method if method in KNOWN_METHODS else OTHER",
        "name = method",
    ),
    "metrics without the token": change(
        "test_metrics_need_the_token",
        METRICS,
        "core/metrics.py",
        "if not compare_digest(",
        "if given == 'x' and not compare_digest(",
    ),
    "metrics of the process": change(
        "test_applications_count_apart",
        METRICS,
        "core/metrics.py",
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
        "core/metrics.py",
        "    if text and (is_weak",
        "    if not text and (is_weak",
    ),
    "query in the traces": change(
        "test_query_is_redacted",
        TRACING,
        "core/tracing.py",
        "    provider.add_span_processor(RedactQuery())\n",
        "",
    ),
    "every request traced": change(
        "test_share_of_the_requests_is_traced",
        TRACING,
        "core/tracing.py",
        "        sampler=ParentBasedTraceIdRatio(settings.sample_ratio),\n",
        "",
    ),
    "last spans lost": change(
        "test_spans_reach_the_collector",
        TRACING,
        "core/tracing.py",
        "            await asyncio.to_thread(provider.shutdown)\n",
        "            await asyncio.sleep(0)\n",
    ),
    "line without its trace": change(
        "test_lines_of_a_request_name_its_trace",
        "tests/core/logging/test_tracing.py",
        "core/logging/tracing.py",
        "    trace_id.set(",
        "    print(",
    ),
    "body that takes the time of the response": change(
        "test_deadline_is_reset_after_the_body",
        LIMITS,
        "core/web/limits.py",
        "            self.on_complete()\n",
        "",
    ),
    "body of any size": change(
        "test_body_over_the_limit_is_rejected",
        LIMITS,
        "core/web/middleware.py",
        "            app = BodyLimit(app, self.settings.max_body_bytes)\n",
        "",
    ),
    "no deadline": change(
        "test_response_must_start_in_time",
        LIMITS,
        "core/web/in_flight.py",
        "task.cancel()",
        "pass",
    ),
    "stream aborted while it flows": change(
        "test_steady_stream_has_no_deadline",
        LIMITS,
        "core/web/middleware.py",
        "            self.in_flight.reset_deadline(task)  # the client",
        "            pass  # the client",
    ),
    "too many concurrent requests": change(
        "test_requests_over_the_limit_get_503",
        LIMITS,
        "core/web/limits.py",
        "if len(in_flight.deadlines) > self.max_concurrent:",
        "if len(in_flight.deadlines) > self.max_concurrent + 1:",
    ),
    "host not validated": change(
        "test_only_known_hosts_are_served",
        LIMITS,
        "core/web/limits.py",
        "name == allowed or",
        "allowed in name or",
    ),
    "two names of the host": change(
        "test_second_host_header_is_refused",
        LIMITS,
        "core/web/limits.py",
        'sum(name == b"host" for name, _ in scope["headers"]) > 1',
        'sum(name == b"host" for name, _ in scope["headers"]) > 2',
    ),
    "WebSockets without a limit": change(
        "test_websockets_have_limits",
        LIMITS,
        "core/web/limits.py",
        "            if len(in_flight.websockets) >= self.max_concurrent:\n",
        "            if len(in_flight.websockets) < 0:\n",
    ),
    "WebSockets that nobody observes": change(
        "test_websockets_are_observed",
        MIDDLEWARE,
        "core/web/middleware.py",
        "            return self.serve_websocket(scope, receive, send)\n",
        "            return self.app(scope, receive, send)\n",
    ),
    "WebSockets for every page": change(
        "test_only_allowed_origins_open_websockets",
        CORS,
        "core/web/cors.py",
        "        if origin and not is_allowed and",
        "        if not origin and not is_allowed and",
    ),
    "background tasks cut by the deadline": change(
        "test_background_task_has_no_deadline",
        MIDDLEWARE,
        "core/web/middleware.py",
        "            else:\n                self.end(context, task)\n        return",
        "        return",
    ),
    "class of a route lost": change(
        "test_responses_are_the_same",
        INCLUSION,
        "core/web/routing.py",
        "    kind = strict_route_class(type(original))\n",
        "    kind = Route\n",
    ),
    "body limit of a route lost": change(
        "test_responses_are_the_same",
        INCLUSION,
        "core/web/routing.py",
        "request_response(route.get_route_handler()), route.max_body_size\n",
        "request_response(route.get_route_handler()), None\n",
    ),
    "frontend lost": change(
        "test_responses_are_the_same",
        INCLUSION,
        "core/web/routing.py",
        "    frontends.extend(included.effective_low_priority_routes())\n",
        "",
    ),
    "prefix and dependencies of a WebSocket lost": change(
        "test_websockets_are_the_same",
        INCLUSION,
        "core/web/routing.py",
        "            alone = APIRouter(routes=[candidate.original_route])\n",
        "            yield candidate.original_route\n            continue\n",
    ),
    "limits of a form lost": change(
        "test_form_limits_are_kept",
        INCLUSION,
        "core/web/routing.py",
        "{**form_limits, **original.form_limits}",
        "original.form_limits",
    ),
    "application that FastAPI's command can't find": change(
        "test_factory_builds_from_the_environment",
        "tests/core/test_cli.py",
        "pyproject.toml",
        "app:create_app_from_environment",
        "app:app",
    ),
    "HEAD refused": change(
        "test_head_is_get_without_a_body",
        ROUTING,
        "core/web/routing.py",
        '        if "GET" in by_method:\n',
        '        if "get" in by_method:\n',
    ),
    "error for a long number": change(
        "test_number_in_a_path_has_one_spelling",
        ROUTING,
        "core/web/routing.py",
        "        except ValueError:  # int()",
        "        except KeyError:  # int()",
    ),
    "line feed after a path": change(
        "test_number_in_a_path_has_one_spelling",
        ROUTING,
        "core/web/routing.py",
        '.removesuffix("$") + r"\\Z")',
        ")",
    ),
    "root path left by the proxy": change(
        "test_service_below_a_path",
        ROUTING,
        "core/web/routing.py",
        '    if path.startswith(f"{root_path}{root_path}/"):\n',
        "    if not path:\n",
    ),
    "chunks for HTTP/1.0": change(
        "test_http_10_has_no_chunks",
        SERVER,
        "core/server/protocol.py",
        'if self.scope["http_version"] == "1.0":',
        'if self.scope["http_version"] == "0.9":',
    ),
    "body lost by an upgrade": change(
        "test_upgrade_does_not_lose_the_body",
        SERVER,
        "core/server/protocol.py",
        "        self.cycle.more_body = True\n",
        "        return\n",
    ),
    "JSON with duplicate keys": change(
        "test_ambiguous_json_is_rejected",
        STRICT_JSON,
        "core/web/strict_json.py",
        "if len(found) < len(pairs):",
        "if len(found) > len(pairs):",
    ),
    "NaN accepted": change(
        "test_ambiguous_json_is_rejected",
        STRICT_JSON,
        "core/web/strict_json.py",
        "                parse_constant=reject_constant,\n",
        "",
    ),
    "any media type taken for JSON": change(
        "test_other_media_types_are_rejected",
        STRICT_JSON,
        "core/web/routing.py",
        'if "content-type" in headers and not is_json(headers["content-type"]):',
        "if not headers:",
    ),
    "unlimited headers": change(
        "test_large_head_gets_431",
        SERVER,
        "core/server/protocol.py",
        "        if self.received > self.settings.max_header_bytes:\n",
        "        if self.received < 0:\n",
    ),
    "unlimited trailer": change(
        "test_framing_of_a_body_has_a_size",
        SERVER,
        "core/server/protocol.py",
        "        self.received += len(data)\n",
        "        self.received += len(data) * self.reading_headers\n",
    ),
    "trailer taken for headers": change(
        "test_trailer_is_no_header",
        SERVER,
        "core/server/protocol.py",
        "        self.headers = [*self.headers]",
        "        self.headers = self.headers",
    ),
    "unread body without a timeout": change(
        "test_unread_body_has_a_timeout",
        SERVER,
        "core/server/protocol.py",
        "        if not self.reading_headers and self.cycle.response_complete:\n",
        "        if self.reading_headers and self.cycle.response_complete:\n",
    ),
    "unread response without a timeout": change(
        "test_stalled_client_is_aborted",
        SERVER,
        "core/server/protocol.py",
        "            self.transport.abort()\n",
        "            self.transport.close()\n",
    ),
    "silent connection": change(
        "test_silent_connection_is_closed",
        SERVER,
        "core/server/protocol.py",
        "        self.timer: asyncio.TimerHandle | None = None\n        self.start_timer()\n",
        "        self.timer: asyncio.TimerHandle | None = None\n",
    ),
    "second head without a timeout": change(
        "test_every_head_has_a_timeout",
        SERVER,
        "core/server/protocol.py",
        "        elif self.reading_headers and self.received and self.timer is None:\n",
        "        elif self.reading_headers and self.received and self.timer is not None:\n",
    ),
    "any proxy trusted": change(
        "test_only_trusted_proxies_name_the_client",
        SERVER,
        "core/server/__init__.py",
        "proxy_headers=bool(settings.trusted_proxies),",
        "proxy_headers=True,",
        ("list(settings.trusted_proxies)", '"*"'),
    ),
    "types left to the browser": change(
        "test_content_type_is_not_sniffed",
        SECURITY_HEADERS,
        "core/web/middleware.py",
        "*security_headers(headers),\n",
        "\n",
    ),
    "pages that can be framed": change(
        "test_html_is_not_framed",
        SECURITY_HEADERS,
        "core/web/security_headers.py",
        "return HTML_HEADERS if is_html else BASE_HEADERS",
        "return BASE_HEADERS",
    ),
    "every origin allowed": change(
        "test_pages_read_every_response",
        CORS,
        "core/web/cors.py",
        "allow_origins=settings.origins,",
        'allow_origin_regex=".*",',
    ),
    "errors that pages can't read": change(
        "test_pages_read_every_response",
        CORS,
        "core/web/cors.py",
        "outer_middleware=(around,), middleware=(inside,)",
        "middleware=(around, inside)",
    ),
    "connections kept while it drains": change(
        "test_draining_server_closes_connections",
        SECURITY_HEADERS,
        "core/web/middleware.py",
        "*self.in_flight.drain_headers,\n",
        "\n",
    ),
    "credentials for every origin": change(
        "test_credentials_need_named_origins",
        DOTENV,
        "core/web/cors.py",
        'if self.credentials and "*" in self.origins:',
        'if self.credentials and "**" in self.origins:',
    ),
    "every address trusted": change(
        "test_bad_value_is_named",
        DOTENV,
        "core/server/__init__.py",
        "    if is_everything:\n",
        "    if False:\n",
    ),
    "admin endpoints on the public port": change(
        "test_endpoints_of_each_port",
        "tests/core/web/test_admin.py",
        "core/app.py",
        "for path, endpoint in component.management_endpoints.items()",
        "for path, endpoint in {\n"
        "            **component.management_endpoints, **component.admin_endpoints\n"
        "        }.items()",
    ),
    "outage taken for a bug": change(
        "test_outage_gets_503",
        DATABASE,
        "core/database/sqlite.py",
        "        sqlite3.SQLITE_CANTOPEN,\n",
        "",
    ),
    "conflict without a retry": change(
        "test_conflict_is_retried",
        DATABASE,
        "core/database/__init__.py",
        "if attempt == ATTEMPTS:",
        "if attempt:",
    ),
    "transactions left to the driver": change(
        "test_read_only_work_cannot_write",
        DATABASE,
        "core/database/sqlite.py",
        '    event.listen(engine.sync_engine, "begin", begin)\n',
        "",
    ),
    "connection left open by a cancelled request": change(
        "test_cancelled_opening_leaves_no_connection",
        "tests/core/database/test_sqlite.py",
        "core/database/sqlite.py",
        '    event.listen(engine.sync_engine, "do_connect", connect)\n',
        "",
    ),
    "parameters of queries in the log": change(
        "test_slow_queries_are_logged_without_parameters",
        DATABASE,
        "core/database/__init__.py",
        "def end(connection: Connection, _cursor: object, statement: str, *_: object) -> None:",
        "def end(connection, _cursor, statement, values, *_):",
        ('"statement": statement,', '"statement": str(values),'),
    ),
    "author loaded for each post": change(
        "test_posts_are_listed_newest_first",
        "tests/api/test_posts.py",
        "infrastructure/repositories.py",
        ".options(selectinload(Post.author))",
        "",
    ),
    "lazy load of an author": change(
        "test_author_is_not_loaded_lazily",
        REPOSITORIES,
        "domain/models.py",
        'relationship(lazy="raise")',
        "relationship()",
    ),
    "a query for each post": change(
        "test_list_has_a_constant_number_of_queries",
        "tests/api/test_users.py",
        "infrastructure/repositories.py",
        "        return (await self.session.scalars(query)).all()\n\n\nclass AccountRepository",
        "        found = (await self.session.scalars(query)).all()\n"
        "        for post in found:\n"
        "            await self.session.refresh(post, ['author'])\n"
        "        return found\n\n\nclass AccountRepository",
        (".options(selectinload(Post.author))", ""),
    ),
    "idempotency key not looked up": change(
        "test_repeated_request_has_no_second_effect",
        "tests/api/test_transfers.py",
        "services/transfer_service.py",
        "if existing is not None:",
        "if existing is not None and existing.amount < 0:",
    ),
    "balance not checked": change(
        "test_balance_must_suffice",
        "tests/api/test_transfers.py",
        "domain/models.py",
        "if amount > self.balance:",
        "if amount < 0:",
    ),
    "last writer wins": change(
        "test_update_requires_the_current_version",
        "tests/api/test_users.py",
        "services/user_service.py",
        "user.version not in update.versions",
        "not update.versions",
    ),
    "unknown member accepted": change(
        "test_invalid_user_is_rejected",
        "tests/api/test_users.py",
        "core/web/schemas.py",
        'extra="forbid", frozen=True, strict',
        "frozen=True, strict",
    ),
    "cursor in another spelling accepted": change(
        "test_other_text_is_rejected",
        "tests/core/web/test_pagination.py",
        "core/web/pagination.py",
        "if not 0 < last_id <= MAX_ID or encode_cursor(last_id) != cursor:",
        "if not 0 < last_id <= MAX_ID:",
    ),
    "every violated constraint a conflict": change(
        "test_other_violated_constraints_stay_errors",
        "tests/core/database/test_repository.py",
        "core/database/repository.py",
        "dialect.is_violated(",
        "truth(",
        (
            "constraint_errors: ClassVar[Mapping[str, ConstraintError | None]] = {}",
            'constraint_errors = {"any": (AppError, "Conflict")}',
        ),
        (
            "class Repository(",
            "async def truth(*_: object) -> bool:\n    return True\n\n\nclass Repository(",
        ),
    ),
    "foreign key without an error": change(
        "test_each_constraint_has_its_error",
        "tests/architecture/test_database.py",
        "infrastructure/repositories.py",
        '        "fk_posts_author_id": (NotFoundError, "There is no such user."),\n',
        "",
    ),
    "reference without an error": change(
        "test_each_reference_has_its_error",
        "tests/architecture/test_database.py",
        "infrastructure/repositories.py",
        '        "fk_accounts_owner_id": (HasAccountsError, "The user has accounts."),\n',
        "",
    ),
    "error of any foreign key": change(
        "test_missing_row_is_named",
        "tests/core/database/test_repository.py",
        "core/database/sqlite.py",
        "    if entity is None or not",
        "    if True or not",
    ),
    "deletion without the rows below": change(
        "test_reference_forbids_the_deletion",
        "tests/core/database/test_repository.py",
        "core/database/sqlite.py",
        'key.ondelete == "CASCADE" and',
        'key.ondelete == "NEVER" and',
    ),
    "deleted parent an error of the server": change(
        "test_missing_parent_is_not_found",
        REPOSITORIES,
        "infrastructure/repositories.py",
        '"fk_posts_author_id": (NotFoundError, "There is no such user.")',
        '"fk_posts_author_id": None',
    ),
    "transaction lost with a violated constraint": change(
        "test_transaction_continues_after_a_violated_constraint",
        "tests/core/database/test_repository.py",
        "core/database/repository.py",
        "            async with self.session.begin_nested():\n                yield\n",
        "            yield\n            await self.session.flush()\n",
    ),
    "a statement for each row": change(
        "test_bulk_insert_is_batched",
        REPOSITORIES,
        "infrastructure/repositories.py",
        "batched(users, INSERT_BATCH_SIZE)",
        "batched(users, 1)",
    ),
    "error hidden in a group": change(
        "test_failure_cancels_the_other_tasks",
        "tests/core/test_concurrency.py",
        "core/concurrency.py",
        "except BaseExceptionGroup as failures:",
        "except ZeroDivisionError as failures:",
    ),
    "index forgotten in the migration": change(
        "test_models_need_no_other_migration",
        "tests/core/database/test_migrations.py",
        "migrations/versions/2026_01_02_0002_example.py",
        '    op.create_index("ix_posts_author_id", "posts", ["author_id"])\n',
        "",
    ),
    "password of the database shown": change(
        "test_password_is_not_shown",
        DATABASE,
        "core/database/sqlite.py",
        "    url: Annotated[SecretStr, AfterValidator(check_url)] = SecretStr(DEFAULT_URL)\n",
        "    url: str = DEFAULT_URL\n",
    ),
    "values of a statement in its error": change(
        "test_errors_show_no_parameters",
        "tests/core/database/test_database.py",
        "core/database/sqlite.py",
        "hide_parameters=True,",
        "hide_parameters=False,",
    ),
    "time without a zone": change(
        "test_naive_datetime_is_rejected",
        DATABASE,
        "core/database/models.py",
        "if value is not None and value.tzinfo is None:",
        "if value is None and value:",
    ),
    "constraints without names": change(
        "test_constraints_have_names",
        DATABASE,
        "core/database/models.py",
        "MetaData(naming_convention=NAMING_CONVENTION)",
        "MetaData()",
    ),
    "connections left open": change(
        "test_connections_are_closed_at_stop",
        DATABASE,
        "core/database/__init__.py",
        "            await database.engine.dispose()\n",
        "            await asyncio.sleep(0)\n",
    ),
    "falsy value taken for a miss": change(
        "test_falsy_values_are_cached",
        CACHE,
        "core/cache/__init__.py",
        "                return self.decode_hit(policy, cached_body)\n",
        "                if value := self.decode_hit(policy, cached_body):\n"
        "                    return value\n",
    ),
    "types left to JSON": change(
        "test_round_trip",
        "tests/core/cache/test_codec.py",
        "core/cache/codec.py",
        "self.adapter.validate_json(data, by_alias=False, by_name=True)",
        "json.loads(data)",
    ),
    "other types converted to text": change(
        "test_value_of_another_type_is_rejected",
        "tests/core/cache/test_codec.py",
        "core/cache/codec.py",
        'warnings="error")',
        "warnings=False, fallback=str)",
    ),
    "cached method without its name": change(
        "test_cached_method_keeps_its_metadata",
        CACHE,
        "core/cache/__init__.py",
        "        @wraps(function)\n",
        "",
    ),
    "entry of another schema decoded": change(
        "test_other_schema_is_a_miss",
        CACHE,
        "core/cache/entry.py",
        "not self.raw.startswith(self.version)",
        "len(self.raw) < len(self.version)",
    ),
    "damaged entry decoded": change(
        "test_damaged_entry_is_a_miss",
        CACHE,
        "core/cache/entry.py",
        "return body if is_intact else None",
        "return body",
    ),
    "entries that expire together": change(
        "test_jitter_spreads_expiry",
        CACHE,
        "core/cache/entry.py",
        " * (1 - jitter * secrets.randbelow(1000) / 1000)",
        " * (1 - jitter)",
    ),
    "load that overwrites an invalidation": change(
        "test_load_from_before_an_invalidation_is_not_stored",
        CACHE,
        "core/cache/__init__.py",
        "self.store.compare_and_set(\n"
        "                        current.key, current.raw, current.pack(body), ttl\n"
        "                    )",
        "self.store.set(current.key, current.pack(body), ttl)",
    ),
    "load for each caller": change(
        "test_concurrent_callers_share_work",
        "tests/core/cache/test_single_flight.py",
        "core/cache/single_flight.py",
        "call = self.calls.get(key)\n",
        "call = None\n",
    ),
    "load that is cancelled with its first caller": change(
        "test_cancelled_caller_does_not_cancel_the_others",
        "tests/core/cache/test_single_flight.py",
        "core/cache/single_flight.py",
        "await asyncio.wait([call.task])",
        "await call.task",
    ),
    "no timeout for Redis": change(
        "test_every_bad_reply_is_a_miss_within_the_timeout",
        REDIS,
        "core/cache/redis.py",
        "asyncio.timeout(self.timeout), self.semaphore",
        "asyncio.timeout(self.timeout * 60), self.semaphore",
    ),
    "a timeout for each call of the lock": change(
        "test_timeout_covers_all_calls_of_a_fetch",
        CACHE,
        "core/cache/__init__.py",
        "                async with store_deadline(deadline):\n                    has_lock",
        "                async with store_deadline(deadline + 60):\n                    has_lock",
    ),
    "a timeout for each tag": change(
        "test_timeout_covers_all_calls_of_a_fetch",
        CACHE,
        "core/cache/__init__.py",
        "            async with store_deadline(deadline):\n                for tag_key",
        "            async with store_deadline(deadline + 60):\n                for tag_key",
    ),
    "no timeout after the load": change(
        "test_load_takes_no_time_of_the_backend",
        CACHE,
        "core/cache/__init__.py",
        "store_deadline(clock() + remaining)",
        "store_deadline(clock() + 60)",
    ),
    "lookup that takes no time": change(
        "test_lookup_takes_time_of_the_store",
        CACHE,
        "core/cache/__init__.py",
        "remaining = deadline - clock()",
        "remaining = self.store.timeout",
    ),
    "load that takes the time of the backend": change(
        "test_load_takes_no_time_of_the_backend",
        CACHE,
        "core/cache/__init__.py",
        "store_deadline(clock() + remaining)",
        "store_deadline(deadline)",
    ),
    "calls to Redis in an outage": change(
        "test_breaker_opens_and_closes",
        REDIS,
        "core/cache/redis.py",
        "            if now < self.retry_at:\n",
        "            if now < 0:\n",
    ),
    "invalidations lost in an outage": change(
        "test_invalidation_survives_an_outage",
        REDIS,
        "core/cache/redis.py",
        "                await self.write_pending()\n                result",
        "                result",
    ),
    "URL of Redis shown": change(
        "test_url_is_accepted",
        REDIS,
        "core/cache/redis.py",
        "RedisUrl = Annotated[SecretStr, ",
        "RedisUrl = Annotated[str, ",
        ("    url = value.get_secret_value()\n", "    url = str(value)\n"),
    ),
    "model without a migration": Break(
        gate=(*TESTS, "tests/core/database/test_migrations.py"),
        refused_by="test_models_need_no_other_migration",
        write={
            f"{PACKAGE}/domain/orders.py": """
            from sqlalchemy.orm import Mapped, mapped_column

            from my_service.core.database.models import Base

            class Order(Base):
                __tablename__ = "orders"

                id: Mapped[int] = mapped_column(primary_key=True)
            """
        },
    ),
    "foreign keys on during a migration": change(
        "test_changes_of_a_table_keep_every_row",
        "tests/core/database/test_revisions.py",
        "core/database/migrations_sqlite.py",
        "PRAGMA foreign_keys=OFF",
        "PRAGMA foreign_keys=ON",
    ),
    "foreign keys not checked after a migration": change(
        "test_migration_that_breaks_a_foreign_key_is_rolled_back",
        "tests/core/database/test_migrations_sqlite.py",
        "core/database/migrations_sqlite.py",
        "CHECKS = (check_foreign_keys,)",
        "CHECKS = ()",
    ),
    "migration without its dependencies": change(
        "test_migration_depends_on_the_branches_that_it_refers_to",
        "tests/core/database/test_revisions.py",
        "core/database/migrations.py",
        "    write_dependencies(migration, revision, directives)\n",
        "",
    ),
    "empty migration": change(
        "test_nothing_is_written_without_a_change",
        "tests/core/database/test_revisions.py",
        "core/database/migrations.py",
        "        directives.clear()\n",
        "",
    ),
    "ids handed out again": change(
        "test_id_of_a_deleted_row_is_not_used_again",
        "tests/core/database/test_sqlite.py",
        "core/database/models.py",
        "    __table_cls__ = staticmethod(build_table)\n",
        "",
    ),
    "ready without migrations": change(
        "test_not_ready_if_a_migration_is_pending",
        DATABASE,
        "core/database/__init__.py",
        "if not migrations.is_current(applied):",
        "if applied is None:",
    ),
    "migration without a way back": Break(
        gate=(*TESTS, "tests/core/database/test_migrations.py"),
        refused_by="test_up_down_and_up",
        write={
            f"{PACKAGE}/migrations/versions/2026_02_01_0004_orders.py": """
            import sqlalchemy as sa
            from alembic import op

            revision = "0004"
            down_revision = "0001"

            def upgrade() -> None:
                op.create_table("orders", sa.Column("id", sa.Integer(), primary_key=True))

            def downgrade() -> None:
                pass
            """
        },
    ),
    "unreadable proxy stops the service": change(
        "test_unreadable_proxy_is_ignored",
        "tests/core/http_client/test_environment.py",
        "core/http_client/environment.py",
        "ERRORS = (OSError, ValueError, httpx2.InvalidURL)",
        "ERRORS = (OSError, ValueError)",
    ),
    "whole body decompressed before its size is checked": change(
        "test_decompression_is_bounded",
        "tests/core/http_client/test_misbehaving_server.py",
        "core/http_client/__init__.py",
        "if len(body) > self.settings.max_response_bytes:",
        "if len(body) > 2**25:",
    ),
    "POST retried": change(
        "test_only_idempotent_requests_are_retried",
        HTTP_CLIENT,
        "core/http_client/__init__.py",
        '"OPTIONS", "PUT"})',
        '"OPTIONS", "POST", "PUT"})',
    ),
    "consumed body sent again": change(
        "test_streamed_body_is_not_sent_again",
        HTTP_CLIENT,
        "core/http_client/__init__.py",
        "is_safe and isinstance(request.stream, httpx2.ByteStream)",
        "is_safe",
    ),
    "retries on errors that httpx2 never raises": change(
        "test_transient_failure_is_retried",
        HTTP_CLIENT,
        "core/http_client/retries.py",
        "isinstance(error, httpx2.TransportError)",
        "isinstance(error, ConnectionError | TimeoutError)",
    ),
    "transport error left to the caller": change(
        "test_permanent_failure_is_unavailability",
        HTTP_CLIENT,
        "core/http_client/__init__.py",
        "FAILURES = (TimeoutError, httpx2.HTTPError)",
        "FAILURES = (TimeoutError, httpx2.HTTPStatusError)",
    ),
    "cause of the failure lost": change(
        "test_permanent_failure_is_unavailability",
        HTTP_CLIENT,
        "core/http_client/__init__.py",
        "raise translate(call, error) from error",
        "raise translate(call, error) from None",
    ),
    "bug taken for an outage": change(
        "test_unsendable_request_shows_no_secret",
        HTTP_CLIENT,
        "core/http_client/retries.py",
        "UNSENDABLE = (httpx2.LocalProtocolError, httpx2.UnsupportedProtocol)",
        "UNSENDABLE = ()",
    ),
    "call without a deadline": change(
        "test_call_ends_at_the_deadline",
        "tests/core/http_client/test_misbehaving_server.py",
        "core/http_client/__init__.py",
        "asyncio.timeout_at(deadline):",
        "asyncio.timeout_at(deadline + 5):",
    ),
    "Retry-After ignored": change(
        "test_retry_after_is_the_minimum_delay",
        HTTP_CLIENT,
        "core/http_client/__init__.py",
        "return seconds or True",
        "return True",
    ),
    "no jitter": change(
        "test_retry_after_is_the_minimum_delay",
        HTTP_CLIENT,
        "core/http_client/retries.py",
        "seconds + SystemRandom().uniform(0, JITTER_SECONDS)",
        "seconds",
    ),
    "delay beyond the deadline": change(
        "test_delay_past_the_deadline_is_not_started",
        HTTP_CLIENT,
        "core/http_client/__init__.py",
        "            or asyncio.get_running_loop().time() + seconds >= call.deadline\n",
        "",
    ),
    "retry storm": change(
        "test_retries_are_a_share_of_the_calls",
        HTTP_CLIENT,
        "core/http_client/retries.py",
        "        self.tokens -= 1\n",
        "",
    ),
    "unlimited response": change(
        "test_response_size_is_limited",
        HTTP_CLIENT,
        "core/http_client/__init__.py",
        "if len(body) > self.settings.max_response_bytes:",
        "if len(body) < 0:",
    ),
    "cookies of one user for another": change(
        "test_cookies_are_not_stored",
        HTTP_CLIENT,
        "core/http_client/__init__.py",
        "CookieJar(DefaultCookiePolicy(allowed_domains=[]))",
        "CookieJar(DefaultCookiePolicy())",
    ),
    "URLs in the log": change(
        "test_failures_are_logged_without_secrets",
        HTTP_CLIENT,
        "core/http_client/__init__.py",
        "logging.getLogger(name).setLevel(logging.WARNING)",
        "logging.getLogger(name).setLevel(logging.INFO)",
    ),
    "arguments of calls in the log": change(
        "test_other_retries_are_logged_without_arguments",
        HTTP_CLIENT,
        "core/http_client/__init__.py",
        "set_on_retry_hooks([retries.log_retry])",
        "set_on_retry_hooks(None)",
    ),
    "stale value of any age": change(
        "test_max_age_is_respected",
        "tests/core/http_client/test_stale.py",
        "core/http_client/stale.py",
        "if age > max_age:",
        "if age < 0:",
    ),
    "unlimited stale values": change(
        "test_number_of_values_is_bounded",
        "tests/core/http_client/test_stale.py",
        "core/http_client/stale.py",
        "if len(self.kept) > self.maxsize:",
        "if len(self.kept) < 0:",
    ),
    "request id not propagated": change(
        "test_id_is_propagated",
        "tests/core/http_client/test_request_id.py",
        "core/http_client/request_id.py",
        "return {HEADER: current} if current else {}",
        "return {}",
    ),
    "trace not propagated": change(
        "test_trace_is_propagated",
        "tests/core/http_client/test_tracing.py",
        "core/http_client/tracing.py",
        "    TraceContextTextMapPropagator().inject(found)\n",
        "",
    ),
    "unlimited hosts as labels": change(
        "test_attempts_are_counted_by_host",
        "tests/core/http_client/test_metrics.py",
        "core/http_client/metrics.py",
        "if len(hosts) < MAX_HOSTS:",
        "if hosts is not None:",
    ),
    "job outside its transaction": change(
        "test_job_belongs_to_its_transaction",
        OUTBOX,
        "core/jobs/outbox.py",
        "    await session.execute(query)\n\n\n",
        "    await session.execute(query)\n    await (await session.connection()).commit()\n\n\n",
    ),
    "job run twice": change(
        "test_job_is_done_once",
        OUTBOX,
        "core/jobs/outbox.py",
        "OutboxJob.id == job_id, OutboxJob.run_at.is_not(None), ",
        "OutboxJob.id == job_id, ",
    ),
    "job of two workers": change(
        "test_job_of_a_dead_worker_is_due_again",
        OUTBOX,
        "core/jobs/outbox.py",
        "locked_until=now + self.lease,",
        "locked_until=now,",
    ),
    "job lost with its worker": change(
        "test_job_of_a_dead_worker_is_due_again",
        OUTBOX,
        "core/jobs/outbox.py",
        "run_at=now + self.lease,",
        "run_at=now + timedelta(days=999),",
    ),
    "unlimited attempts": change(
        "test_job_that_always_fails_is_dead",
        OUTBOX,
        "core/jobs/outbox.py",
        "if job.attempts >= self.settings.max_attempts:",
        "if job.attempts >= 10**9:",
    ),
    "job without a timeout": change(
        "test_job_has_a_timeout",
        OUTBOX,
        "core/jobs/durable.py",
        "asyncio.timeout(self.settings.timeout_seconds)",
        "asyncio.timeout(2)",
    ),
    "undispatched job not released": change(
        "test_jobs_are_done",
        "tests/core/jobs/test_worker.py",
        "core/jobs/worker.py",
        "            await self.jobs.outbox.release(ids)\n",
        "            await self.jobs.outbox.release([])\n",
    ),
    "worker that writes every second": change(
        "test_worker_writes_once_an_interval",
        OUTBOX,
        "core/jobs/durable.py",
        "if self.last_enqueued.get(name) != interval:",
        "if self.last_enqueued is not None:",
    ),
    "worker that ends with its queue": change(
        "test_jobs_are_done",
        "tests/core/jobs/test_worker.py",
        "core/jobs/worker.py",
        "            except Exception:\n"
        '                logger.exception("outbox.dispatch_failed")\n',
        "            except OSError:\n                raise\n",
    ),
    "dead jobs not counted": change(
        "test_unfinished_jobs_are_shown",
        "tests/core/jobs/test_outbox_metrics.py",
        "core/jobs/outbox_metrics.py",
        "self.set(pending, unfinished - pending)",
        "self.set(pending, unfinished - unfinished)",
    ),
    "user without the mail": change(
        "test_new_user_gets_one_mail",
        "tests/api/test_welcome_email_durable.py",
        "example/welcome_email_durable.py",
        "            await enqueue(session, job)\n",
        "            print(job)\n",
    ),
    "statistics from before the post": change(
        "test_post_invalidates_stats",
        STATS,
        "example/user_stats.py",
        "        services.get(PostService).on_change.append(stats.invalidate)\n",
        "",
    ),
    "statistics of a deleted user": change(
        "test_deletion_invalidates_stats",
        STATS,
        "example/user_stats.py",
        "        services.get(UserService).on_change.append(stats.invalidate)\n",
        "",
    ),
    "missing user cached": change(
        "test_missing_user_is_not_cached",
        STATS,
        "services/user_stats.py",
        "ttl=1800, ",
        "ttl=1800, negative_ttl=60, ",
    ),
    "failed commit without an invalidation": change(
        "test_failed_commit_invalidates_stats",
        STATS,
        "services/post_service.py",
        "        finally:\n",
        "        except LookupError:\n            raise\n        else:\n",
        ("        try:\n            return await", "        try:\n            post = await"),
    ),
    "callback before the commit": change(
        "test_callback_runs_after_a_post",
        "tests/api/test_posts.py",
        "services/post_service.py",
        "        try:\n"
        "            return await self.unit_of_work.write(work)\n"
        "        finally:\n"
        "            for callback in self.on_change:\n"
        "                await callback(new.author_id)\n",
        "        for callback in self.on_change:\n"
        "            await callback(new.author_id)\n"
        "        return await self.unit_of_work.write(work)\n",
    ),
    "stale rate of any age": change(
        "test_stale_rate_is_used_up_to_its_age",
        "tests/api/test_valuation.py",
        "infrastructure/exchange_rates.py",
        "max_age=self.settings.stale_seconds",
        "max_age=10**9",
    ),
    "missing rate taken for a missing account": change(
        "test_invalid_rates_are_an_outage",
        "tests/api/test_valuation.py",
        "infrastructure/exchange_rates.py",
        "(KeyError, NotFoundError, ValidationError)",
        "(KeyError, ValidationError)",
    ),
    "mail without encryption": change(
        "test_mail_needs_tls_by_default",
        "tests/core/test_mail.py",
        "core/mail.py",
        'start_tls=settings.security == "starttls"',
        "start_tls=None",
    ),
    "nested routers": change(
        "test_route_is_named",
        ROUTING,
        "core/app.py",
        "            register(app, router)\n",
        "            app.include_router(router)\n",
    ),
    "example without a setting": change(
        "test_example_lists_every_variable_with_its_default",
        DOTENV,
        ".env.example",
        "MY_SERVICE_SERVER__PORT=8000\n",
        "",
    ),
    "example with a setting too many": change(
        "test_example_lists_every_variable_with_its_default",
        DOTENV,
        ".env.example",
        "MY_SERVICE_SERVER__PORT=8000\n",
        "MY_SERVICE_SERVER__PORT=8000\nMY_SERVICE_SECRET_KEY=\n",
    ),
    "port without bounds": change(
        "test_bad_value_is_named",
        DOTENV,
        "core/server/__init__.py",
        "ge=1, le=65535",
        "le=65535",
    ),
    "settings that can change": change(
        "test_settings_are_frozen",
        SETTINGS,
        "core/settings.py",
        "frozen=True, extra",
        "extra",
    ),
    "misspelt variable": change(
        "test_bad_value_is_named",
        DOTENV,
        "core/settings.py",
        'extra="forbid"',
        'extra="ignore"',
    ),
    "foreign variable refused": change(
        "test_other_variables_are_ignored",
        DOTENV,
        "core/settings.py",
        'extra="ignore",',
        'extra="forbid",',
    ),
}

OF_JOBS_IN_PROCESS = {
    "repeated job overtakes itself": change(
        "test_repeated_job_does_not_overtake_itself",
        IN_PROCESS_JOBS,
        "core/jobs/in_process.py",
        "if all(task.get_name() != name for task in self.tasks):",
        "if self.is_open:",
    ),
    "unlimited queue": change(
        "test_queue_size_is_bounded",
        IN_PROCESS_JOBS,
        "core/jobs/in_process.py",
        "len(self.tasks) >= self.settings.queue_size",
        "len(self.tasks) >= 10**9",
    ),
    "unlimited concurrency": change(
        "test_jobs_run_concurrently_in_the_background",
        IN_PROCESS_JOBS,
        "core/jobs/in_process.py",
        "                async with self.semaphore:\n",
        "                if True:\n",
    ),
    "jobs without retries": change(
        "test_failed_job_is_retried",
        IN_PROCESS_JOBS,
        "core/jobs/in_process.py",
        "range(1, self.settings.max_attempts + 1)",
        "range(1, 2)",
    ),
    "semaphore held during the delay": change(
        "test_retry_delay_blocks_no_other_job",
        IN_PROCESS_JOBS,
        "core/jobs/in_process.py",
        "                    await work()\n            except Exception:\n",
        "                    await work()\n"
        "            except Exception:\n"
        "                await self.semaphore.acquire()\n",
    ),
    "jobs without a drain": change(
        "test_drain_has_a_timeout",
        IN_PROCESS_JOBS,
        "core/jobs/in_process.py",
        "            await jobs.drain()\n",
        "            await asyncio.sleep(0)\n",
    ),
    "jobs that are not counted": change(
        "test_jobs_are_counted",
        "tests/core/jobs/test_metrics.py",
        "core/jobs/metrics.py",
        "events.labels(job, event).inc()",
        "events.labels(job, event).inc(0)",
    ),
    "mail to a rejected user": change(
        "test_other_users_get_no_mail",
        "tests/api/test_welcome_email_in_process.py",
        "example/welcome_email_in_process.py",
        "        user = await super().register(new)\n",
        "        guest = User(email=new.email, name=new.name)\n"
        '        self.jobs.enqueue("welcome", partial(self.mailer.send, welcome_mail(guest)))\n'
        "        user = await super().register(new)\n",
    ),
}

SERVED = {
    "no drain": change(
        "test_no_request_is_lost_while_it_drains",
        "tests/core/server/test_drain.py",
        "core/server/drain.py",
        "self.stop_at = time.monotonic() + self.drain_seconds",
        "self.should_exit = True",
    ),
    "drain that readiness hides": change(
        "test_no_request_is_lost_while_it_drains",
        "tests/core/server/test_drain.py",
        "core/server/drain.py",
        "            self.app.in_flight.drain()\n",
        "",
    ),
    "stop signal left to uvicorn": change(
        "test_serves_until_it_is_stopped",
        CLI,
        "core/server/drain.py",
        "def handle_exit(",
        "def handle_exit_never(",
    ),
    "log lines of uvicorn": change(
        "test_every_line_of_a_served_session_is_json",
        REQUEST_ID,
        "core/server/__init__.py",
        "log_config=None if has_log else LOGGING_CONFIG,",
        "log_config=LOGGING_CONFIG,",
    ),
    "path in the access log": change(
        "test_every_line_of_a_served_session_is_json",
        REQUEST_ID,
        "core/logging/access_log.py",
        '"route": context.route,',
        '"route": scope["path"],',
    ),
    "access log without the request id": change(
        "test_every_line_of_a_served_session_is_json",
        REQUEST_ID,
        "core/logging/access_log.py",
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
        change=(
            (
                f"{PACKAGE}/components.py",
                "from my_service.core.component",
                "from my_service import careless\nfrom my_service.core.component",
            ),
        ),
    ),
    "warning": Break(
        gate=(*TESTS, "tests/core/test_careless.py"),
        refused_by="DeprecationWarning",
        write={
            "tests/core/test_careless.py": """
            import warnings

            def test_old_way() -> None:
                warnings.warn("old", DeprecationWarning)
            """
        },
    ),
}

BY_TESTS |= {
    "dollar replaced in .env": change(
        "test_dollar_in_the_file_stands_for_itself",
        DOTENV,
        "core/dotenv_file.py",
        "interpolate=False",
        "interpolate=True",
    ),
    "default registry hidden": change(
        "test_default_registry_is_shown",
        "tests/core/test_metrics.py",
        "core/metrics.py",
        "(*REGISTRY.collect(), *self.registry.collect())",
        "[*self.registry.collect(), *list(REGISTRY.collect())[:0]]",
    ),
    "misspelt variable ignored": change(
        "test_misspelt_name_is_refused",
        "tests/core/test_settings.py",
        "core/environment.py",
        "    if lines:\n",
        "    if not known:\n",
    ),
    "lists only as JSON": change(
        "test_types_of_owners",
        "tests/core/test_settings.py",
        "core/environment.py",
        "and not is_json:",
        "and is_json:",
    ),
}

OF_POSTGRESQL = {
    "no timeouts behind a pooler": change(
        "test_transactions_have_the_timeouts_behind_a_pooler",
        "tests/core/database/test_postgresql.py",
        "core/database/postgresql.py",
        "        set_timeouts(engine, settings)\n",
        "        pass\n",
    ),
    "statements stay prepared behind a pooler": change(
        "test_no_statement_stays_prepared_behind_a_pooler",
        "tests/core/database/test_postgresql.py",
        "core/database/postgresql.py",
        "**(pooled_arguments() if is_pooled else {}),",
        "",
    ),
    "TLS of the database given up": change(
        "test_password_needs_the_tls_of_the_url",
        "tests/core/database/test_postgresql_url.py",
        "core/database/postgresql_url.py",
        "for name, value in parameters.items() if name in ASYNCPG_PARAMETERS}",
        "for name, value in () if name in ASYNCPG_PARAMETERS}",
    ),
}

LIBRARY_RULES = "tests/architecture/test_library.py"
BATCHES, READINGS = "readings/_batches.py", "readings/_readings.py"


def rule(name: str, code: str, at: str = "_careless.py") -> Break:
    """Return the mistake of adding a module to a library, which a rule refuses."""
    return module((*TESTS, f"{LIBRARY_RULES}::{name}"), name, code, at)


OF_LIBRARY = {
    "public name removed": change(
        "test_public_names_are_frozen", LIBRARY_RULES, "__init__.py", '["Error"]', "[]"
    ),
    "public name of a module removed": change(
        "test_public_names_are_frozen",
        LIBRARY_RULES,
        "readings/__init__.py",
        '    "to_base_unit",\n',
        "",
    ),
    "public module that nothing lists": rule(
        "test_public_names_are_frozen",
        """
        __all__ = ["LIMIT"]

        LIMIT = 1
        """,
        at="careless.py",
    ),
    "public module removed": Break(
        gate=(*TESTS, f"{LIBRARY_RULES}::test_frozen_modules_exist"),
        refused_by="test_frozen_modules_exist",
        write={"tests/public_names/shapes.txt": "area\n"},
    ),
    "public module without its names": rule(
        "test_public_module_lists_its_names", "LIMIT = 1", at="careless.py"
    ),
    "public name without a docstring": rule(
        "test_public_name_has_docstring",
        """
        __all__ = ["double"]

        def double(n: int) -> int:
            return n * 2
        """,
        at="careless.py",
    ),
    "public name of another distribution": rule(
        "test_public_name_is_defined_here",
        """
        from pathlib import Path

        __all__ = ["Path"]
        """,
        at="careless.py",
    ),
    "error without the base": rule(
        "test_errors_derive_from_error", "class LostError(Exception): ..."
    ),
    "thread at import": rule(
        "test_import_has_no_side_effects",
        "import threading\n\nthreading.Thread(target=input, daemon=True).start()",
    ),
    "environment changed at import": rule(
        "test_import_has_no_side_effects", 'import os\n\nos.environ["TZ"] = "UTC"'
    ),
    "log set up at import": rule(
        "test_import_has_no_side_effects",
        "import logging\n\nlogging.getLogger().addHandler(logging.NullHandler())",
    ),
    "level of the package's log at import": rule(
        "test_import_has_no_side_effects",
        "import logging\n\nlogging.getLogger(__name__).setLevel(logging.DEBUG)",
    ),
    "output at import": rule("test_import_has_no_side_effects", "print()"),
    "package without types": Break(
        gate=(*TESTS, f"{LIBRARY_RULES}::test_package_is_typed"),
        refused_by="test_package_is_typed",
        remove=(f"{PACKAGE}/py.typed",),
    ),
    "log handler in a library": module(
        LINT,
        "TID251 `logging.StreamHandler`",
        "import logging\n\ndef show() -> object:\n    return logging.StreamHandler()",
    ),
    "environment read in a library": module(
        LINT,
        "TID251 `os.getenv`",
        'import os\n\ndef key() -> object:\n    return os.getenv("KEY")',
    ),
    "type that callers see": Break(
        gate=TYPES,
        refused_by="[assert-type]",
        change=((f"{PACKAGE}/{READINGS}", "= None) -> Iterator", "= None) -> Iterable"),),
    ),
    "example of a docstring that is wrong": Break(
        gate=(*TESTS, f"{PACKAGE}/{BATCHES}"),
        refused_by="Expected:",
        change=((f"{PACKAGE}/{BATCHES}", "[('a', 'b'), ('c',)]", "[('a', 'b', 'c')]"),),
    ),
    "example of the README that is wrong": Break(
        gate=(*TESTS, "README.md"),
        refused_by="Expected:",
        change=(("README.md", "\nTrue\n", "\nFalse\n"),),
    ),
    "whole input in memory": change(
        "test_bounded_memory",
        "tests/readings/test_writing.py",
        "readings/_writing.py",
        "batched(readings, batch_size)",
        "batched(list(readings), batch_size)",
    ),
    "batch without items": change(
        "test_invalid_size", "tests/readings/test_writing.py", BATCHES, "size < 1", "size < 0"
    ),
}

OF_ALL = {
    "marker of a conflict": Break(
        gate=("poe", "conflicts"),
        refused_by="README.md:",
        change=(("README.md", "\n## Development\n", "\n<<<<<<< before updating\n"),),
    ),
    "name that the documentation lacks": Break(
        gate=("poe", "docs"),
        refused_by="could not be found",
        change=(("docs/reference.md", "::: my_service", "::: my_service.nothing"),),
    ),
    "link to no page": Break(
        gate=("poe", "docs"),
        refused_by="page does not exist",
        change=(("docs/index.md", "(reference.md)", "(references.md)"),),
    ),
    "page that nothing lists": Break(
        gate=(*TESTS, "tests/architecture/test_docs.py::test_every_page_is_listed"),
        refused_by="test_every_page_is_listed",
        write={"docs/orders.md": "# Orders\n"},
    ),
}

BY_TESTS |= OF_ALL
BY_TESTS |= {f"{name} (library)": replace(case, answers=LIBRARY) for name, case in OF_ALL.items()}
TOOL_RULES = "tests/architecture/test_commands.py"
PROGRAM, OUTPUT = "tests/core/test_program.py", "tests/core/test_output.py"
PROCESS, CONFIG = "tests/core/test_process.py", "tests/core/test_config_file.py"

OF_TOOL = {
    "command imported by --help": change(
        "test_help_imports_nothing_slow",
        TOOL_RULES,
        "cli.py",
        "from my_service.core.program import Command, Program\n",
        "import pydantic\n\nfrom my_service.core.program import Command, Program\n",
    ),
    "version read by --help": change(
        "test_help_imports_nothing_slow",
        TOOL_RULES,
        "core/program.py",
        "import inspect\n",
        "import importlib.metadata\nimport inspect\n",
    ),
    "help of an example that loads the settings": change(
        "test_help_of_a_command_loads_no_settings",
        "tests/example_commands/test_help.py",
        "example_commands/summarize.py",
        "if TYPE_CHECKING:  # the help needs no settings\n    from",
        "if True:\n    from",
    ),
    "conversion of common options": change(
        "test_help_of_a_command_loads_no_settings",
        "tests/example_commands/test_help.py",
        "core/program.py",
        "            param.__class__ = CommonOption\n",
        "            param.name = param.name\n",
    ),
    "help of an option that changes": change(
        "test_help_of_the_program",
        "tests/core/test_help.py",
        "core/program.py",
        "Log more: DEBUG and above.",
        "Log more.",
    ),
    "help of an example that changes": change(
        "test_help",
        "tests/example_commands/test_summarize.py",
        "example_commands/summarize.py",
        "The format.",
        "The format of the file.",
    ),
    "line of a command that is not its docstring": change(
        "test_help_is_that_of_the_function",
        TOOL_RULES,
        "practice_commands.py",
        "Summarize a file of readings.",
        "Summarize readings.",
    ),
    "two commands of one name": change(
        "test_names_are_unique", TOOL_RULES, "practice_commands.py", '"fetch",', '"summarize",'
    ),
    "reference that is not current": Break(
        gate=(*TESTS, f"{TOOL_RULES}::test_reference_is_current"),
        refused_by="Run `uv run poe reference`.",
        write={"docs/commands.md": "# Commands\n"},
    ),
    "completion without commands": change(
        "test_shell_completes_the_commands",
        TOOL_RULES,
        "core/program.py",
        "hidden=command.hidden",
        "hidden=True",
    ),
    "environment read in a tool": module(
        LINT,
        "TID251 `os.environ`",
        'import os\n\ndef key() -> object:\n    return os.environ["KEY"]',
    ),
    "settings loaded by a command": module(
        LINT,
        "TID251 `my_service.settings.Settings.load_file`",
        """
        from pathlib import Path

        from my_service.settings import Settings

        def load() -> Settings:
            return Settings.load_file(Path("own.toml"), is_required=True)
        """,
    ),
    "event loop of a command": module(
        LINT,
        "TID251 `asyncio.run`",
        "import asyncio\n\ndef run() -> None:\n    asyncio.run(asyncio.sleep(0))",
    ),
    "data printed": module(LINT, "T201", 'def show() -> None:\n    print("here")'),
    "log set up by a command": module(
        LINT, "TID251 `structlog.configure`", "import structlog\n\nstructlog.configure()"
    ),
    "client of another library in a tool": module(
        LINT, "TID251 `requests`", "import requests\n\nrequests.get('https://a', timeout=1)"
    ),
    "second log handler": module(
        (*TESTS, "tests/architecture/test_logging.py"),
        "test_one_module_adds_log_handlers",
        "import logging\n\nlogging.getLogger().addHandler(logging.NullHandler())",
    ),
    "core of a tool that knows the project": module(
        (*TESTS, "tests/architecture/test_imports.py"),
        "test_core_imports_nothing_outside_core",
        "from my_service.settings import Settings\n\nKIND = Settings",
        at="core/careless.py",
    ),
    "log on standard output": change(
        "test_log_is_on_standard_error",
        "tests/core/logging/test_stderr.py",
        "core/logging/stderr.py",
        "return sys.stderr.write(",
        "return sys.stdout.write(",
    ),
    "markup in data": change(
        "test_table_is_text",
        OUTPUT,
        "core/output.py",
        "(Text(escape_controls(str(row[key]))) for key in columns)",
        "(escape_controls(str(row[key])) for key in columns)",
    ),
    "control characters in data": change(
        "test_table_is_text",
        OUTPUT,
        "core/output.py",
        "Text(escape_controls(str(row[key])))",
        "Text(str(row[key]))",
    ),
    "control characters in an error": change(
        "test_error_is_shown", PROGRAM, "core/process.py", "{escape_controls(line)}", "{line}"
    ),
    "wrapped data in a pipe": change(
        "test_pipe_is_not_wrapped", OUTPUT, "core/output.py", "WIDE = 10_000", "WIDE = 80"
    ),
    "NaN in JSON": change(
        "test_json_has_no_nan", OUTPUT, "core/output.py", "allow_nan=False", "allow_nan=True"
    ),
    "encoding that ends a command": change(
        "test_every_name_can_be_written",
        OUTPUT,
        "core/process.py",
        'reconfigure(errors="backslashreplace")',
        'reconfigure(errors="strict")',
    ),
    "progress in spite of --quiet": change(
        "test_quiet_hides_progress",
        OUTPUT,
        "core/output.py",
        "disable=self.is_quiet or not sys.stderr.isatty()",
        "disable=False",
    ),
    "bug with the status of an error": change(
        "test_bug_has_a_status_of_its_own", PROGRAM, "core/process.py", "BUG = 70", "BUG = 1"
    ),
    "error that is no JSON": change(
        "test_error_is_json", PROGRAM, "core/process.py", "    if is_json:\n", "    if not code:\n"
    ),
    "traceback for a closed pipe": change(
        "test_closed_pipe_ends_the_command",
        PROCESS,
        "core/process.py",
        "isinstance(error, BrokenPipeError)",
        "isinstance(error, UnicodeError)",
    ),
    "full disk unnoticed": change(
        "test_full_disk_is_reported",
        PROCESS,
        "core/process.py",
        "*(errno.EIO, errno.ENOSPC)",
        "errno.EIO",
    ),
    "rest of a partial write lost": change(
        "test_partial_write_is_no_success",
        PROCESS,
        "core/process.py",
        "isinstance(sys.stdout.buffer, io.RawIOBase)",
        "isinstance(sys.stdout.buffer, bytes)",
    ),
    "log that changes the exit status": change(
        "test_standard_error_changes_no_status",
        PROCESS,
        "core/process.py",
        "        discard(sys.stderr)\n",
        "        sys.stderr.closed  # noqa: B018\n",
    ),
    "loop that no signal ends": change(
        "test_second_signal_ends_a_blocked_loop",
        PROCESS,
        "core/async_commands.py",
        "            if is_terminated:\n",
        "            if is_terminated and not loop:\n",
    ),
    "end that waits for standard input": change(
        "test_signal_ends_a_command_that_reads",
        PROCESS,
        "core/async_commands.py",
        "daemon=True",
        "daemon=False",
    ),
    "line that waits for others": change(
        "test_line_does_not_wait_for_others",
        PROCESS,
        "core/output.py",
        "        sys.stdout.flush()\n",
        "",
    ),
    "group by Rich": change(
        "test_help_of_a_group_is_that_of_a_command",
        PROGRAM,
        "core/program.py",
        "    command.rich_markup_mode = None\n",
        "",
    ),
    "usage error that is no JSON": change(
        "test_every_error_is_json",
        PROGRAM,
        "core/program.py",
        'Options(is_json="--json" in args)',
        "Options()",
    ),
    "certificate error retried": change(
        "test_certificate_error_is_not_retried",
        HTTP_CLIENT,
        "core/http_client/retries.py",
        "if isinstance(root_cause(error), ssl.SSLCertVerificationError)",
        "if isinstance(error, ssl.SSLCertVerificationError)",
    ),
    "port that no host has": change(
        "test_impossible_port_is_refused",
        HTTP_CLIENT,
        "core/http_client/__init__.py",
        "request.url.port not in PORTS",
        "request.url.port == 0",
    ),
    "SIGTERM without a clean-up": change(
        "test_signal_ends_the_command",
        PROCESS,
        "core/program.py",
        "            with process.terminable():\n",
        "            if argv != []:\n",
    ),
    "cancelled command with a bug's status": change(
        "test_signal_ends_the_command",
        PROCESS,
        "core/async_commands.py",
        "as error:\n        if is_terminated:\n",
        "as error:\n        if not is_terminated:\n",
    ),
    "unbounded line": change(
        "test_long_line_is_refused_before_it_is_in_memory",
        "tests/core/test_input.py",
        "core/input.py",
        "lines.readline(MAX_LINE_BYTES + 1)",
        "lines.readline()",
    ),
    "whole file in memory": change(
        "test_memory_does_not_grow_with_the_file",
        "tests/example_commands/test_summarize.py",
        "example_commands/readings.py",
        "csv.reader(read_lines(path), strict=True)",
        "csv.reader([*read_lines(path)], strict=True)",
    ),
    "unlimited requests": change(
        "test_results_have_the_order_of_the_urls",
        "tests/example_commands/test_fetch.py",
        "example_commands/fetching.py",
        "asyncio.Semaphore(max_concurrent)",
        "asyncio.Semaphore(20)",
    ),
    ".env of any folder read": change(
        "test_dotenv_is_not_read",
        CONFIG,
        "core/settings.py",
        'env_nested_delimiter="__",\n',
        'env_nested_delimiter="__",\n        env_file=".env",\n',
    ),
    "file that wins over the environment": change(
        "test_environment_wins_over_the_file",
        CONFIG,
        "core/config_file.py",
        "return (*first, InitSettingsSource(settings_cls, dict(current_file.get().values)))",
        "return (InitSettingsSource(settings_cls, dict(current_file.get().values)), *first)",
    ),
    "unknown key ignored": change(
        "test_bad_key_is_named",
        CONFIG,
        "core/config_file.py",
        "    if unknown:\n",
        "    if not known:\n",
    ),
    "configuration file of the current folder": change(
        "test_relative_folder_is_ignored",
        CONFIG,
        "core/program.py",
        "    if not folder.is_absolute():",
        "    if not folder.name:",
    ),
    "configuration file without an end": change(
        "test_device_is_refused",
        CONFIG,
        "core/config_file.py",
        "if not S_ISREG(mode) and not is_pipe and path != NOTHING:",
        "if is_pipe:",
    ),
    "name that an alias replaces": change(
        "test_alias_is_named",
        CONFIG,
        "core/environment.py",
        "return keys if keys and not is_by_name else [*keys, name]",
        "return [*keys, name]",
    ),
    "option that loses to the variable": change(
        "test_option_wins_over_the_variable",
        "tests/core/logging/test_stderr.py",
        "core/logging/stderr.py",
        '{} if level is None else {"level": level}',
        "{}",
    ),
}

BY_TESTS |= {name: replace(case, answers=POSTGRESQL) for name, case in OF_POSTGRESQL.items()}
BY_TESTS |= {name: replace(case, answers=TOOL) for name, case in OF_TOOL.items()}
BY_TESTS |= {name: replace(case, answers=LIBRARY) for name, case in OF_LIBRARY.items()}
BY_TESTS |= {name: replace(case, answers=IN_PROCESS) for name, case in OF_JOBS_IN_PROCESS.items()}
ALL = BY_LINTER | BY_TYPES | BY_DEPENDENCIES | BY_ARCHITECTURE | BY_TESTS | SERVED
CASES = [
    pytest.param(case, id=name, marks=() if case.gate in QUICK else pytest.mark.full)
    for name, case in ALL.items()
]

Gate = Callable[[tuple[str, ...]], Run]


@dataclass(slots=True)
class Installed:
    """A project that is rendered for each test, and its environment."""

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
            kind = dict(self.answers or ()).get("kind", KINDS[0])
            return self.environment.check_types(
                self.folder, *gate, cache=f"{kind}-True-3.11", shared=self.shared
            )
        if tool != "pytest":
            return self.environment.run(self.folder, *gate)
        if self.tests is None:
            self.tests = self.opened.enter_context(preloaded(self.environment))
        return self.tests(self.folder, *arguments)


@pytest.fixture(scope="module")
def installed(variant: Variant, results: Results) -> Iterator[Installed]:
    """Yield a project that can be rendered and changed."""
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


def test_cases_fit_the_project(variant: Variant) -> None:
    """The changed text and the named tests of every case exist."""
    missing = set()
    for name, case in ALL.items():
        project = variant(**dict(BREAKABLE + case.answers))
        for path, old, _ in case.change:
            if old not in (project / path).read_text(encoding="utf-8"):
                missing.add((name, path, old))
        file, _, test = case.gate[-1].partition("::")
        if test and f"def {test}(" not in (project / file).read_text(encoding="utf-8"):
            missing.add((name, file, test))

    assert missing == set()


@pytest.mark.parametrize("case", CASES)
def test_break_is_refused(case: Break, installed: Installed, gate: Gate) -> None:
    """The gate fails, and its output has the rule or the test."""
    case.do(installed.render(case.answers))

    done = gate(case.gate)

    # Another status is a gate that could not start.
    assert done.status == 1, done
    assert case.refused_by in done.output, done


@pytest.mark.full
@pytest.mark.parametrize(
    "answers", [(), IN_PROCESS, TOOL, LIBRARY], ids=["full", "in process", "tool", "library"]
)
def test_untouched(installed: Installed, gate: Gate, answers: Answers) -> None:
    """The gates of the cases pass without a mistake."""
    installed.render(answers)
    cases = [case for case in BY_TESTS.values() if case.answers == answers]
    tests = sorted(
        {part for case in cases if case.gate[0] == "pytest" for part in case.gate[len(TESTS) :]}
    )

    layers = [] if answers in {TOOL, LIBRARY} else [IMPORTS]
    for command in (LINT, TYPES, DEPENDENCIES, *layers, (*RULES, *tests)):
        done = gate(command)

        assert done.status == 0, done


@pytest.mark.full
def test_tests_pass_in_the_background(installed: Installed) -> None:
    """A shell that ignores Ctrl-C, as it does for a job in the background, fails no test."""
    project = installed.render(TOOL)
    tests = f"{' '.join(TESTS)} tests/core/test_process.py -k signal"

    done = installed.environment.run(project, "sh", "-c", f"trap '' INT; exec {tests}")

    check(done)
    assert " passed" in done.stdout


@pytest.mark.full
def test_breaking_change_is_listed(installed: Installed, gate: Gate) -> None:
    """`poe breaking` fails by a public name that the latest tag had, and by no private one."""
    project = installed.render(LIBRARY)
    commit_all(project)
    git(project, "tag", "v0.1.0")
    private, public = project / PACKAGE / READINGS, project / PACKAGE / "readings" / "__init__.py"
    private.write_text(private.read_text("utf-8").replace("parse_value", "read_value"), "utf-8")
    assert gate(("poe", "breaking")).status == 0

    lines = public.read_text("utf-8").splitlines(keepends=True)
    public.write_text("".join(line for line in lines if "to_base_unit" not in line), "utf-8")

    done = gate(("poe", "breaking"))
    assert done.status == 1
    assert "to_base_unit" in done.output
    git(project, "checkout", "--quiet", "--", ".")
    shutil.move(project / PACKAGE, project / "my_service")  # the layout has changed since the tag
    assert gate(("poe", "breaking")).status == 0


OWNERS_FILES = {
    f"{PACKAGE}/commands.py": """
    \"\"\"Commands of the team.\"\"\"

    import asyncio
    import os

    from my_service.core.app import Application
    from my_service.core.cli import Command, CommandContext
    from my_service.reports import Ledger
    from my_service.settings import Settings


    async def report(app: Application) -> int:
        \"\"\"Return the length of the name of the report.\"\"\"
        async with app.router.lifespan_context(app):
            return len(Ledger(os.environ.get("REPORT", "report")).commit())


    def print_report(context: CommandContext[Settings]) -> None:
        \"\"\"Print the report.\"\"\"
        print(asyncio.run(report(context.create_app())))


    COMMANDS: tuple[Command[Settings], ...] = (
        Command(name="report", help="print the report", run=print_report),
    )
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

    from my_service.app import create_app
    from my_service.commands import report
    from my_service.settings import Settings

    print(asyncio.run(report(create_app(Settings.load({})))))
    """,
    "tests/reports/test_reports.py": """
    \"\"\"Reports.\"\"\"

    import pytest

    from my_service.__main__ import main
    from my_service.reports import Ledger, commit_twice


    def test_commit_twice() -> None:
        \"\"\"Both names are returned.\"\"\"
        assert commit_twice(Ledger("a")) == "aa"


    def test_report(capsys: pytest.CaptureFixture[str]) -> None:
        \"\"\"The command prints the report.\"\"\"
        assert main(["report"]) == 0
        assert capsys.readouterr().out == "6\\n"


    def test_report_names_a_bad_setting(monkeypatch: pytest.MonkeyPatch) -> None:
        \"\"\"The command ends with status 2.\"\"\"
        monkeypatch.setenv("MY_SERVICE_SERVER__PORT", "none")
        assert main(["report"]) == 2
    """,
}
"""What an owner adds: a command, a module, a script and tests."""


@pytest.mark.full
@pytest.mark.parametrize("answers", [(), MINIMAL], ids=["full", "minimal"])
def test_owners_command_is_accepted(installed: Installed, gate: Gate, answers: Answers) -> None:
    """An owner's command loads the settings and starts an event loop, and every gate passes."""
    project = installed.render(answers)
    Break(gate=(), refused_by="", write=OWNERS_FILES).do(project)
    tests = (*RULES, "tests/reports/test_reports.py")

    for command in (LINT, FORMAT, TYPES, IMPORTS, DEPENDENCIES, tests):
        done = gate(command)

        assert done.status == 0, done


DISTURBING = {
    f"{PACKAGE}/settings.py": """
    \"\"\"The settings of this project.\"\"\"

    from my_service.core.settings import SettingsGroup
    from my_service.practices import PracticeSettings


    class OrderSettings(SettingsGroup):
        \"\"\"Orders.\"\"\"

        currency: str


    class Settings(PracticeSettings):
        \"\"\"The settings of the practices, and ours.\"\"\"

        orders: OrderSettings
    """,
    f"{PACKAGE}/components.py": """
    \"\"\"The components of this project.\"\"\"

    from fastapi import APIRouter
    from starlette.middleware import Middleware
    from starlette.types import ASGIApp, Receive, Scope, Send

    from my_service.core.component import Component
    from my_service.core.errors import ForbiddenError
    from my_service.settings import Settings

    router = APIRouter(prefix="/orders")


    @router.get("/{order_id}")
    async def get_order(order_id: int) -> int:
        \"\"\"Return an order.\"\"\"
        return order_id


    class Refuse:
        \"\"\"Refuse every request.\"\"\"

        def __init__(self, app: ASGIApp) -> None:
            self.app = app

        async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
            \"\"\"Refuse a request.\"\"\"
            if scope["type"] == "http":
                raise ForbiddenError("No one may pass.")
            await self.app(scope, receive, send)


    def components(settings: Settings) -> tuple[Component, ...]:
        \"\"\"Return the components of the project.\"\"\"
        name = f"orders in {settings.orders.currency}"
        return (Component(name=name, routers=(router,), middleware=(Middleware(Refuse),)),)
    """,
    "tests/conftest.py": """
    \"\"\"Fixtures for every test.\"\"\"

    from collections.abc import Mapping

    import pytest

    pytest_plugins = ["support.fixtures"]


    @pytest.fixture(scope="session")
    def required_settings() -> Mapping[str, str]:
        \"\"\"Return the variables of our required settings.\"\"\"
        return {"ORDERS__CURRENCY": "EUR"}
    """,
}
"""A required setting, a route of the name that tests use, and a middleware that refuses all."""


@pytest.mark.full
def test_tests_of_the_core_are_their_own(installed: Installed, gate: Gate) -> None:
    """What an owner adds fails no test of the core."""
    project = installed.render(())
    Break(gate=(), refused_by="", write=DISTURBING).do(project)
    example = project / ".env.example"
    example.write_text(f"{example.read_text('utf-8')}MY_SERVICE_ORDERS__CURRENCY=USD\n", "utf-8")

    for command in (LINT, FORMAT, TYPES, (*RULES, "tests/core")):
        done = gate(command)

        assert done.status == 0, done


PUBLIC_NAME = {
    f"{PACKAGE}/_core.py": """
    \"\"\"Prices.\"\"\"

    import logging
    from decimal import Decimal

    from my_service.errors import NegativeAmountError

    logger = logging.getLogger(__name__)


    def price(amount: Decimal, rate: Decimal = Decimal("0.2")) -> Decimal:
        \"\"\"Return the price with its tax.

        Raises:
            NegativeAmountError: The amount is negative.

        >>> price(Decimal(10))
        Decimal('12.0')
        \"\"\"
        if amount < 0:
            raise NegativeAmountError(f"amount must be at least 0, not {amount}")
        logger.debug("Added a tax of %s", rate)
        return amount * (1 + rate)
    """,
    f"{PACKAGE}/errors.py": """
    \"\"\"Errors that callers can catch.\"\"\"

    __all__ = ["Error", "NegativeAmountError"]


    class Error(Exception):
        \"\"\"Base class of every error that this library raises on purpose.\"\"\"


    class NegativeAmountError(Error):
        \"\"\"An amount is negative.\"\"\"
    """,
    f"{PACKAGE}/__init__.py": """
    \"\"\"The public names.\"\"\"

    from my_service._core import price
    from my_service.errors import Error, NegativeAmountError

    __all__ = ["Error", "NegativeAmountError", "price"]
    """,
    "tests/public_names/__init__.txt": """
    Error
    NegativeAmountError
    price
    """,
    "tests/public_names/errors.txt": """
    Error
    NegativeAmountError
    """,
    "tests/typing/test_price.py": """
    \"\"\"Types that callers see.\"\"\"

    from decimal import Decimal
    from typing import assert_type

    import pytest

    from my_service import NegativeAmountError, price


    def test_price() -> None:
        \"\"\"A price is a decimal number.\"\"\"
        assert_type(price(Decimal(1)), Decimal)
        with pytest.raises(NegativeAmountError, match="at least 0, not -1"):
            price(Decimal(-1))
    """,
}
"""What the README of a library says to write for a public name."""


@pytest.mark.full
def test_owners_public_name_is_accepted(installed: Installed, gate: Gate) -> None:
    """A public name that is added as the README says passes every gate."""
    project = installed.render((*LIBRARY, ("example", False)))
    Break(gate=(), refused_by="", write=PUBLIC_NAME).do(project)

    for task in ("lint", "format-check", "types", "coverage", "dependencies"):
        done = gate(("poe", task))

        assert done.status == 0, done


@pytest.mark.full
def test_format_goes_on(project: Path, gate: Gate) -> None:
    """`poe format` formats, and applies safe fixes, beside a finding that it can't fix."""
    module = project / PACKAGE / "careless.py"
    module.write_text('import os\n\ndef f( ):\n  return  eval("1")\n', encoding="utf-8")

    done = gate(("poe", "format"))

    assert done.status == 1, done
    assert "S307" in done.output
    assert module.read_text("utf-8") == 'def f():\n    return eval("1")\n'


def test_old_linter_table_is_refused(project: Path, gate: Gate) -> None:
    """Ruff's settings at the top level, where it no longer looks for them, draw its warning."""
    path = project / "pyproject.toml"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("[tool.ruff.lint]\nselect", "[tool.ruff]\nselect"), "utf-8")

    done = gate(LINT)

    assert done.status != 0
    assert "pyproject.toml" in done.stderr
