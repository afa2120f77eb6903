"""What is measured, in the order of the report."""

from collections.abc import Callable, Mapping
from dataclasses import replace

from benchmarks.evidence import by_event, by_uvicorn
from benchmarks.model import Row
from benchmarks.projects import PRACTICES
from benchmarks.resources import LAST
from benchmarks.servings import GRANIAN, Servings

Maker = Callable[[str, Servings], Row]
"""Makes a row, given its name; only then is a project rendered."""


def rendered(*practices: str) -> Maker:
    """Return the maker of a row that shows what practices cost."""

    def row(name: str, servings: Servings) -> Row:
        subject = servings.rendered(name, practices)
        return Row(subject=subject, baseline=servings.bare, in_process="my_service")

    return row


def sampled(name: str, servings: Servings) -> Row:
    """Tracing with a collector that gets the traces."""
    row = rendered("tracing")(name, servings)
    endpoint = f"http://127.0.0.1:{servings.collector.server_port}"
    environment = {
        **row.subject.environment,
        "MY_SERVICE_TRACING__ENDPOINT": endpoint,
        "MY_SERVICE_TRACING__SAMPLE_RATIO": "0.1",
    }
    subject = replace(row.subject, environment=environment, collector=servings.collector)
    return replace(row, subject=subject)


def probes(name: str, servings: Servings) -> Row:
    """What a probe costs while everything is on; it is neither logged nor counted."""
    subject = servings.rendered(name, PRACTICES)
    subject = replace(subject, path="/health", logged=None, metrics=None)
    return Row(subject=subject, baseline=servings.bare, load_only=True)


def last_of_fifty(name: str, servings: Servings) -> Row:
    """The last of many routes against the only one, everything on in both."""
    subject = replace(servings.rendered(name, PRACTICES, "fifty"), path=LAST)
    lone = servings.rendered("the only route", PRACTICES)
    return Row(subject=subject, baseline=lone, load_only=True)


def last_of_fifty_bare(name: str, servings: Servings) -> Row:
    """The same in bare FastAPI."""
    subject = replace(servings.plain(name, "fifty_app"), path=LAST)
    return Row(subject=subject, baseline=servings.bare, load_only=True)


def guide(name: str, servings: Servings) -> Row:
    """The guide's own code."""
    subject = servings.plain(name, "guide_app")
    subject = replace(subject, logged=by_event("ping"), metrics="http://127.0.0.1:{port}/metrics/")
    return Row(subject=subject, baseline=servings.bare)


def access_log(name: str, servings: Servings) -> Row:
    """What uvicorn's access log costs, which a service of ours does without."""
    subject = servings.plain(name, "bare_app", ("--access-log", "--log-level", "info"))
    subject = replace(subject, logged=by_uvicorn)
    return Row(subject=subject, baseline=servings.bare, load_only=True)


def starlette(name: str, servings: Servings) -> Row:
    """The framework's limit."""
    return Row(subject=servings.plain(name, "starlette_app"), baseline=servings.bare)


def granian_bare(name: str, servings: Servings) -> Row:
    """Another server."""
    command = (str(servings.tools / "granian"), *GRANIAN, "benchmarks.bare_app:app")
    return Row(subject=replace(servings.bare, name=name, command=command), baseline=servings.bare)


def granian_everything(name: str, servings: Servings) -> Row:
    """Another server with all observability."""
    command = (str(servings.tools / "granian"), *GRANIAN, "--factory", "my_service.__main__:build")
    subject = replace(servings.rendered(name, PRACTICES), command=command)
    return Row(subject=subject, baseline=servings.bare)


ROWS: Mapping[str, Maker] = {
    "nothing on": rendered(),
    "structured logging alone": rendered("structured_logging"),
    "metrics alone": rendered("metrics"),
    "tracing alone, no endpoint": rendered("tracing"),
    "tracing alone, a tenth sampled": sampled,
    "health checks alone": rendered("health_checks"),
    "everything on": rendered(*PRACTICES),
    "probes, everything on": probes,
    "last of 50 routes, everything on": last_of_fifty,
    "last of 50 routes, bare FastAPI": last_of_fifty_bare,
    "the guide's code as written": guide,
    "bare FastAPI, uvicorn's access log": access_log,
    "bare Starlette": starlette,
    "granian, bare FastAPI": granian_bare,
    "granian, everything on": granian_everything,
}
