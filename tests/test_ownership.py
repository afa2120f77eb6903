"""A practice that is off leaves exactly its files out, and no other file names it."""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from conftest import Variant
from harness import KINDS, NEEDS, applies, imported, makes_sense, questions, tree

ANSWERS = ".copier-answers.yml"


@dataclass(frozen=True, slots=True, kw_only=True)
class Practice:
    """A practice of a project.

    Attributes:
        off: The answer that switches it off.
        files: The files that it owns.
        words: What no other file may contain.
        shared: The files that differ with it, and stay.
        instead: The files that stand in for it when it is off.
    """

    off: object
    files: set[str] = field(default_factory=set)
    words: str = r"(?!)"  # nothing
    shared: set[str] = field(default_factory=set)
    instead: set[str] = field(default_factory=set)


PACKAGE = "src/my_service"
HOOKS = {".env.example", "README.md", "pyproject.toml", f"{PACKAGE}/practices.py"}


def paths(package: str = "", tests: str = "") -> set[str]:
    """Return the paths of modules below the package and below tests/."""
    return {f"{PACKAGE}/{name}" for name in package.split()} | {
        f"tests/{name}" for name in tests.split()
    }


TYPES = Practice(
    off=False,
    words=r"^strict = true\n(?=enable_error_code)|mypy --strict",
    shared={"pyproject.toml"},
)
COVERAGE = Practice(off=0, words=r"--cov-fail-under=[1-9]", shared={"pyproject.toml"})

HOOKS_OF_COMMITS = Practice(
    off=False,
    files={".pre-commit-config.yaml"},
    words=r"prek|pre-commit|typos|check-jsonschema|zizmor",
    shared={".github/workflows/ci.yml", "AGENTS.md", "README.md", "pyproject.toml"},
)
OF_GITHUB = {
    *(".github/workflows/audit.yml", ".github/workflows/ci.yml", "SECURITY.md"),
    *(".github/ISSUE_TEMPLATE/bug.yml", ".github/ISSUE_TEMPLATE/config.yml"),
    *(".github/ISSUE_TEMPLATE/feature.yml", ".github/PULL_REQUEST_TEMPLATE.md"),
}
PIPELINES = Practice(
    off="none",
    files=OF_GITHUB,
    words=r"GitHub Actions|zizmor|OSV",
    shared={".pre-commit-config.yaml", "README.md", "pyproject.toml"},
)
UPDATES_OF_DEPENDENCIES = Practice(
    off="none",
    files={"renovate.json"},
    words=r"[Rr]enovate|exclude-newer",
    shared={".pre-commit-config.yaml", "README.md", "pyproject.toml"},
)
RELEASES = Practice(
    off=False,
    files={
        *(".github/workflows/release.yml", "changelog.d/README.md"),
        "tests/architecture/licenses.py",
    },
    words=r"towncrier|changelog\.d|SBOM|attestation|hatch-vcs|poe (changelog|licenses)",
    shared={
        *(".github/PULL_REQUEST_TEMPLATE.md", ".github/workflows/ci.yml", "AGENTS.md"),
        *("CONTRIBUTING.md", "README.md", "pyproject.toml"),
    },
)
OF_ALL = {
    "strict_mypy": TYPES,
    "coverage_minimum": COVERAGE,
    "pre_commit": HOOKS_OF_COMMITS,
    "ci": PIPELINES,
    "dependency_updates": UPDATES_OF_DEPENDENCIES,
    "docs_site": Practice(
        off=False,
        files={
            *("docs/index.md", "docs/llms.txt", "docs/reference.md", "zensical.toml"),
            "tests/architecture/test_docs.py",
        },
        words=r"zensical|mkdocstrings|poe docs|llms\.txt",
        shared={"AGENTS.md", "README.md", "pyproject.toml"},
    ),
    "agents_guide": Practice(
        off=False, files={"AGENTS.md"}, words="AGENTS|agents", shared={"README.md"}
    ),
    "release_workflow": RELEASES,
}
"""The practices of every kind."""

