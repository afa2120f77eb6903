"""Mail: by SMTP if the settings name a server, otherwise into the log, for development."""

import logging
import re
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from email.message import EmailMessage
from typing import Annotated, Literal

import aiosmtplib
from fastapi import Depends
from pydantic import AfterValidator, Field, SecretStr

from {{ package_name }}.core.component import Component
from {{ package_name }}.core.errors import UnavailableError
from {{ package_name }}.core.services import Services, provide
from {{ package_name }}.core.settings import SettingsGroup

logger = logging.getLogger(__name__)


HOST = re.compile(r"[\w.-]*|[\dA-Fa-f.]*:[\dA-Fa-f.]*:[\dA-Fa-f.:]*")  # a name or an address


def check_host(value: str) -> str:
    """Return the name or the address of a server, or an empty text.

    Raises:
        ValueError: It is another text, such as a URL. The message shows nothing of it.
    """
    if HOST.fullmatch(value) is None:
        raise ValueError("Use a host name only; port, username and password are other settings")
    return value


class MailSettings(SettingsGroup):
    """Mail; without a host, mails are logged."""

    host: Annotated[str, AfterValidator(check_host)] = ""
    port: int = Field(default=587, ge=1, le=65535)
    security: Literal["starttls", "tls", "none"] = "starttls"
    username: str = ""
    password: SecretStr = SecretStr("")
    sender: str = Field(default="service@localhost", pattern=r"^[^@\s]+@[^@\s]+$")
    timeout_seconds: float = Field(default=10, gt=0, le=600)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """A mail in plain text.

    Attributes:
        idempotency_key: Part of the Message-ID, so that a mail system can drop a duplicate.
        to: The address of the recipient.
        subject: The subject.
        body: The text.
    """

    idempotency_key: str
    to: str
    subject: str
    body: str


class Mailer:
    """Sends mails, over one SMTP connection each."""

    def __init__(self, settings: MailSettings) -> None:
        self.settings = settings

    def message(self, mail: Mail) -> EmailMessage:
        """Return a mail as an e-mail message."""
        domain = self.settings.sender.rpartition("@")[2]
        message = EmailMessage()
        message["Message-ID"] = f"<{mail.idempotency_key}@{domain}>"
        message["From"] = self.settings.sender
        message["To"] = mail.to
        message["Subject"] = mail.subject
        message.set_content(mail.body)
        return message

    async def send(self, mail: Mail) -> None:
        """Send a mail, or log it if the settings name no server.

        Raises:
            UnavailableError: The server is unreachable, or rejects the mail.
        """
        settings = self.settings
        if not settings.host:
            fields = {"to": mail.to, "subject": mail.subject, "body": mail.body}
            logger.info("mail.logged", extra=fields)
            return
        try:
            await aiosmtplib.send(
                self.message(mail),
                hostname=settings.host,
                port=settings.port,
                username=settings.username or None,
                password=settings.password.get_secret_value() or None,
                use_tls=settings.security == "tls",
                start_tls=settings.security == "starttls",
                timeout=settings.timeout_seconds,
            )
        except aiosmtplib.SMTPException as error:
            raise UnavailableError("The mail can't be sent right now.") from error


MailerDep = Annotated[Mailer, Depends(provide(Mailer))]
"""The mailer, as a parameter of a route."""


def component(settings: MailSettings) -> Component:
    """Provide the mailer."""

    @asynccontextmanager
    async def start(services: Services) -> AsyncGenerator[None]:
        services.add(Mailer, Mailer(settings))
        yield

    return Component(name="mail", start=start)
