"""A practice that is off takes exactly its files along, and nothing that is left names them."""

import re
import tomllib
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from conftest import Variant
from harness import NEEDS, makes_sense, questions, tree

ANSWERS = ".copier-answers.yml"


@dataclass(frozen=True, slots=True, kw_only=True)
class Practice:
    """What a practice owns in a project, and the words that nobody else may use."""

    off: object
    files: set[str] = field(default_factory=set)
    words: str = r"(?!)"  # nothing
    shared: set[str] = field(default_factory=set)
    """The files that mention it in a hook: they differ, and stay."""


PACKAGE = "src/my_service"
HOOKS = {
    ".env.example",
    "README.md",
    "pyproject.toml",
    f"{PACKAGE}/components.py",
    f"{PACKAGE}/settings.py",
}
PRACTICES = {
    "structured_logging": Practice(
        off=False,
        files={
            f"{PACKAGE}/observability/logging.py",
            f"{PACKAGE}/observability/outgoing_request_id.py",
            f"{PACKAGE}/observability/request_id.py",
            f"{PACKAGE}/observability/trace_ids.py",
            "tests/api/test_outgoing_request_id.py",
            "tests/api/test_request_id.py",
            "tests/api/test_trace_ids.py",
            "tests/architecture/test_logging_rules.py",
            "tests/unit/test_logging.py",
        },
        words=r"structlog|orjson|observability.logging|_LOGGING__|LoggingSettings|"
        r"request_id|trace_ids",
        shared=HOOKS,
    ),
    "health_checks": Practice(
        off=False,
        files={
            f"{PACKAGE}/api/routes/health.py",
            "tests/api/test_drain.py",
            "tests/api/test_health.py",
        },
        words=r"[Hh]ealth|HEALTH|PROBE",
        shared=HOOKS - {"pyproject.toml"},
    ),
    "metrics": Practice(
        off=False,
        files={
            f"{PACKAGE}/observability/cache_metrics.py",
            f"{PACKAGE}/observability/database_metrics.py",
            f"{PACKAGE}/observability/http_client_metrics.py",
            f"{PACKAGE}/observability/metrics.py",
            f"{PACKAGE}/observability/outbox_metrics.py",
            "tests/api/test_cache_metrics.py",
            "tests/api/test_http_client_metrics.py",
            "tests/api/test_metrics.py",
            "tests/integration/test_database_metrics.py",
            "tests/integration/test_outbox_metrics.py",
        },
        words=r"prometheus|Prometheus|/metrics|METRICS|MetricsSettings|"
        r"(cache|database|http_client|outbox)_metrics",
        shared=HOOKS,
    ),
    "tracing": Practice(
        off=False,
        files={
            f"{PACKAGE}/observability/outgoing_trace.py",
            f"{PACKAGE}/observability/tracing.py",
            f"{PACKAGE}/observability/trace_ids.py",
            "tests/api/test_outgoing_trace.py",
            "tests/api/test_trace_ids.py",
            "tests/api/test_tracing.py",
        },
        words=r"opentelemetry-|OTLP|TRACING|TracingSettings|trace_ids",
        shared=HOOKS,
    ),
    "database": Practice(
        off="none",
        files={
            f"{PACKAGE}/domain/__init__.py",
            f"{PACKAGE}/domain/base.py",
            f"{PACKAGE}/infrastructure/database.py",
            f"{PACKAGE}/infrastructure/postgresql.py",
            f"{PACKAGE}/observability/database_metrics.py",
            "migrations/env.py",
            "migrations/script.py.mako",
            "migrations/versions/2026_01_01_0001_start.py",
            "tests/architecture/test_database_rules.py",
            "tests/database_server.py",
            "tests/integration/test_database.py",
            "tests/integration/test_database_metrics.py",
            "tests/integration/test_migrations.py",
            "tests/integration/test_postgresql.py",
            "tests/postgresql_server.py",
            "tests/scratch.py",
        },
        words=r"sqlalchemy|asyncpg|alembic|pgserver|DATABASE__|DatabaseSettings|database_|"
        r"poe migrate",
        shared=HOOKS | {"tests/conftest.py"},
    ),
    "http_client": Practice(
        off=False,
        files={
            f"{PACKAGE}/api/routes/valuation.py",
            f"{PACKAGE}/infrastructure/exchange_rates.py",
            f"{PACKAGE}/infrastructure/http_client.py",
            f"{PACKAGE}/infrastructure/retries.py",
            f"{PACKAGE}/infrastructure/stale.py",
            f"{PACKAGE}/observability/http_client_metrics.py",
            f"{PACKAGE}/observability/outgoing_request_id.py",
            f"{PACKAGE}/observability/outgoing_trace.py",
            f"{PACKAGE}/services/valuation.py",
            f"{PACKAGE}/valuation.py",
            "tests/api/test_http_client_metrics.py",
            "tests/api/test_outgoing_request_id.py",
            "tests/api/test_outgoing_trace.py",
            "tests/api/test_valuation.py",
            "tests/architecture/test_http_client_rules.py",
            "tests/integration/test_misbehaving_server.py",
            "tests/unit/test_http_client.py",
            "tests/unit/test_stale.py",
        },
        words=r"stamina|http_client|HTTP_CLIENT__|HttpClient|LastGood|[Oo]ther services|outgoing|"
        r"RATES__|RatesSettings|valuation",
        shared=HOOKS,
    ),
    "background_jobs": Practice(
        off="none",
        files={
            f"{PACKAGE}/domain/outbox.py",
            f"{PACKAGE}/infrastructure/mailer.py",
            f"{PACKAGE}/infrastructure/outbox.py",
            f"{PACKAGE}/infrastructure/outbox_jobs.py",
            f"{PACKAGE}/observability/outbox_metrics.py",
            f"{PACKAGE}/outbox_welcoming.py",
            f"{PACKAGE}/services/welcome.py",
            f"{PACKAGE}/worker/__init__.py",
            f"{PACKAGE}/worker/__main__.py",
            f"{PACKAGE}/worker/queue.py",
            "migrations/versions/2026_01_03_0003_outbox.py",
            "tests/api/test_outbox_welcoming.py",
            "tests/integration/test_outbox.py",
            "tests/integration/test_outbox_metrics.py",
            "tests/integration/test_worker.py",
            "tests/unit/test_mailer.py",
        },
        words=r"JOBS__|JobsSettings|in the background|taskiq|outbox|poe worker|smtp|MAIL__|"
        r"MailSettings|welcom",
        shared=HOOKS,
    ),
    "example": Practice(
        off=False,
        files={
            f"{PACKAGE}/{path}"
            for path in (
                "example.py",
                "api/cursors.py",
                "api/dependencies.py",
                "api/routes/dashboard.py",
                "api/routes/money.py",
                "api/routes/posts.py",
                "api/routes/users.py",
                "api/routes/user_stats.py",
                "api/routes/valuation.py",
                "api/schemas/__init__.py",
                "api/schemas/money.py",
                "api/schemas/pages.py",
                "api/schemas/posts.py",
                "api/schemas/scalars.py",
                "api/schemas/users.py",
                "domain/models.py",
                "domain/requests.py",
                "infrastructure/exchange_rates.py",
                "infrastructure/mailer.py",
                "infrastructure/repositories.py",
                "infrastructure/user_stats.py",
                "services/__init__.py",
                "services/dashboard.py",
                "services/ports.py",
                "services/post_service.py",
                "services/transfer_service.py",
                "services/user_service.py",
                "services/user_stats.py",
                "services/valuation.py",
                "services/welcome.py",
                "utils/__init__.py",
                "utils/batching.py",
                "utils/concurrency.py",
                "outbox_welcoming.py",
                "user_stats.py",
                "valuation.py",
            )
        }
        | {
            "migrations/versions/2026_01_02_0002_example.py",
            "tests/api/test_accounts.py",
            "tests/api/test_dashboard.py",
            "tests/api/test_posts.py",
            "tests/api/test_transfers.py",
            "tests/api/test_outbox_welcoming.py",
            "tests/api/test_user_stats.py",
            "tests/api/test_users.py",
            "tests/api/test_valuation.py",
            "tests/architecture/test_example_rules.py",
            "tests/factories.py",
            "tests/integration/test_repositories.py",
            "tests/integration/test_money.py",
            "tests/unit/test_batching.py",
            "tests/unit/test_concurrency.py",
            "tests/unit/test_cursors.py",
            "tests/unit/test_mailer.py",
        },
        words=r"PAGES__|PagesSettings|polyfactory|factories|user_service|example\.component|"
        r"MAIL__|MailSettings|RATES__|RatesSettings|user_stats|valuation|welcom",
        shared=HOOKS,
    ),
    "cache": Practice(
        off="none",
        files={
            f"{PACKAGE}/api/routes/user_stats.py",
            f"{PACKAGE}/infrastructure/cache.py",
            f"{PACKAGE}/infrastructure/cache_codec.py",
            f"{PACKAGE}/infrastructure/cache_entry.py",
            f"{PACKAGE}/infrastructure/cache_store.py",
            f"{PACKAGE}/infrastructure/redis_cache.py",
            f"{PACKAGE}/infrastructure/single_flight.py",
            f"{PACKAGE}/infrastructure/user_stats.py",
            f"{PACKAGE}/observability/cache_metrics.py",
            f"{PACKAGE}/services/user_stats.py",
            f"{PACKAGE}/user_stats.py",
            "tests/api/test_cache_metrics.py",
            "tests/api/test_user_stats.py",
            "tests/fake_store.py",
            "tests/integration/test_redis_cache.py",
            "tests/unit/test_cache.py",
            "tests/unit/test_cache_codec.py",
            "tests/unit/test_single_flight.py",
        },
        words=r"[Rr]edis|CACHE__|CacheSettings|cache_metrics|state\.cache|@cached\(|user_stats|fake_store",
        shared=HOOKS | {"tests/conftest.py"},
    ),
    "strict_mypy": Practice(
        off=False,
        words=r"^strict = true\n(?=enable_error_code)|--strict",
        shared={"pyproject.toml"},
    ),
    "coverage_minimum": Practice(
        off=0,
        words=r"with the coverage gate|fail_under = [1-9]",
        shared={"README.md", "pyproject.toml"},
    ),
}
OFF = {name: practice.off for name, practice in PRACTICES.items()}


