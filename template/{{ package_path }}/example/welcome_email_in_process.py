"""The component of the welcome mail, sent by a job in this process."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from functools import partial

from {{ package_name }}.core.component import Component
from {{ package_name }}.core.database import Database
from {{ package_name }}.core.jobs import Jobs
from {{ package_name }}.core.mail import Mailer
from {{ package_name }}.core.services import Services
from {{ package_name }}.domain.commands import NewUser
from {{ package_name }}.domain.models import User
from {{ package_name }}.infrastructure.repositories import SqlUnitOfWork
from {{ package_name }}.services.ports import UnitOfWork
from {{ package_name }}.services.user_service import UserService
from {{ package_name }}.services.welcome_email import welcome_mail


class WelcomingUserService(UserService):
    """Sends a mail to each user who registers; imported users get none."""

    def __init__(self, unit_of_work: UnitOfWork, jobs: Jobs, mailer: Mailer) -> None:
        super().__init__(unit_of_work)
        self.jobs = jobs
        self.mailer = mailer

    async def register(self, new: NewUser) -> User:
        """Store a new user, and enqueue the mail after the commit.

        Raises:
            EmailTakenError: Another user has the e-mail address.
        """
        user = await super().register(new)
        self.jobs.enqueue("welcome", partial(self.mailer.send, welcome_mail(user)))
        return user


def component() -> Component:
    """Replace the service of users."""

    @asynccontextmanager
    async def start(services: Services) -> AsyncGenerator[None]:
        users = WelcomingUserService(
            SqlUnitOfWork(services.get(Database)), services.get(Jobs), services.get(Mailer)
        )
        services.replace(UserService, users)
        yield

    return Component(name="welcome_email", start=start)
