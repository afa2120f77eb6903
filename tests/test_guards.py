"""Each practice is broken as a careless colleague would, and the project's own gate refuses it.

A case writes a module or changes a line of a rendered project, runs the one gate that is meant for
it, and expects that gate to fail by the rule or the test that it names. `test_untouched` shows that
the same gates pass without the change.
"""

import shutil
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from textwrap import dedent

import pytest

from conftest import Variant
from environment import Environments, Run, python_for

PACKAGE = "src/my_service"
LINT = ("ruff", "check")
TYPES = ("mypy",)
DEPENDENCIES = ("deptry", ".")
TESTS = ("pytest", "-q", "-p", "no:cacheprovider")
RULES = (*TESTS, "tests/architecture")


@dataclass(frozen=True, slots=True, kw_only=True)
class Break:
    """What a careless colleague does, and what must stop it."""

    gate: tuple[str, ...]
    refused_by: str
    write: dict[str, str] = field(default_factory=dict)
    change: tuple[tuple[str, str, str], ...] = ()

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


def module(gate: tuple[str, ...], refused_by: str, code: str, at: str = "careless.py") -> Break:
    """Return the break that adds a module to the package."""
    code = f'"""Written in a hurry."""\n\n{dedent(code).lstrip()}'
    return Break(gate=gate, refused_by=refused_by, write={f"{PACKAGE}/{at}": code})


def change(
    refused_by: str, tests: str, at: str, old: str, new: str, *more: tuple[str, str]
) -> Break:
    """Return the break that changes lines of a file, which tests must notice."""
    name = at if at.startswith(("tests", ".env", "pyproject")) else f"{PACKAGE}/{at}"
    changes = tuple((name, *pair) for pair in ((old, new), *more))
    return Break(gate=(*TESTS, tests), refused_by=refused_by, change=changes)


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
    "web in the domain": module(
        RULES, "test_inner_layers_know_no_outer_ones", "import fastapi", "domain/models.py"
    ),
    "use case in the domain": module(
        RULES,
        "test_inner_layers_know_no_outer_ones",
        "from my_service.services import users",
        "domain/models.py",
    ),
    "routes in a use case": module(
        RULES,
        "test_inner_layers_know_no_outer_ones",
        "from my_service.api.routes import health",
        "services/users.py",
    ),
    "settings at import": module(
        RULES,
        "test_one_place_does_it",
        "from my_service.settings import Settings\n\nsettings = Settings()",
    ),
    "settings from a cache": module(
        RULES,
        "test_one_place_does_it",
        """
        from functools import lru_cache

        from my_service.settings import Settings

        @lru_cache
        def get_settings() -> Settings:
            return Settings.load({})
        """,
    ),
    "environment read elsewhere": module(
        RULES, "test_one_place_does_it", 'import os\n\nKEY = os.getenv("KEY")'
    ),
    "needs a variable to be imported": module(
        RULES, "test_nothing_happens_at_import", 'import os\n\nURL = os.environ["DATABASE_URL"]'
    ),
    "application at import": module(
        RULES, "test_one_place_does_it", "from fastapi import FastAPI\n\napp = FastAPI()"
    ),
    "second place that maps errors": module(
        RULES,
        "test_one_place_does_it",
        """
        from fastapi import FastAPI

        def install(app: FastAPI) -> None:
            app.add_exception_handler(KeyError, print)
        """,
    ),
    "error handler by decorator": module(
        RULES,
        "test_one_place_does_it",
        """
        from fastapi import FastAPI

        def install(app: FastAPI) -> None:
            @app.exception_handler(KeyError)
            def handle() -> None: ...
        """,
    ),
    "second event loop": module(
        RULES,
        "test_one_place_does_it",
        "import asyncio\n\ndef call() -> None:\n    asyncio.run(asyncio.sleep(0))",
    ),
    "second log set-up": module(
        RULES, "test_one_module_configures_the_log", "import structlog\n\nstructlog.configure()"
    ),
    "basic log set-up": module(
        RULES, "test_one_place_does_it", "import logging\n\nlogging.basicConfig()"
    ),
    "BaseHTTPMiddleware": module(
        RULES,
        "test_middleware_is_pure_asgi",
        """
        from starlette.middleware.base import BaseHTTPMiddleware

        class Timer(BaseHTTPMiddleware): ...
        """,
    ),
    "middleware by decorator": module(
        RULES,
        "test_middleware_is_pure_asgi",
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
        "test_pages_are_not_counted_off",
        """
        from sqlalchemy import Select

        def page(rows: Select[tuple[int]], number: int) -> Select[tuple[int]]:
            return rows.limit(100).offset(100 * number)
        """,
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
DATABASE = "tests/integration/test_database.py"
EDGE = "tests/api/test_edge.py"
ERRORS = "tests/api/test_errors.py"
HEADERS = "tests/api/test_headers.py"
HEALTH = "tests/api/test_health.py"
LIMITS = "tests/api/test_limits.py"
LOG = "tests/unit/test_logging.py"
METRICS = "tests/api/test_metrics.py"
REQUEST_ID = "tests/api/test_request_id.py"
SERVER = "tests/api/test_server.py"
SETTINGS = "tests/unit/test_settings.py"
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
            "migrations/versions/2026_02_01_0002_orders.py": """
            import sqlalchemy as sa
            from alembic import op

            revision = "0002"
            down_revision = "0001"

            def upgrade() -> None:
                op.create_table("orders", sa.Column("id", sa.Integer(), primary_key=True))

            def downgrade() -> None:
                pass
            """
        },
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
        refused_by="less than fail-under=100",
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

