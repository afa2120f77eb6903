"""Users, posts, accounts and transfers."""

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from {{ package_name }}.core.database.models import BigIntPk, Entity
from {{ package_name }}.core.errors import ConflictError

MAX_BALANCE = 10**15
"""In minor units; every JSON parser reads it exactly."""


class EmailTakenError(ConflictError):
    """Another user has this e-mail address."""

    code = "email_taken"


class HasAccountsError(ConflictError):
    """The user has accounts."""

    code = "has_accounts"


class InsufficientFundsError(ConflictError):
    """The balance of an account is too low."""

    code = "insufficient_funds"


class BalanceLimitExceededError(ConflictError):
    """The balance of an account would exceed MAX_BALANCE."""

    code = "balance_limit_exceeded"


class User(Entity):
    """A user; `version` counts the changes."""

    __tablename__ = "users"

    email: Mapped[str] = mapped_column(String(254), unique=True)
    name: Mapped[str] = mapped_column(String(100))
    version: Mapped[int] = mapped_column(server_default=text("1"))

    def update(self, *, email: str | None, name: str | None) -> None:
        """Set the given values, and increment the version."""
        self.email = self.email if email is None else email
        self.name = self.name if name is None else name
        self.version += 1


class Post(Entity):
    """A post of a user."""

    __tablename__ = "posts"

    author_id: Mapped[int] = mapped_column(
        ForeignKey("users.id", ondelete="CASCADE"), type_=BigIntPk, index=True
    )
    title: Mapped[str] = mapped_column(String(200))
    body: Mapped[str] = mapped_column(String(10_000))

    # Load with selectinload; lazy access would be N+1.
    author: Mapped[User] = relationship(lazy="raise")


class Account(Entity):
    """An account of a user; the balance is in minor units (cents)."""

    __tablename__ = "accounts"
    __table_args__ = (CheckConstraint("balance >= 0", name="balance"),)

    owner_id: Mapped[int] = mapped_column(
        ForeignKey("users.id", ondelete="RESTRICT"), type_=BigIntPk, index=True
    )
    balance: Mapped[int] = mapped_column(BigInteger)

    def withdraw(self, amount: int) -> None:
        """Subtract an amount from the balance.

        Raises:
            InsufficientFundsError: The balance is too low.
        """
        if amount > self.balance:
            raise InsufficientFundsError("The balance of the source account is too low.")
        self.balance -= amount

    def deposit(self, amount: int) -> None:
        """Add an amount to the balance.

        Raises:
            BalanceLimitExceededError: The balance would exceed the limit.
        """
        if self.balance + amount > MAX_BALANCE:
            raise BalanceLimitExceededError(
                f"The balance of the target account would exceed {MAX_BALANCE}."
            )
        self.balance += amount


class Transfer(Entity):
    """A transfer between two accounts.

    `key` is the caller's idempotency key, unique per source account. It is stored in the same
    transaction as the effect.
    """

    __tablename__ = "transfers"
    __table_args__ = (UniqueConstraint("source_id", "key"),)

    source_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"), type_=BigIntPk)
    target_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"), type_=BigIntPk, index=True)
    amount: Mapped[int] = mapped_column(BigInteger)
    key: Mapped[str] = mapped_column(String(64))
