"""The welcome mail: its job is stored in the transaction that stores the user."""

import httpx2
import pytest

from {{ package_name }}.core.app import Application
from {{ package_name }}.core.jobs import Jobs
from {{ package_name }}.core.mail import Mail, Mailer

from factories import UserFactory, new_user


@pytest.fixture
def mails(monkeypatch: pytest.MonkeyPatch) -> list[Mail]:
    """Return the list of the mails that are sent."""
    sent: list[Mail] = []

    async def send(_mailer: Mailer, mail: Mail) -> None:
        sent.append(mail)

    monkeypatch.setattr(Mailer, "send", send)
    return sent


async def run_due(app: Application) -> None:
    """Run the due jobs, as a worker does."""
    jobs = app.services.get(Jobs)
    for job_id in await jobs.outbox.lease_due():
        await jobs.run(job_id)


async def test_new_user_gets_one_mail(
    app: Application, client: httpx2.AsyncClient, mails: list[Mail]
) -> None:
    """A worker sends the mail, once."""
    user = await new_user(client, email="jane@example.org", name="Jane")
    assert mails == []

    for _ in range(2):
        await run_due(app)

    (mail,) = mails
    assert (mail.to, mail.idempotency_key) == ("jane@example.org", f"welcome-{user}")
    assert "Hello Jane," in mail.body


async def test_other_users_get_no_mail(
    app: Application, client: httpx2.AsyncClient, mails: list[Mail]
) -> None:
    """A rejected registration sends no mail, nor does an import."""
    await new_user(client, email="jane@example.org")
    rejected = await client.post("/users", json={"email": "jane@example.org", "name": "Jane"})
    users = [user.model_dump() for user in UserFactory.batch(3)]
    imported = await client.post("/users/import", json={"users": users})

    await run_due(app)

    assert (rejected.status_code, imported.status_code) == (409, 201)
    assert len(mails) == 1