OF_A_SERVICE = {
    "structured_logging": Practice(
        off=False,
        files=paths(
            """
            core/escaping.py core/http_client/request_id.py core/logging/__init__.py
            core/logging/access_log.py core/logging/component.py core/logging/redaction.py
            core/logging/rendering.py core/logging/request_id.py core/logging/tracing.py
            """,
            """
            architecture/test_logging.py core/http_client/test_request_id.py
            core/logging/test_access_log.py core/logging/test_logging.py
            core/logging/test_request_id.py core/logging/test_tracing.py core/test_escaping.py
            """,
        ),
        words=r"structlog|orjson|my_service\.core\.logging|core/logging|_LOGGING__|LogSettings|"
        r"request_id|trace_ids",
        shared=HOOKS,
    ),
    "health_checks": Practice(
        off=False,
        files=paths("core/web/health.py", "core/server/test_drain.py core/web/test_health.py"),
        words=r"(?<!--)[Hh]ealth|HEALTH|PROBE",  # `--health-cmd` is of a container
        shared=HOOKS - {"pyproject.toml"},
    ),
    "metrics": Practice(
        off=False,
        files=paths(
            """
            core/cache/metrics.py core/database/metrics.py core/http_client/metrics.py
            core/jobs/outbox_metrics.py core/metrics.py
            """,
            """
            core/cache/test_metrics.py core/database/test_metrics.py
            core/http_client/test_metrics.py core/jobs/test_outbox_metrics.py core/test_metrics.py
            """,
        ),
        words=r"prometheus|Prometheus|/metrics|METRICS|MetricsSettings|_metrics",
        shared=HOOKS | {"docs/reference.md"},
    ),
    "tracing": Practice(
        off=False,
        files=paths(
            "core/http_client/tracing.py core/logging/tracing.py core/tracing.py",
            "core/http_client/test_tracing.py core/logging/test_tracing.py core/test_tracing.py",
        ),
        words=r"opentelemetry-|OTLP|TRACING|TracingSettings|trace_ids",
        shared=HOOKS,
    ),
    "database": Practice(
        off="none",
        files=paths(
            """
            core/database/__init__.py core/database/metrics.py core/database/migrations.py
            core/database/migrations_postgresql.py core/database/models.py
            core/database/postgresql.py core/database/postgresql_url.py core/database/repository.py
            core/page_query.py core/web/idempotency.py core/web/pagination.py
            core/web/preconditions.py migrations/env.py migrations/script.py.mako
            migrations/versions/2026_01_01_0001_start.py
            """,
            """
            architecture/test_database.py core/database/conftest.py core/database/test_database.py
            core/database/test_isolation.py core/database/test_metrics.py
            core/database/test_migrations.py
            core/database/test_migrations_postgresql.py core/database/test_postgresql.py
            core/database/test_postgresql_url.py core/database/test_repository.py
            core/database/test_revisions.py
            core/web/test_pagination.py core/web/test_preconditions.py support/database.py
            support/database_fixtures.py support/database_revisions.py support/postgresql.py
            support/tables.py
            """,
        ),
        words=r"sqlalchemy|asyncpg|alembic|pgserver|DATABASE__|DatabaseSettings|database_|migrate",
        shared=HOOKS
        | {".github/workflows/ci.yml", ".github/workflows/release.yml"}
        | {"AGENTS.md", "docs/reference.md"},
    ),
    "http_client": Practice(
        off=False,
        files=paths(
            """
            api/routes/valuation.py core/http_client/__init__.py core/http_client/component.py
            core/http_client/environment.py core/http_client/metrics.py
            core/http_client/request_id.py core/http_client/retries.py core/http_client/stale.py
            core/http_client/tracing.py core/http_client_settings.py example/valuation.py
            infrastructure/exchange_rates.py services/valuation.py
            """,
            """
            api/test_valuation.py architecture/test_http_client.py core/http_client/test_client.py
            core/http_client/test_environment.py core/http_client/test_metrics.py
            core/http_client/test_misbehaving_server.py
            core/http_client/test_request_id.py core/http_client/test_stale.py
            core/http_client/test_tracing.py
            """,
        ),
        words=r"stamina|http_client|HTTP_CLIENT__|HttpClient|StaleIfError|[Oo]ther services|"
        r"EXCHANGE_RATES__|ExchangeRatesSettings|valuation",
        shared=HOOKS | {"docs/reference.md"},
    ),
    "background_jobs": Practice(
        off="none",
        files=paths(
            """
            core/jobs/__init__.py core/jobs/broker.py core/jobs/durable.py core/jobs/models.py
            core/jobs/outbox.py core/jobs/outbox_metrics.py core/jobs/worker.py core/mail.py
            example/welcome_email_durable.py migrations/versions/2026_01_03_0003_outbox.py
            services/welcome_email.py
            """,
            """
            api/test_welcome_email_durable.py core/jobs/test_outbox.py
            core/jobs/test_outbox_metrics.py core/jobs/test_worker.py core/test_mail.py
            """,
        ),
        words=r"JOBS__|JobsSettings|[Bb]ackground jobs|taskiq|[Oo]utbox|poe worker|smtp|MAIL__|"
        r"MailSettings|[Ww]elcom",
        shared=HOOKS | {"docs/reference.md"},
    ),
    "example": Practice(
        off=False,
        files=paths(
            """
            api/dependencies.py api/routes/accounts.py api/routes/dashboard.py api/routes/posts.py
            api/routes/transfers.py api/routes/user_stats.py api/routes/users.py
            api/routes/valuation.py api/schemas/accounts.py api/schemas/dashboard.py
            api/schemas/posts.py api/schemas/transfers.py api/schemas/users.py domain/commands.py
            domain/models.py example/__init__.py example/user_stats.py example/valuation.py
            example/welcome_email_durable.py infrastructure/exchange_rates.py
            infrastructure/repositories.py infrastructure/user_stats.py
            migrations/versions/2026_01_02_0002_example.py services/dashboard.py services/ports.py
            services/post_service.py services/transfer_service.py services/user_service.py
            services/user_stats.py services/valuation.py services/welcome_email.py
            """,
            """
            api/test_accounts.py api/test_concurrent_deletes.py api/test_dashboard.py
            api/test_posts.py api/test_transfers.py api/test_user_stats.py api/test_users.py
            api/test_valuation.py
            api/test_welcome_email_durable.py architecture/test_example.py factories.py
            infrastructure/test_repositories.py services/test_money.py
            """,
        ),
        words=r"polyfactory|user_service|example import|EXCHANGE_RATES__|ExchangeRatesSettings|"
        r"user_stats|valuation|[Ww]elcom",
        shared=HOOKS | {"AGENTS.md"},
    ),
    "cache": Practice(
        off="none",
        files=paths(
            """
            api/routes/user_stats.py core/cache/__init__.py core/cache/codec.py
            core/cache/entry.py core/cache/metrics.py core/cache/redis.py
            core/cache/single_flight.py core/cache/store.py example/user_stats.py
            infrastructure/user_stats.py services/user_stats.py
            """,
            """
            api/test_user_stats.py core/cache/test_cache.py core/cache/test_codec.py
            core/cache/test_metrics.py core/cache/test_redis.py core/cache/test_single_flight.py
            support/cache.py support/redis_fixtures.py
            """,
        ),
        words=r"[Rr]edis|CACHE__|CacheSettings|cache_metrics|core[./]cache|@cached\(|user_stats",
        shared=HOOKS | {"docs/reference.md"},
    ),
    **OF_ALL,
}
HOOKS_OF_A_TOOL = {"README.md", "pyproject.toml", f"{PACKAGE}/practices.py"}
OF_A_TOOL = {
    "structured_logging": Practice(
        off=False,
        files=paths(
            """
            core/logging/__init__.py core/logging/redaction.py core/logging/rendering.py
            core/logging/stderr.py
            """,
            "architecture/test_logging.py core/logging/test_logging.py core/logging/test_stderr.py",
        ),
        words=r"structlog|orjson|my_service\.core\.logging|core/logging|LOGGING__FORMAT",
        shared=HOOKS_OF_A_TOOL,
        instead=paths("core/plain_logging.py", "core/test_plain_logging.py"),
    ),
    "http_client": Practice(
        off=False,
        files=paths(
            """
            core/http_client/__init__.py core/http_client/environment.py
            core/http_client/retries.py core/http_client_settings.py example_commands/fetch.py
            example_commands/fetching.py
            """,
            """
            architecture/test_http_client.py core/http_client/test_client.py
            core/http_client/test_environment.py core/http_client/test_misbehaving_server.py
            example_commands/test_fetch.py
            """,
        ),
        words=r"stamina|http_client|HTTP_CLIENT__|HttpClient|[Oo]ther services|fetch(?!-depth)",
        shared={*HOOKS_OF_A_TOOL, "docs/reference.md", f"{PACKAGE}/practice_commands.py"},
    ),
    "example": Practice(
        off=False,
        files=paths(
            """
            example_commands/__init__.py example_commands/fetch.py example_commands/fetching.py
            example_commands/readings.py example_commands/settings.py
            example_commands/summarize.py
            """,
            """
            example_commands/test_fetch.py example_commands/test_help.py
            example_commands/test_summarize.py
            """,
        ),
        words=r"[Rr]eadings|READINGS|summarize|example_commands|[Ff]etch many",
        shared={
            *("AGENTS.md", "README.md"),
            *(f"{PACKAGE}/practices.py", f"{PACKAGE}/practice_commands.py"),
        },
    ),
    **OF_ALL,
}
"""The practices of a command-line tool."""

