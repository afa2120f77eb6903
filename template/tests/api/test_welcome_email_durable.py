"""The mail that welcomes a new user: asked for in the transaction that stores them."""

import httpx
import pytest
from fastapi import FastAPI

from {{ package_name }}.core.jobs.durable import Jobs
from {{ package_name }}.core.mail import ConsoleMailer
from {{ package_name }}.services.welcome_email import Mail

from factories import UserFactory, new_user


@pytest.fixture
def mails(monkeypatch: pytest.MonkeyPatch) -> list[Mail]:
    """Return a list that grows by every mail."""
    found: list[Mail] = []

    async def send(_mailer: ConsoleMailer, mail: Mail) -> None:
        found.append(mail)

    monkeypatch.setattr(ConsoleMailer, "send", send)
    return found


async def run_due(app: FastAPI) -> None:
    """Do the jobs whose time has come, as a worker would."""
    jobs: Jobs = app.state.started["jobs"]
    for number in await jobs.outbox.due():
        await jobs.run(number)


async def test_new_user_is_welcomed(
    app: FastAPI, client: httpx.AsyncClient, mails: list[Mail]
) -> None:
    """Who registers gets a mail, once, when a worker comes by."""
    user = await new_user(client, email="jane@example.org", name="Jane")
    assert mails == []

    for _ in range(2):
        await run_due(app)

    (mail,) = mails
    assert (mail.to, mail.key) == ("jane@example.org", f"welcome-{user}")
    assert "Hello Jane," in mail.body


async def test_others_get_no_mail(
    app: FastAPI, client: httpx.AsyncClient, mails: list[Mail]
) -> None:
    """Who could not be registered gets no mail, nor does who was imported."""
    await new_user(client, email="jane@example.org")
    again = await client.post("/users", json={"email": "jane@example.org", "name": "Jane"})
    users = [user.model_dump() for user in UserFactory.batch(3)]
    imported = await client.post("/users/import", json={"users": users})

    await run_due(app)

    assert (again.status_code, imported.status_code) == (409, 201)
    assert len(mails) == 1
