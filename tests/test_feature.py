"""The feature that a project's README builds, from the model to the test, passes every gate."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from environment import Environment, check
from feature import build_feature
from harness import DEFAULTS, git_template, render
from test_owner import GATES, WITH_DATABASE

MEASURED = ("--cov", "--cov-report=term-missing")

TESTS = (
    *("tests/api", "tests/services", "tests/architecture", "tests/core/database"),
    *("tests/core/test_metrics.py", "tests/core/test_settings.py", "tests/core/test_tracing.py"),
)
"""The tests of the feature, and those that read what an owner adds."""

DELETION = '''
"""A user who has orders is not deleted."""

import httpx2

from factories import new_user


async def test_user_with_orders_is_not_deleted(client: httpx2.AsyncClient) -> None:
    """The deletion is a conflict, and an order of a missing user an error of the client."""
    user = await new_user(client)
    order = {"reference": "A-1", "quantity": 1, "user_id": user}
    assert (await client.post("/orders", json=order)).status_code == 201

    deleted = await client.delete(f"/users/{user}")
    missing = await client.post("/orders", json={**order, "reference": "A-2", "user_id": user + 1})

    assert (deleted.status_code, deleted.json()["detail"]) == (409, "The user has orders.")
    assert (missing.status_code, missing.json()["detail"]) == (404, "There is no such user.")
'''
"""A test of the rule that the README adds to the example."""


@pytest.mark.full
@pytest.mark.parametrize(
    "answers",
    [
        {"preset": "minimal"},
        {"preset": "minimal", "metrics": True, "background_jobs": "in_process"},
        {"preset": "standard"},
        {"preset": "full", "example": False},
        {"preset": "full"},
    ],
    ids=["minimal", "without a database", "standard", "without the example", "full"],
)
def test_feature_of_the_readme(
    answers: Mapping[str, object], tmp_path: Path, environment: Environment
) -> None:
    """The feature is clean as it is printed, and its tests cover it."""
    project = tmp_path / "my-service"
    render(project, git_template(tmp_path / "tenon"), {**DEFAULTS, **answers})
    paths = build_feature(project)
    if (project / "src/my_service/example").exists():
        (project / "tests/api/test_deletion.py").write_text(DELETION.lstrip(), encoding="utf-8")
    environment.install(project)
    if (project / "src/my_service/migrations").exists():
        revision = "poe", "revision", "-m", "add orders"
        check(environment.run(project, "python", "-W", "ignore", "-c", WITH_DATABASE, *revision))

    gates = [environment.run(project, "poe", gate) for gate in GATES]
    folders = [path for path in TESTS if (project / path).exists()]
    tests = environment.run(project, "pytest", "-q", *MEASURED, *folders)

    check(*gates, tests)
    lines = [line.split() for line in tests.stdout.splitlines() if line.startswith("src/")]
    covered = {words[0]: words[5] for words in lines}
    own = [path for path in paths if path.startswith("src/")]
    assert {path: covered[path] for path in own} == dict.fromkeys(own, "100%")
