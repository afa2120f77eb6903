"""Users, as the API shows them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from pydantic import Field

from {{ package_name }}.core.web.schemas import (
    Email,
    Name,
    RequestBody,
    ResponseBody,
)
from {{ package_name }}.domain.commands import NewUser
from {{ package_name }}.services.ports import UserRow

MOST_AT_ONCE = 1000


class UserIn(RequestBody):
    """A new user."""

    email: Email
    name: Name

    def to_domain(self) -> NewUser:
        """Return what the use case takes."""
        return NewUser(email=self.email, name=self.name)


class UsersIn(RequestBody):
    """Many new users."""

    users: Annotated[list[UserIn], Field(min_length=1, max_length=MOST_AT_ONCE)]


class UserChangeIn(RequestBody):
    """What is to become of a user; what it leaves out stays as it is."""

    email: Email | None = None
    name: Name | None = None


class UserOut(ResponseBody):
    """A user."""

    id: int
    email: str
    name: str
    created_at: datetime


class Imported(ResponseBody):
    """How many users there are more."""

    imported: int


@dataclass(frozen=True, slots=True)
class UserPage:
    """A part of the list of users, and where the next one begins."""

    items: list[UserRow]
    next: str | None
