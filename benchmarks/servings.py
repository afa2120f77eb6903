"""The ways to serve; a project is rendered when the first row asks for it."""

from dataclasses import replace
from functools import cached_property
from pathlib import Path

from benchmarks.collector import Collector
from benchmarks.evidence import by_event
from benchmarks.projects import PRACTICES, ROOT, Projects, uv
from benchmarks.servers import Serving

UVICORN = ("--port", "{port}", "--loop", "uvloop", "--http", "httptools")
GRANIAN = ("--interface", "asgi", "--workers", "1", "--loop", "uvloop", "--port", "{port}")
QUIET = ("--no-access-log", "--log-level", "warning")


class Servings:
    """The ways to serve.

    Attributes:
        projects: Renders projects.
        collector: Takes the traces of a service that sends them.
    """

    def __init__(self, projects: Projects, collector: Collector) -> None:
        self.projects = projects
        self.collector = collector

    @cached_property
    def tools(self) -> Path:
        """The environment of what is not rendered: that of everything on, and the group `bench`.

        So all that is compared has the same versions.
        """
        project = self.projects(PRACTICES, "ping")
        group = f"{ROOT / 'pyproject.toml'}:bench"
        uv(project, "pip", "install", "--python", ".venv", "--group", group)
        return project / ".venv" / "bin"

    def rendered(
        self,
        name: str,
        practices: tuple[str, ...],
        resource: str = "ping",
        database: str = "none",
        cache: str = "none",
    ) -> Serving:
        """Return a project, served by its own command."""
        folder = self.projects(practices, resource, database, cache)
        environment = {"MY_SERVICE_SERVER__DRAIN_SECONDS": "0"}
        metrics = None
        if "metrics" in practices:
            environment["MY_SERVICE_ADMIN__PORT"] = "{admin}"
            metrics = "http://127.0.0.1:{admin}/metrics"
        return Serving(
            name=name,
            command=(str(folder / ".venv" / "bin" / "my-service"), "--port", "{port}"),
            folder=folder,
            environment=environment,
            logged=by_event("request.served") if "structured_logging" in practices else None,
            metrics=metrics,
            module="my_service.app",
        )

    def plain(self, name: str, module: str, options: tuple[str, ...] = QUIET) -> Serving:
        """Return an application of this package, served by uvicorn."""
        application = f"benchmarks.{module}:app"
        return Serving(
            name=name,
            command=(str(self.tools / "uvicorn"), *UVICORN, *options, application),
            folder=ROOT,
            environment={"PYTHONPATH": str(ROOT)},
            module=f"benchmarks.{module}",
        )

    @cached_property
    def bare(self) -> Serving:
        """Bare FastAPI, the measure of nearly all."""
        return replace(self.plain("bare FastAPI", "bare_app"), module="fastapi")