OF_A_LIBRARY = {
    "example": Practice(
        off=False,
        files=paths(
            """
            readings/__init__.py readings/_batches.py readings/_errors.py readings/_readings.py
            readings/_stats.py readings/_units.py readings/_writing.py
            """,
            """
            public_names/readings.txt readings/test_readings.py readings/test_stats.py
            readings/test_writing.py typing/test_readings.py
            """,
        ),
        words=r"[Rr]eadings|Sink|[Bb]atch",
        shared={"AGENTS.md", "README.md", "docs/reference.md"},
    ),
    **OF_ALL,
}
OF_A_KIND: Mapping[str, Mapping[str, Practice]] = {
    "service": OF_A_SERVICE,
    "cli": OF_A_TOOL,
    "library": OF_A_LIBRARY,
}
every_practice = pytest.mark.parametrize(
    ("kind", "name"), [(kind, name) for kind, found in OF_A_KIND.items() for name in found]
)


def all_off(kind: str) -> dict[str, object]:
    """Return the answers that switch every practice of a kind off."""
    return {"kind": kind, **{name: practice.off for name, practice in OF_A_KIND[kind].items()}}


def with_it(name: str) -> list[str]:
    """Return a practice and those that need it."""
    return [name, *(need.name for need in NEEDS if need.needed == name)]


