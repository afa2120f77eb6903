"""What the use cases are asked for: objects instead of long lists of parameters."""

from dataclasses import dataclass

from {{ package_name }}.core.errors import InvalidInputError


class SameAccountError(InvalidInputError):
    """A transfer would lead back to where it came from."""

    code = "same_account"


@dataclass(frozen=True, slots=True, kw_only=True)
class NewUser:
    """A user who is to be registered."""

    email: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class UserChange:
    """What is to become of a user; None leaves it as it is.

    Attributes:
        user_id: Who.
        versions: The versions that the caller has seen, None if any will do.
        email: Their new e-mail address.
        name: Their new name.
    """

    user_id: int
    versions: frozenset[int] | None
    email: str | None = None
    name: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewPost:
    """A post that is to be published."""

    author_id: int
    title: str
    body: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NewAccount:
    """An account that is to be opened, with so much in it."""

    owner_id: int
    balance: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferRequest:
    """Money that is to go from one account to another, in minor units.

    Raises:
        SameAccountError: The accounts are one.
    """

    source_id: int
    target_id: int
    amount: int
    key: str

    def __post_init__(self) -> None:
        """Refuse what makes no sense for any two accounts."""
        if self.source_id == self.target_id:
            raise SameAccountError("The accounts must be two.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Slice:
    """A part of a list.

    Attributes:
        after: The number of the entry that the part comes after, None for the first part.
        limit: How many entries it has at most.
        of: Whose entries, None for everybody's.
    """

    after: int | None = None
    limit: int
    of: int | None = None