QUICK = {**BY_LINTER, **BY_TYPES, **BY_DEPENDENCIES, **BY_ARCHITECTURE}
SLOW = {**BY_TESTS, **SERVED}
ALL = [
    *(pytest.param(case, id=name) for name, case in QUICK.items()),
    *(pytest.param(case, id=name, marks=pytest.mark.full) for name, case in SLOW.items()),
]

Gate = Callable[[tuple[str, ...]], Run]


@pytest.fixture(scope="module")
def installed(variant: Variant) -> Iterator[tuple[Path, Path, Gate]]:
    """Yield an installed project, an untouched copy of it, and what runs a gate in the first."""
    python = python_for("3.11")
    assert python is not None
    with tempfile.TemporaryDirectory() as folder:
        project = Path(folder) / "my-service"
        # All of it covered, so that one line without a test falls below the gate.
        rendered = variant(preset="full", database="sqlite")
        shutil.copytree(rendered, project)
        environment = Environments(Path(folder) / "environments").of(python)
        environment.install(project)
        untouched = shutil.copytree(
            variant(preset="full", database="sqlite"), Path(folder) / "untouched"
        )
        yield project, untouched, lambda gate: environment.run(project, *gate)


@pytest.fixture
def project(installed: tuple[Path, Path, Gate]) -> Path:
    """Return the project as it was rendered."""
    folder, untouched, _ = installed
    for name in ("migrations", "src", "tests"):
        shutil.rmtree(folder / name)
    shutil.copytree(untouched, folder, dirs_exist_ok=True)
    return folder


@pytest.fixture
def gate(installed: tuple[Path, Path, Gate]) -> Gate:
    """Return the function that runs a gate in the project."""
    return installed[2]


@pytest.mark.parametrize("case", ALL)
def test_break_is_refused(case: Break, project: Path, gate: Gate) -> None:
    """The gate that is meant for a mistake fails, and names the rule or the test."""
    case.do(project)

    done = gate(case.gate)

    assert done.status != 0, done
    assert case.refused_by in done.output, done


@pytest.mark.usefixtures("project")
def test_untouched(gate: Gate) -> None:
    """The same gates pass where nobody has broken anything."""
    files = sorted({part for case in BY_TESTS.values() for part in case.gate[len(TESTS) :]})

    for command in (LINT, TYPES, DEPENDENCIES, RULES, (*TESTS, *files)):
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
