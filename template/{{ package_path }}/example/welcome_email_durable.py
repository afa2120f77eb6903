"""New users get a mail: where the example and background work meet."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import asdict
from typing import TypeVar

from fastapi import FastAPI
from pydantic import JsonValue, TypeAdapter
from sqlalchemy.ext.asyncio import AsyncSession

from {{ package_name }}.core.component import Component
from {{ package_name }}.core.database import Database
from {{ package_name }}.core.jobs.outbox import Job, add
from {{ package_name }}.domain.commands import NewUser
from {{ package_name }}.domain.models import User
from {{ package_name }}.infrastructure.repositories import (
    SqlRepositories,
    SqlTransactions,
)
from {{ package_name }}.services.ports import Repositories
from {{ package_name }}.services.user_service import UserService
from {{ package_name }}.services.welcome_email import Mail, Mailer, welcome
from {{ package_name }}.settings import Settings

Result = TypeVar("Result")

MAIL = TypeAdapter(Mail)


class Joined:
    """Runs the work of a use case in a transaction that is there already, as a part of it."""

    def __init__(self, session: AsyncSession) -> None:
        self.stored = SqlRepositories(session)

    async def write(self, work: Callable[[Repositories], Awaitable[Result]]) -> Result:
        """Run work; whoever began the transaction commits it."""
        return await work(self.stored)

    read = write


class WelcomingUserService(UserService):
    """Registers users as ever, and welcomes each by a mail; who is imported gets none."""

    def __init__(self, database: Database) -> None:
        super().__init__(SqlTransactions(database))
        self.database = database

    async def register(self, new: NewUser) -> User:
        """Store a new user, and in the same transaction the job that sends the mail.

        Raises:
            EmailTakenError: Another one has the e-mail address.
        """

        async def work(session: AsyncSession) -> User:
            user = await UserService(Joined(session)).register(new)
            mail = welcome(user)
            await add(session, Job(name="welcome", key=mail.key, payload=asdict(mail)))
            return user

        return await self.database.write(work)


def component(_settings: Settings) -> Component:
    """Plug the mail in: it takes the place of the example's own use cases of users."""

    @asynccontextmanager
    async def start(app: FastAPI) -> AsyncIterator[Mapping[str, object]]:
        started = app.state.started
        mailer: Mailer = started["mailer"]

        async def send(payload: Mapping[str, JsonValue]) -> None:
            await mailer.send(MAIL.validate_python(payload))

        started["jobs"].handlers["welcome"] = send
        yield {"users": WelcomingUserService(started["database"])}

    return Component(name="outbox_welcoming", start=start)