def all_on(kind: str) -> dict[str, object]:
    """Return the answers of a full project."""
    return {"kind": kind, "preset": "full"}


def without(kind: str, name: str) -> dict[str, object]:
    """Return the answers of a full project without a practice."""
    return all_on(kind) | {gone: OF_A_KIND[kind][gone].off for gone in with_it(name)}


ON: dict[str, object] = {
    "background_jobs": "in_process",
    "cache": "memory",
    "ci": "github",
    "coverage_minimum": 100,
    "database": "sqlite",
    "dependency_updates": "renovate",
}
"""The answers that switch a practice on, unless it is yes."""

# The files of several practices stay while one of them is on.
TOGETHER = {
    f"{PACKAGE}/core/web/admin.py": ("health_checks", "metrics"),
    "tests/core/web/test_admin.py": ("health_checks", "metrics"),
}


def texts(project: Path) -> dict[str, str]:
    """Return the text of every file but the answers file, which names every question."""
    return {name: content.decode() for name, content in tree(project).items() if name != ANSWERS}


@every_practice
def test_files_of_a_practice(variant: Variant, kind: str, name: str) -> None:
    """Off, exactly the practice's files are gone, and only its hooks and the answers differ."""
    gone = [OF_A_KIND[kind][other] for other in with_it(name)]
    on, off = tree(variant(**all_on(kind))), tree(variant(**without(kind, name)))
    files = {path for practice in gone for path in practice.files}
    shared = {path for practice in gone for path in practice.shared}

    assert on.keys() - off.keys() == files
    assert off.keys() - on.keys() == {path for practice in gone for path in practice.instead}
    assert {path for path in off.keys() & on.keys() if on[path] != off[path]} == shared - files | {
        ANSWERS
    }


