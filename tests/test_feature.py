"""The feature that a project's README builds, from the model to the test, passes every gate."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from environment import Environment, check
from feature import build_feature
from harness import DEFAULTS, git_template, render
from sharing import Results
from test_owner import WITH_DATABASE, check_project

TESTS = (
    *("tests/api", "tests/services", "tests/architecture", "tests/core/database"),
    *("tests/core/test_dotenv_file.py", "tests/core/test_metrics.py"),
    *("tests/core/test_settings.py", "tests/core/test_tracing.py"),
)
"""The tests of the example, and those of the core that read what an owner adds."""

DELETION_TEST = "tests/api/test_deletion.py"
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
    answers: Mapping[str, object],
    tmp_path: Path,
    environment: Environment,
    results: Results,
) -> None:
    """The feature is clean as it is printed, and its tests cover it."""
    project = tmp_path / "my-service"
    render(project, git_template(tmp_path / "tenon"), {**DEFAULTS, **answers})
    paths = build_feature(project)
    if (project / "src/my_service/example").exists():
        (project / DELETION_TEST).write_text(DELETION.lstrip(), encoding="utf-8")
        paths.add(DELETION_TEST)
    environment.install(project)
    if (project / "src/my_service/migrations").exists():
        revision = "poe", "revision", "-m", "add orders"
        check(environment.run(project, "python", "-W", "ignore", "-c", WITH_DATABASE, *revision))

    check_project(project, environment, results, paths, TESTS)
