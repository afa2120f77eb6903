"""Mail: by SMTP where a server is named, else into the log, for who develops."""

import logging
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from email.message import EmailMessage

import aiosmtplib
from fastapi import FastAPI

from {{ package_name }}.core.component import Component
from {{ package_name }}.core.errors import UnavailableError
from {{ package_name }}.services.welcome_email import Mail
from {{ package_name }}.services.welcome_email import Mailer
from {{ package_name }}.core.mail import MailSettings
from {{ package_name }}.settings import Settings

logger = logging.getLogger(__name__)


class ConsoleMailer:
    """Shows mails in the log, and sends none."""

    async def send(self, mail: Mail) -> None:
        """Show a mail."""
        logger.info("mail.shown", extra={"to": mail.to, "subject": mail.subject, "body": mail.body})


class SmtpMailer:
    """Sends mails by a server, over a connection for each."""

    def __init__(self, settings: MailSettings) -> None:
        self.settings = settings

    def message(self, mail: Mail) -> EmailMessage:
        """Return a mail as it travels; one that is sent twice has the same id both times."""
        message = EmailMessage()
        message["Message-ID"] = f"<{mail.key}@{self.settings.sender.rpartition('@')[2]}>"
        message["From"] = self.settings.sender
        message["To"] = mail.to
        message["Subject"] = mail.subject
        message.set_content(mail.body)
        return message

    async def send(self, mail: Mail) -> None:
        """Send a mail.

        Raises:
            UnavailableError: The server can't be reached, or does not take it.
        """
        settings = self.settings
        try:
            await aiosmtplib.send(
                self.message(mail),
                hostname=settings.host,
                port=settings.port,
                username=settings.username or None,
                password=settings.password.get_secret_value() or None,
                use_tls=settings.security == "tls",
                start_tls=settings.security == "starttls",
                timeout=settings.seconds,
            )
        except aiosmtplib.SMTPException as error:
            raise UnavailableError("The mail can't be sent right now.") from error


def build(settings: MailSettings) -> Mailer:
    """Return what sends mail by these settings."""
    return SmtpMailer(settings) if settings.host else ConsoleMailer()


def component(settings: Settings) -> Component:
    """Plug mail in."""

    @asynccontextmanager
    async def start(_app: FastAPI) -> AsyncIterator[Mapping[str, object]]:
        yield {"mailer": build(settings.mail)}

    return Component(name="mailer", start=start)