@every_practice
def test_nothing_names_a_practice_that_is_off(variant: Variant, kind: str, name: str) -> None:
    """Off, no file has a word of it; on, there is one."""
    practice = OF_A_KIND[kind][name]
    words = re.compile(practice.words, re.MULTILINE)

    def users(project: Path) -> dict[str, list[str]]:
        found = {path: words.findall(text) for path, text in texts(project).items()}
        return {path: hits for path, hits in found.items() if hits}

    assert users(variant(**without(kind, name))) == {}
    assert practice.shared & users(variant(**all_on(kind))).keys()


def module_of(path: str) -> str:
    """Return the name by which a module of the project is imported; tests/ is on the path."""
    name = path.removeprefix("src/").removeprefix("tests/").removesuffix(".py")
    return name.removesuffix("/__init__").replace("/", ".")


@every_practice
def test_nothing_needs_what_a_practice_owns(variant: Variant, kind: str, name: str) -> None:
    """Off, no file names a module, variable, dependency or class that only the practice has."""
    on, off = texts(variant(**all_on(kind))), texts(variant(**without(kind, name)))

    def required(files: dict[str, str]) -> set[str]:
        project = tomllib.loads(files["pyproject.toml"])
        groups = [project["project"]["dependencies"], *project["dependency-groups"].values()]
        return {
            re.split(r"[^a-z0-9-]", entry, maxsplit=1)[0] for group in groups for entry in group
        }

    def variables(files: dict[str, str]) -> set[str]:
        return set(re.findall(r"^([A-Z_]+)=", files.get(".env.example", ""), re.MULTILINE))

    def classes(files: dict[str, str]) -> set[str]:
        return {
            found
            for text in files.values()
            for found in re.findall(r"^class (\w+)", text, re.MULTILINE)
        }

    modules = {module_of(path) for path in on.keys() - off.keys() if path.endswith(".py")}
    gone = (
        {module for module in modules if module.startswith("my_service.")}
        | (required(on) - required(off))
        | (variables(on) - variables(off))
    )
    left = {word: path for word in gone for path, text in off.items() if word in text}
    left |= {
        module: path
        for path, text in off.items()
        if path.endswith(".py")
        for module in modules & set(imported(text))
    }
    package = {path: text for path, text in on.items() if path.startswith(PACKAGE)}
    # Such a name may also be a part of another name or a header, or the first word of a docstring.
    left |= {
        name: path
        for name in classes(package) - classes(off)
        for path, text in off.items()
        if re.search(rf'(?<![\w-])(?<!"""){name}(?![\w-])', text)
    }

    assert left == {}


