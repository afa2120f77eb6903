"""The component of the welcome mail, sent by a durable job."""

from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import asdict
from typing import TypeVar

from pydantic import JsonValue, TypeAdapter
from sqlalchemy.ext.asyncio import AsyncSession

from {{ package_name }}.core.component import Component
from {{ package_name }}.core.database import Database
from {{ package_name }}.core.jobs import Jobs
from {{ package_name }}.core.jobs.outbox import Job, enqueue
from {{ package_name }}.core.mail import Mail, Mailer
from {{ package_name }}.core.services import Services
from {{ package_name }}.domain.commands import NewUser
from {{ package_name }}.domain.models import User
from {{ package_name }}.infrastructure.repositories import (
    SqlRepositories,
    SqlUnitOfWork,
)
from {{ package_name }}.services.ports import Repositories
from {{ package_name }}.services.user_service import UserService
from {{ package_name }}.services.welcome_email import welcome_mail

Result = TypeVar("Result")

MAIL = TypeAdapter(Mail)


class ExistingTransaction:
    """Runs work in the transaction of a session, whose owner commits it."""

    def __init__(self, session: AsyncSession) -> None:
        self.repos = SqlRepositories(session)

    async def read(self, work: Callable[[Repositories], Awaitable[Result]]) -> Result:
        """Run work."""
        return await work(self.repos)

    async def write(self, work: Callable[[Repositories], Awaitable[Result]]) -> Result:
        """Run work, too."""
        return await self.read(work)


class WelcomingUserService(UserService):
    """Sends a mail to each user who registers; imported users get none."""

    def __init__(self, database: Database) -> None:
        super().__init__(SqlUnitOfWork(database))
        self.database = database

    async def register(self, new: NewUser) -> User:
        """Store a new user, and the job that sends the mail in the same transaction.

        Raises:
            EmailTakenError: Another user has the e-mail address.
        """

        async def work(session: AsyncSession) -> User:
            user = await UserService(ExistingTransaction(session)).register(new)
            mail = welcome_mail(user)
            job = Job(name="welcome", key=mail.idempotency_key, payload=asdict(mail))
            await enqueue(session, job)
            return user

        return await self.database.write(work)


def component() -> Component:
    """Replace the service of users, and add the handler of the job."""

    @asynccontextmanager
    async def start(services: Services) -> AsyncGenerator[None]:
        mailer = services.get(Mailer)

        async def send(payload: Mapping[str, JsonValue]) -> None:
            await mailer.send(MAIL.validate_python(payload))

        services.get(Jobs).handlers["welcome"] = send
        services.replace(UserService, WelcomingUserService(services.get(Database)))
        yield

    return Component(name="welcome_email", start=start)
