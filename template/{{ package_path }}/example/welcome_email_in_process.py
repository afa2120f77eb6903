"""New users get a mail: where the example and background work meet."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from functools import partial

from fastapi import FastAPI

from {{ package_name }}.core.component import Component
from {{ package_name }}.core.jobs.in_process import Jobs
from {{ package_name }}.domain.commands import NewUser
from {{ package_name }}.domain.models import User
from {{ package_name }}.infrastructure.repositories import SqlTransactions
from {{ package_name }}.services.ports import Transactions
from {{ package_name }}.services.user_service import UserService
from {{ package_name }}.services.welcome_email import Mailer, welcome
from {{ package_name }}.settings import Settings


class WelcomingUserService(UserService):
    """Registers users as ever, and welcomes each by a mail; who is imported gets none."""

    def __init__(self, transactions: Transactions, jobs: Jobs, mailer: Mailer) -> None:
        super().__init__(transactions)
        self.jobs = jobs
        self.mailer = mailer

    async def register(self, new: NewUser) -> User:
        """Store a new user, and send the mail when that is committed.

        Raises:
            EmailTakenError: Another one has the e-mail address.
        """
        user = await super().register(new)
        self.jobs.enqueue("welcome", partial(self.mailer.send, welcome(user)))
        return user


def component(_settings: Settings) -> Component:
    """Plug the mail in: it takes the place of the example's own use cases of users."""

    @asynccontextmanager
    async def start(app: FastAPI) -> AsyncIterator[Mapping[str, object]]:
        started = app.state.started
        transactions = SqlTransactions(started["database"])
        yield {"users": WelcomingUserService(transactions, started["jobs"], started["mailer"])}

    return Component(name="welcoming", start=start)