@pytest.mark.parametrize("kind", KINDS)
def test_layout_moves_the_package(variant: Variant, kind: str) -> None:
    """Without src/ the package is at the root, and nothing else changes but the paths to it."""
    flat = variant(kind=kind, src_layout=False)
    on, off = tree(variant(kind=kind)), tree(flat)
    moved = {path.removeprefix("src/"): content for path, content in on.items()}

    assert off.keys() == moved.keys()
    assert {path for path in off if off[path] != moved[path]} == {
        ANSWERS,
        "AGENTS.md",
        "README.md",
        "pyproject.toml",
    }
    assert not [path for path, text in texts(flat).items() if "src/" in text]


@pytest.mark.parametrize("kind", KINDS)
def test_everything_off(variant: Variant, kind: str) -> None:
    """With every practice off, the files are those that no practice owns."""
    owned = {path for practice in OF_A_KIND[kind].values() for path in practice.files}
    instead = {path for practice in OF_A_KIND[kind].values() for path in practice.instead}
    everything = tree(variant(**all_on(kind))).keys()

    assert tree(variant(**all_off(kind))).keys() == everything - owned - TOGETHER.keys() | instead


OF_EVERY_KIND = {
    *(ANSWERS, ".editorconfig", ".gitattributes", ".gitignore", "CHANGELOG.md"),
    *("CONTRIBUTING.md", "LICENSE", "README.md", "pyproject.toml"),
    *(".pre-commit-config.yaml", "AGENTS.md", "renovate.json", *OF_GITHUB),
    *("docs/index.md", "docs/llms.txt", "docs/reference.md", "zensical.toml"),
    *("tests/architecture/test_docs.py", *RELEASES.files),
    *paths("__init__.py py.typed"),
}
OF_PROGRAMS = paths(
    """
    __main__.py core/__init__.py core/concurrency.py core/environment.py core/errors.py
    core/escaping.py core/http_client/__init__.py core/http_client/environment.py
    core/http_client/retries.py core/http_client_settings.py core/logging/__init__.py
    core/logging/redaction.py core/logging/rendering.py core/names.py core/settings.py practices.py
    settings.py
    """,
    """
    architecture/test_http_client.py architecture/test_imports.py architecture/test_logging.py
    architecture/test_secrets.py conftest.py core/http_client/test_client.py
    core/http_client/test_environment.py core/http_client/test_misbehaving_server.py
    core/logging/test_logging.py core/test_concurrency.py core/test_escaping.py
    core/test_settings.py support/fixtures.py support/source_code.py
    """,
)


@pytest.mark.parametrize(
    ("one", "other", "shared"),
    [
        ("service", "library", OF_EVERY_KIND),
        ("cli", "library", OF_EVERY_KIND),
        ("service", "cli", OF_EVERY_KIND | OF_PROGRAMS),
    ],
)
def test_kinds_share_few_files(variant: Variant, one: str, other: str, shared: set[str]) -> None:
    """Two kinds of project have no file in common but these."""
    first, second = (tree(variant(**all_on(kind))) for kind in (one, other))

    assert first.keys() & second.keys() == shared


@pytest.mark.parametrize("path", TOGETHER)
def test_files_of_several_practices(variant: Variant, path: str) -> None:
    """A file of several practices is there with any of them, and gone with the last."""
    owners, off = TOGETHER[path], all_off("service")
    alone = [variant(**{**off, name: ON.get(name, True)}) for name in owners]
    others = {name: ON.get(name, True) for name in OF_A_SERVICE if name not in owners}
    for need in NEEDS:
        if not makes_sense(off | others):
            del others[need.name]

    assert all((project / path).exists() for project in alone)
    assert not (variant(**{**off, **others}) / path).exists()


@pytest.mark.parametrize("kind", KINDS)
def test_every_practice_is_here(kind: str) -> None:
    """The tables of this file have every question that `customize` adds."""
    asked = {
        name
        for name, question in questions().items()
        if question.get("ask") and applies(question, kind)
    }

    assert asked == {*OF_A_KIND[kind], "package_name", "distribution_name", "src_layout"}
