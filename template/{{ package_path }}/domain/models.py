"""Users, what they write, and their money."""

from datetime import datetime

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Integer,
    String,
    UniqueConstraint,
    func,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from {{ package_name }}.core.database.models import Base
from {{ package_name }}.core.errors import ConflictError

# SQLite counts rows by its own integer, which is as large.
Key = BigInteger().with_variant(Integer(), "sqlite")

MOST_MONEY = 10**15
"""The most that an account holds, in minor units: what JSON's readers still take exactly."""


class InsufficientFundsError(ConflictError):
    """An account holds less than is to be taken."""

    code = "insufficient_funds"


class AccountFullError(ConflictError):
    """An account would hold more than it may."""

    code = "account_full"


class Entity(Base):
    """A row with a number of its own, which grows with time."""

    __abstract__ = True

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


class User(Entity):
    """Somebody who writes posts and owns accounts."""

    __tablename__ = "users"

    email: Mapped[str] = mapped_column(String(254), unique=True)
    name: Mapped[str] = mapped_column(String(100))
    version: Mapped[int] = mapped_column(server_default=text("1"))

    def change(self, *, email: str | None, name: str | None) -> None:
        """Change what is given, and count the change."""
        self.email = self.email if email is None else email
        self.name = self.name if name is None else name
        self.version += 1


class Post(Entity):
    """Something that a user has written."""

    __tablename__ = "posts"

    author_id: Mapped[int] = mapped_column(
        ForeignKey("users.id", ondelete="CASCADE"), type_=Key, index=True
    )
    title: Mapped[str] = mapped_column(String(200))
    body: Mapped[str] = mapped_column(String(10_000))

    # Who wants the author says so in the query: a look at it would be a query for each post.
    author: Mapped[User] = relationship(lazy="raise")


class Account(Entity):
    """Money of a user, in minor units (cents)."""

    __tablename__ = "accounts"
    __table_args__ = (CheckConstraint("balance >= 0", name="balance"),)

    owner_id: Mapped[int] = mapped_column(
        ForeignKey("users.id", ondelete="RESTRICT"), type_=Key, index=True
    )
    balance: Mapped[int] = mapped_column(BigInteger)

    def withdraw(self, amount: int) -> None:
        """Take money out.

        Raises:
            InsufficientFundsError: There is less.
        """
        if amount > self.balance:
            raise InsufficientFundsError("The account holds less than that.")
        self.balance -= amount

    def deposit(self, amount: int) -> None:
        """Put money in.

        Raises:
            AccountFullError: It would be more than an account holds.
        """
        if self.balance + amount > MOST_MONEY:
            raise AccountFullError("The account can't hold as much.")
        self.balance += amount


class Transfer(Entity):
    """Money that went from one account to another.

    The key is what the caller calls the transfer by: whoever asks twice by one key means one
    transfer. It is kept with the effect, so both are there or neither is.
    """

    __tablename__ = "transfers"
    __table_args__ = (UniqueConstraint("source_id", "key"),)

    source_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"), type_=Key)
    target_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"), type_=Key, index=True)
    amount: Mapped[int] = mapped_column(BigInteger)
    key: Mapped[str] = mapped_column(String(64))
