"""Run pytest in forks of a process that has imported a project's dependencies.

These imports are half the cost of a run of one test.
"""

import json
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from environment import BIN, Environment, Run

RunTests = Callable[..., Run]

DEPENDENCIES = (
    "aiosmtplib",
    "aiosqlite",
    "alembic.command",
    "alembic_postgresql_enum",
    "anyio._backends._asyncio",
    "anyio.pytest_plugin",
    "asyncpg",
    "faker.contrib.pytest.plugin",
    "fastapi",
    "httpx2",
    "hypothesis",
    "opentelemetry.exporter.otlp.proto.http.trace_exporter",
    "opentelemetry.sdk.trace.export",
    "opentelemetry.instrumentation.fastapi",
    "polyfactory.factories.pydantic_factory",
    "prometheus_client",
    "pydantic_settings",
    "pytest_asyncio.plugin",
    "pytest_cov.plugin",
    "redis.asyncio",
    "sqlalchemy.dialects.sqlite.aiosqlite",
    "sqlalchemy.ext.asyncio",
    "stamina",
    "structlog",
    "taskiq",
    "taskiq_redis",
    "uvicorn.protocols.http.httptools_impl",
)
"""The modules that are imported once, if the environment has them."""

LOOP = f"""
import contextlib, gc, importlib, json, os, sys
import pytest, _pytest.config

for name in (*(f"_pytest.{{name}}" for name in _pytest.config.default_plugins), *{DEPENDENCIES}):
    with contextlib.suppress(ModuleNotFoundError):
        importlib.import_module(name)
gc.collect()
gc.freeze()  # or each fork looks for garbage among the imports, a dozen times
for line in sys.stdin:
    request = json.loads(line)
    child = os.fork()
    if not child:
        os.chdir(request["folder"])
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.dup2(os.open(request["output"], os.O_WRONLY), 1)
        os.dup2(1, 2)
        sys.exit(pytest.main(request["arguments"]))
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
"""
NO_WARNING = "-Wignore:Module already imported:pytest.PytestAssertRewriteWarning"
"""Plugins among the dependencies are imported before pytest can rewrite their assertions."""


@contextmanager
def preloaded(environment: Environment) -> Iterator[RunTests]:
    """Yield a function that runs pytest in an environment, which must not change meanwhile."""
    with subprocess.Popen(
        [environment.venv / BIN / "python", "-Pc", LOOP],
        env=environment.shell("default"),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        encoding="utf-8",
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        requests, replies = process.stdin, process.stdout

        def run(project: Path, *arguments: str) -> Run:
            """Run pytest in the project's folder and wait for its end."""
            with tempfile.NamedTemporaryFile("r", encoding="utf-8") as output:
                request = {
                    "folder": str(project),
                    "output": output.name,
                    "arguments": [NO_WARNING, *arguments],
                }
                print(json.dumps(request), file=requests, flush=True)
                status = int(replies.readline())
                return Run(
                    command=("pytest", *arguments), status=status, stdout=output.read(), stderr=""
                )

        yield run
