"""The arguments of use cases."""

from dataclasses import dataclass

from {{ package_name }}.core.errors import InvalidInputError


class SameAccountError(InvalidInputError):
    """The source and the target of a transfer are the same account."""

    code = "same_account"


@dataclass(frozen=True, slots=True, kw_only=True)
class NewUser:
    """A user to register."""

    email: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class UserUpdate:
    """A change of a user; None keeps a value.

    Attributes:
        user_id: The user.
        versions: The versions that may be changed, None for any.
        email: The new e-mail address.
        name: The new name.
    """

    user_id: int
    versions: frozenset[int] | None
    email: str | None = None
    name: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewPost:
    """A post to publish."""

    author_id: int
    title: str
    body: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NewAccount:
    """An account to open, with its balance in minor units."""

    owner_id: int
    balance: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferRequest:
    """A transfer to make.

    Attributes:
        source_id: The account that pays.
        target_id: The account that receives.
        amount: In minor units.
        key: The idempotency key of the client.

    Raises:
        SameAccountError: The accounts are the same.
    """

    source_id: int
    target_id: int
    amount: int
    key: str

    def __post_init__(self) -> None:
        """Reject a transfer to the same account."""
        if self.source_id == self.target_id:
            raise SameAccountError("source_id and target_id must differ.")
