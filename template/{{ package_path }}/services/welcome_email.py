"""The mail to a new user."""

from {{ package_name }}.core.mail import Mail
from {{ package_name }}.domain.models import User


def welcome_mail(user: User) -> Mail:
    """Return the mail for a new user."""
    return Mail(
        idempotency_key=f"welcome-{user.id}",
        to=user.email,
        subject="Welcome",
        body=f"Hello {user.name},\n\nit is good to have you here.\n",
    )