def with_it(name: str) -> list[str]:
    """Return a practice and those that need it, which go with it."""
    return [name, *(need.name for need in NEEDS if need.needed == name)]


def without(name: str) -> dict[str, object]:
    """Return the answers that leave a practice out of everything."""
    return ALL_ON | {gone: OFF[gone] for gone in with_it(name)}


ALL_ON = {"preset": "full"}

ON: dict[str, object] = {
    "background_jobs": "in_process",
    "cache": "memory",
    "coverage_minimum": 100,
    "database": "sqlite",
}
"""What switches a practice on where that is not a yes."""

# Where two practices meet, and what several of them share, stays as long as one of them is on.
TOGETHER = {
    f"{PACKAGE}/api/admin.py": ("health_checks", "metrics"),
    "tests/api/test_admin.py": ("health_checks", "metrics"),
    f"{PACKAGE}/infrastructure/__init__.py": (
        "background_jobs",
        "cache",
        "database",
        "http_client",
    ),
    f"{PACKAGE}/observability/__init__.py": ("metrics", "structured_logging", "tracing"),
}


def texts(project: Path) -> dict[str, str]:
    """Return the text of every file but the answers', which names every question."""
    return {name: content.decode() for name, content in tree(project).items() if name != ANSWERS}


@pytest.mark.parametrize("name", PRACTICES)
def test_files_of_a_practice(variant: Variant, name: str) -> None:
    """Off, exactly the practice's files are gone, and only its hooks and the answers differ."""
    gone = [PRACTICES[other] for other in with_it(name)]
    on, off = tree(variant(**ALL_ON)), tree(variant(**without(name)))
    files = {path for practice in gone for path in practice.files}
    shared = {path for practice in gone for path in practice.shared}

    assert on.keys() - off.keys() == files
    assert off.keys() - on.keys() == set()
    assert {path for path in off if on[path] != off[path]} == shared - files | {ANSWERS}


