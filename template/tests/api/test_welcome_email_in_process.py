"""The mail that welcomes a new user: after the commit, and behind the back of the request."""

import httpx
from fastapi import FastAPI

from {{ package_name }}.app import create_app
from {{ package_name }}.services.welcome_email import Mail
from {{ package_name }}.settings import Settings

from factories import UserFactory, new_user
from support.client import connect


class Post:
    """Keeps the mails that are sent, and fails before the first ones if it is told to."""

    def __init__(self, failures: int = 0) -> None:
        self.failures = failures
        self.mails: list[Mail] = []

    async def send(self, mail: Mail) -> None:
        """Send a mail."""
        self.failures -= 1
        if self.failures >= 0:
            raise RuntimeError("no mail today")
        self.mails.append(mail)


def post_of(app: FastAPI, failures: int = 0) -> Post:
    """Return what sends the mails of a service that runs, from now on."""
    post = Post(failures)
    app.state.started["users"].mailer = post
    return post


async def test_new_user_is_welcomed(app: FastAPI, client: httpx.AsyncClient) -> None:
    """Who registers gets a mail."""
    post = post_of(app)
    user = await new_user(client, email="jane@example.org", name="Jane")
    await app.state.started["jobs"].drain()

    (mail,) = post.mails
    assert (mail.to, mail.key) == ("jane@example.org", f"welcome-{user}")
    assert "Hello Jane," in mail.body


async def test_others_get_no_mail(app: FastAPI, client: httpx.AsyncClient) -> None:
    """Who could not be registered gets no mail, nor does who was imported."""
    post = post_of(app)
    await new_user(client, email="jane@example.org")
    again = await client.post("/users", json={"email": "jane@example.org", "name": "Jane"})
    users = [user.model_dump() for user in UserFactory.batch(3)]
    imported = await client.post("/users/import", json={"users": users})
    await app.state.started["jobs"].drain()

    assert (again.status_code, imported.status_code) == (409, 201)
    assert len(post.mails) == 1


async def test_mail_that_fails_is_nobody_elses_trouble(
    app: FastAPI, client: httpx.AsyncClient
) -> None:
    """A user is registered whether mail can be sent or not, and it is tried again."""
    post = post_of(app, failures=1)
    jobs = app.state.started["jobs"]
    jobs.settings = jobs.settings.model_copy(update={"retry_seconds": 0})

    user = await new_user(client)
    assert (await client.get(f"/users/{user}")).status_code == 200
    await jobs.drain()

    assert [mail.key for mail in post.mails] == [f"welcome-{user}"]
    assert post.failures == -1


async def test_mails_go_out_before_the_end(own_database_url: str) -> None:
    """A service that ends sends what it still has to."""
    app = create_app(Settings.load({"database": {"url": own_database_url}}))
    async with connect(app) as client:
        post = post_of(app)
        await new_user(client)

    assert len(post.mails) == 1
