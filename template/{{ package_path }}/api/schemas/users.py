"""Request and response bodies of users."""

from datetime import datetime
from typing import Annotated

from pydantic import AfterValidator, EmailStr, Field, StringConstraints

from {{ package_name }}.core.web.schemas import (
    SINGLE_LINE,
    RequestBody,
    ResponseBody,
)
from {{ package_name }}.domain.commands import NewUser

MAX_IMPORT_SIZE = 1000


def normalize_email(email: str) -> str:
    """Return an e-mail address in lower case, as it is stored."""
    return email.lower()


Email = Annotated[EmailStr, Field(max_length=254), AfterValidator(normalize_email)]
Name = Annotated[str, StringConstraints(min_length=1, max_length=100, pattern=SINGLE_LINE)]


class UserIn(RequestBody):
    """A new user."""

    email: Email
    name: Name

    def to_domain(self) -> NewUser:
        """Return the argument of the use case."""
        return NewUser(email=self.email, name=self.name)


class UsersIn(RequestBody):
    """New users."""

    users: Annotated[list[UserIn], Field(min_length=1, max_length=MAX_IMPORT_SIZE)]


class UserUpdateIn(RequestBody):
    """A change of a user; a missing field stays as it is."""

    email: Email | None = None
    name: Name | None = None


class UserOut(ResponseBody):
    """A user."""

    id: int
    email: str
    name: str
    created_at: datetime


class ImportResult(ResponseBody):
    """The number of users that were created."""

    created: int
