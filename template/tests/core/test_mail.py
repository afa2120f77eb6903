"""Mail: sent by SMTP, or logged."""

import asyncio
import logging
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage

import pytest

from {{ package_name }}.core.app import Application
from {{ package_name }}.core.errors import UnavailableError
from {{ package_name }}.core.mail import Mail, Mailer, MailSettings
from {{ package_name }}.practices import PracticeSettings

from support.client import connect
from support.settings import assert_refused

MAIL = Mail(
    idempotency_key="order-1",
    to="jane@example.org",
    subject="Grüße",
    body="Hello Jané,\n.\nbye\n",
)


class Mailbox:
    """A mail server with the minimum of SMTP, which accepts or rejects every recipient."""

    def __init__(self, reply: bytes) -> None:
        self.reply = reply
        self.mails: list[EmailMessage] = []

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Reply to a client until it disconnects."""
        writer.write(b"220 here\r\n")
        while line := await reader.readline():
            if line.upper().startswith(b"DATA"):
                writer.write(b"354 go on\r\n")
                data = await reader.readuntil(b"\r\n.\r\n")
                text = data.removesuffix(b".\r\n").replace(b"\r\n..", b"\r\n.")
                self.mails.append(message_from_bytes(text, policy=policy.default))
            writer.write(self.reply if line.upper().startswith(b"RCPT") else b"250 fine\r\n")
        writer.close()


@asynccontextmanager
async def mailbox(reply: bytes = b"250 fine\r\n") -> AsyncGenerator[tuple[Mailbox, MailSettings]]:
    """Yield a mail server, and the settings for it."""
    found = Mailbox(reply)
    server = await asyncio.start_server(found.serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server:
        yield (
            found,
            MailSettings(host="127.0.0.1", port=port, security="none", sender="me@example.org"),
        )


async def test_mail_is_sent() -> None:
    """A mail arrives unchanged; sent twice, it has the same Message-ID."""
    async with mailbox() as (found, settings):
        for _ in range(2):
            await Mailer(settings).send(MAIL)

    first, second = found.mails
    assert (first["To"], first["From"], first["Subject"]) == (MAIL.to, "me@example.org", "Grüße")
    assert first.get_content() == MAIL.body
    assert first["Message-ID"] == second["Message-ID"] == "<order-1@example.org>"


async def test_rejected_mail_is_an_error() -> None:
    """A mail that the server rejects is an UnavailableError: a later attempt may succeed."""
    async with mailbox(b"450 later\r\n") as (found, settings):
        with pytest.raises(UnavailableError, match="mail"):
            await Mailer(settings).send(MAIL)

    assert found.mails == []


async def test_mail_needs_tls_by_default() -> None:
    """Unless the settings allow it, a server without TLS gets neither mail nor password."""
    async with mailbox() as (found, settings):
        for security in ("starttls", "tls"):
            strict = settings.model_copy(update={"security": security, "timeout_seconds": 0.5})
            with pytest.raises(UnavailableError):
                await Mailer(strict).send(MAIL)

    assert found.mails == []


async def test_mail_is_logged_without_a_server(
    app: Application, caplog: pytest.LogCaptureFixture
) -> None:
    """By default the settings name no server, and a mail is logged."""
    async with connect(app):
        with caplog.at_level(logging.INFO):
            await app.services.get(Mailer).send(MAIL)

    logged = [vars(record) for record in caplog.records if record.message == "mail.logged"]
    assert [(fields["to"], fields["body"]) for fields in logged] == [(MAIL.to, MAIL.body)]


@pytest.mark.parametrize("host", ["", "localhost", "smtp.example.org", "10.0.0.1", "::1"])
def test_host_is_accepted(host: str) -> None:
    """A host is a name or an address; an empty one is none."""
    assert PracticeSettings.load({"mail": {"host": host}}).mail.host == host


@pytest.mark.parametrize(
    "host", ["smtp://user:hunter2@host", "user:hunter2@host", "host:587", "ho st", "host\n"]
)
def test_host_is_no_url(host: str) -> None:
    """A URL as the host is an error of one line that names the variable and no value."""
    assert_refused("MAIL__HOST", {"mail": {"host": host}})
