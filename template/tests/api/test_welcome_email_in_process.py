"""The welcome mail: sent after the commit, and not before the response."""

import httpx2

from {{ package_name }}.app import create_app
from {{ package_name }}.core.app import Application
from {{ package_name }}.core.jobs import Jobs
from {{ package_name }}.core.mail import Mail, Mailer, MailSettings
from {{ package_name }}.example.welcome_email_in_process import (
    WelcomingUserService,
)
from {{ package_name }}.services.user_service import UserService
from {{ package_name }}.settings import Settings

from factories import UserFactory, new_user
from support.client import connect


class FakeMailer(Mailer):
    """Records mails; the first `failures` attempts fail."""

    def __init__(self, failures: int = 0) -> None:
        super().__init__(MailSettings())
        self.failures = failures
        self.attempts = 0
        self.mails: list[Mail] = []

    async def send(self, mail: Mail) -> None:
        """Record a mail, or fail."""
        self.attempts += 1
        if self.attempts <= self.failures:
            raise RuntimeError("no mail today")
        self.mails.append(mail)


def replace_mailer(app: Application, failures: int = 0) -> FakeMailer:
    """Make a running application use a fake mailer, and return the mailer."""
    users = app.services.get(UserService)
    assert isinstance(users, WelcomingUserService)
    users.mailer = mailer = FakeMailer(failures)
    return mailer


async def test_new_user_gets_a_mail(app: Application, client: httpx2.AsyncClient) -> None:
    """A registration sends one mail."""
    mailer = replace_mailer(app)
    user = await new_user(client, email="jane@example.org", name="Jane")
    await app.services.get(Jobs).drain()

    (mail,) = mailer.mails
    assert (mail.to, mail.idempotency_key) == ("jane@example.org", f"welcome-{user}")
    assert "Hello Jane," in mail.body


async def test_other_users_get_no_mail(app: Application, client: httpx2.AsyncClient) -> None:
    """A rejected registration sends no mail, nor does an import."""
    mailer = replace_mailer(app)
    await new_user(client, email="jane@example.org")
    rejected = await client.post("/users", json={"email": "jane@example.org", "name": "Jane"})
    users = [user.model_dump() for user in UserFactory.batch(3)]
    imported = await client.post("/users/import", json={"users": users})
    await app.services.get(Jobs).drain()

    assert (rejected.status_code, imported.status_code) == (409, 201)
    assert len(mailer.mails) == 1


async def test_failed_mail_is_retried(app: Application, client: httpx2.AsyncClient) -> None:
    """A failed mail does not fail the registration, and is sent again."""
    mailer = replace_mailer(app, failures=1)
    jobs = app.services.get(Jobs)
    jobs.settings = jobs.settings.model_copy(update={"retry_seconds": 0})

    user = await new_user(client)
    assert (await client.get(f"/users/{user}")).status_code == 200
    await jobs.drain()

    assert [mail.idempotency_key for mail in mailer.mails] == [f"welcome-{user}"]
    assert mailer.attempts == 2


async def test_mails_are_sent_before_the_end(own_database_url: str) -> None:
    """An application that stops sends its queued mails first."""
    app = create_app(Settings.load({"database": {"url": own_database_url}}))
    async with connect(app) as client:
        mailer = replace_mailer(app)
        await new_user(client)

    assert len(mailer.mails) == 1
