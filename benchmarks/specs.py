"""How the compared applications are served."""

from benchmarks.evidence import has_event
from benchmarks.model import Run
from benchmarks.projects import EVERYTHING, ROOT, Variant
from benchmarks.servers import ServerSpec

UVICORN = ("--port", "{port}", "--loop", "uvloop", "--http", "httptools")
GRANIAN = ("--interface", "asgi", "--workers", "1", "--loop", "uvloop", "--port", "{port}")
QUIET = ("--no-access-log", "--log-level", "warning")


def rendered(run: Run, name: str, variant: Variant) -> ServerSpec:
    """Return a project, served by its own command."""
    folder = run.projects.get(variant)
    environment = {"MY_SERVICE_SERVER__DRAIN_SECONDS": "0"}
    metrics_url = None
    if "metrics" in variant.practices:
        environment["MY_SERVICE_ADMIN__PORT"] = "{admin}"
        metrics_url = "http://127.0.0.1:{admin}/metrics"
    logs_requests = "structured_logging" in variant.practices
    return ServerSpec(
        name=name,
        command=(str(folder / ".venv" / "bin" / "my-service"), "--port", "{port}"),
        folder=folder,
        environment=environment,
        is_request=has_event("request.served") if logs_requests else None,
        metrics_url=metrics_url,
        module="my_service.app",
    )


def served(
    run: Run, name: str, app: str, *, server: str = "uvicorn", options: tuple[str, ...] = ()
) -> ServerSpec:
    """Return an application of this package, in the environment of the project with everything."""
    tools = run.projects.get(EVERYTHING) / ".venv" / "bin"
    module = f"benchmarks.apps.{app}"
    return ServerSpec(
        name=name,
        command=(str(tools / server), *options, f"{module}:app"),
        folder=ROOT,
        environment={"PYTHONPATH": str(ROOT)},
        module="fastapi" if app == "bare" else module,
    )


def with_uvicorn(run: Run, name: str, app: str, options: tuple[str, ...] = QUIET) -> ServerSpec:
    """Return an application of this package, served by uvicorn."""
    return served(run, name, app, options=(*UVICORN, *options))


def bare(run: Run) -> ServerSpec:
    """Return bare FastAPI."""
    return with_uvicorn(run, "bare FastAPI", "bare")
