"""How the compared applications are served."""

from benchmarks.evidence import has_event
from benchmarks.model import Run
from benchmarks.projects import EVERYTHING, ROOT, Variant
from benchmarks.servers import ServerSpec

UVICORN = ("--port", "{port}", "--loop", "uvloop", "--http", "httptools")
GRANIAN = ("--interface", "asgi", "--workers", "1", "--loop", "uvloop", "--port", "{port}")
QUIET = ("--no-access-log", "--log-level", "warning")


def tool(run: Run, name: str) -> str:
    """Return a command of the environment that holds the group `bench`."""
    return str(run.projects.get(EVERYTHING) / ".venv" / "bin" / name)


def rendered(run: Run, variant: Variant) -> ServerSpec:
    """Return a project, served by its own command."""
    folder = run.projects.get(variant)
    environment = {"MY_SERVICE_SERVER__DRAIN_SECONDS": "0"}
    has_metrics = "metrics" in variant.practices
    if has_metrics:
        environment["MY_SERVICE_ADMIN__PORT"] = "{admin}"
    logs_requests = "structured_logging" in variant.practices
    return ServerSpec(
        command=(str(folder / ".venv" / "bin" / "my-service"), "--port", "{port}"),
        folder=folder,
        environment=environment,
        is_request=has_event("request.completed") if logs_requests else None,
        metrics_url="http://127.0.0.1:{admin}/metrics" if has_metrics else None,
        module="my_service.app",
    )


def plain(run: Run, app: str, *options: str, server: str = "uvicorn") -> ServerSpec:
    """Return an application of `benchmarks.apps`."""
    module = f"benchmarks.apps.{app}"
    given = GRANIAN if server == "granian" else (*UVICORN, *(options or QUIET))
    return ServerSpec(
        command=(tool(run, server), *given, f"{module}:app"),
        folder=ROOT,
        environment={"PYTHONPATH": str(ROOT)},
        module="fastapi" if app == "bare" else module,
    )
