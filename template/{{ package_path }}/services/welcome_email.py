"""The mail that welcomes a new user."""

from dataclasses import dataclass
from typing import Protocol

from {{ package_name }}.domain.models import User


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """A mail in plain text.

    The key is what the sender calls it by: a mail that comes twice has the same one, so the
    receiving side can tell.
    """

    key: str
    to: str
    subject: str
    body: str


class Mailer(Protocol):
    """What sends mail."""

    async def send(self, mail: Mail) -> None:
        """Send a mail, or raise UnavailableError."""


def welcome(user: User) -> Mail:
    """Return the mail for a new user."""
    return Mail(
        key=f"welcome-{user.id}",
        to=user.email,
        subject="Welcome",
        body=f"Hello {user.name},\n\nit is good to have you here.\n",
    )
