"""Mail: what leaves by SMTP, and what is only shown."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage

import pytest

from {{ package_name }}.core.errors import UnavailableError
from {{ package_name }}.core.mail import MailSettings, build
from {{ package_name }}.services.welcome_email import Mail

MAIL = Mail(key="welcome-1", to="jane@example.org", subject="Grüße", body="Hello Jané,\n.\nbye\n")


class Mailbox:
    """A mail server that takes all, or refuses all, in the least of SMTP that there is."""

    def __init__(self, answer: bytes) -> None:
        self.answer = answer
        self.mails: list[EmailMessage] = []

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Talk with a client until it says goodbye."""
        writer.write(b"220 here\r\n")
        while line := await reader.readline():
            if line.upper().startswith(b"DATA"):
                writer.write(b"354 go on\r\n")
                data = await reader.readuntil(b"\r\n.\r\n")
                text = data.removesuffix(b".\r\n").replace(b"\r\n..", b"\r\n.")
                self.mails.append(message_from_bytes(text, policy=policy.default))
            writer.write(self.answer if line.upper().startswith(b"RCPT") else b"250 fine\r\n")
        writer.close()


@asynccontextmanager
async def mailbox(answer: bytes = b"250 fine\r\n") -> AsyncIterator[tuple[Mailbox, MailSettings]]:
    """Yield a mail server, and how to reach it."""
    found = Mailbox(answer)
    server = await asyncio.start_server(found.serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server:
        yield (
            found,
            MailSettings(host="127.0.0.1", port=port, security="none", sender="me@example.org"),
        )


async def test_mail_is_sent() -> None:
    """A mail arrives as it was written; sent twice, it has the same id, which its key makes."""
    async with mailbox() as (found, settings):
        for _ in range(2):
            await build(settings).send(MAIL)

    first, second = found.mails
    assert (first["To"], first["From"], first["Subject"]) == (MAIL.to, "me@example.org", "Grüße")
    assert first.get_content() == MAIL.body
    assert first["Message-ID"] == second["Message-ID"] == "<welcome-1@example.org>"


async def test_refused_mail_is_told() -> None:
    """What a server does not take, is an error that may be gone the next time."""
    async with mailbox(b"450 later\r\n") as (found, settings):
        with pytest.raises(UnavailableError, match="mail"):
            await build(settings).send(MAIL)

    assert found.mails == []


async def test_mail_does_not_travel_in_the_open() -> None:
    """Unless the settings say so, a server without TLS gets no mail and no password."""
    async with mailbox() as (found, settings):
        for security in ("starttls", "tls"):
            strict = settings.model_copy(update={"security": security, "seconds": 0.5})
            with pytest.raises(UnavailableError):
                await build(strict).send(MAIL)

    assert found.mails == []


async def test_no_server_is_needed(caplog: pytest.LogCaptureFixture) -> None:
    """Without a server in the settings, a mail is shown in the log."""
    with caplog.at_level(logging.INFO):
        await build(MailSettings()).send(MAIL)

    (record,) = caplog.records
    assert (record.message, vars(record)["to"]) == ("mail.shown", MAIL.to)