@pytest.mark.parametrize("name", PRACTICES)
def test_nothing_names_a_practice_that_is_off(variant: Variant, name: str) -> None:
    """Off, no file has a word of it; on, there is one."""
    practice = PRACTICES[name]
    words = re.compile(practice.words, re.MULTILINE)

    def users(project: Path) -> dict[str, list[str]]:
        found = {path: words.findall(text) for path, text in texts(project).items()}
        return {path: hits for path, hits in found.items() if hits}

    assert users(variant(**without(name))) == {}
    assert practice.shared & users(variant(**ALL_ON)).keys()


@pytest.mark.parametrize("name", PRACTICES)
def test_nothing_needs_what_a_practice_took_along(variant: Variant, name: str) -> None:
    """Off, no file names a module, variable or dependency that only the practice has."""
    on, off = texts(variant(**ALL_ON)), texts(variant(**without(name)))

    def required(files: dict[str, str]) -> set[str]:
        project = tomllib.loads(files["pyproject.toml"])
        groups = [project["project"]["dependencies"], *project["dependency-groups"].values()]
        return {
            re.split(r"[^a-z0-9-]", entry, maxsplit=1)[0] for group in groups for entry in group
        }

    def variables(files: dict[str, str]) -> set[str]:
        return set(re.findall(r"^([A-Z_]+)=", files[".env.example"], re.MULTILINE))

    def classes(files: dict[str, str]) -> set[str]:
        return {
            found
            for text in files.values()
            for found in re.findall(r"^class (\w+)", text, re.MULTILINE)
        }

    modules = {
        path.removeprefix("src/").removesuffix(".py").removesuffix("/__init__").replace("/", ".")
        for path in on.keys() - off.keys()
    }
    gone = (
        modules
        | (required(on) - required(off))
        | (variables(on) - variables(off))
        | {module.rpartition(".")[2] + ".component" for module in modules}
    )
    left = {word: path for word in gone for path, text in off.items() if word and word in text}
    # The name of a class may be part of another name, or of a header's.
    left |= {
        name: path
        for name in classes(on) - classes(off)
        for path, text in off.items()
        if re.search(rf"(?<![\w-]){name}(?![\w-])", text)
    }

    assert left == {}


def test_layout_moves_the_package(variant: Variant) -> None:
    """Without src/ the package is at the root, and nothing else changes but the paths to it."""
    on, off = tree(variant()), tree(variant(src_layout=False))
    moved = {path.removeprefix("src/"): content for path, content in on.items()}

    assert off.keys() == moved.keys()
    assert {path for path in off if off[path] != moved[path]} == {
        ANSWERS,
        "README.md",
        "pyproject.toml",
    }
    assert not [path for path, text in texts(variant(src_layout=False)).items() if "src/" in text]


def test_everything_off(variant: Variant) -> None:
    """With every practice off, the files are those that no practice owns."""
    owned = {path for practice in PRACTICES.values() for path in practice.files}

    assert tree(variant(**OFF)).keys() == tree(variant(**ALL_ON)).keys() - owned - TOGETHER.keys()


@pytest.mark.parametrize("path", TOGETHER)
def test_files_of_several_practices(variant: Variant, path: str) -> None:
    """What practices share is there with any of them alone, and gone with the last."""
    owners = TOGETHER[path]
    alone = [variant(**{**OFF, name: ON.get(name, True)}) for name in owners]
    others = {name: ON.get(name, True) for name in PRACTICES if name not in owners}
    for need in NEEDS:
        if not makes_sense(OFF | others):
            del others[need.name]

    assert all((project / path).exists() for project in alone)
    assert not (variant(**{**OFF, **others}) / path).exists()


def test_every_practice_is_here() -> None:
    """The tables of this file know every question that is asked of who customizes."""
    asked = {name for name, question in questions().items() if "ask" in question}

    assert asked == {*PRACTICES, "package_name", "distribution_name", "src_layout"}
