"""Jobs that wait in the database."""

from datetime import datetime

from pydantic import JsonValue
from sqlalchemy import JSON, BigInteger, Integer, String, func, text
from sqlalchemy.orm import Mapped, mapped_column

from {{ package_name }}.core.database.models import Base


class OutboxJob(Base):
    """A job that is asked for in the transaction that it follows from.

    Attributes:
        name: Which handler does it.
        key: What who asks calls it by; two with one key are one job.
        payload: What the handler is told.
        attempts: How often it was begun.
        send_at: When it is to be sent to a worker, again if need be; None if never: done or dead.
        free_at: From when on a worker may begin with it.
        done_at: When it was done, None if it is not.
    """

    __tablename__ = "outbox"

    id: Mapped[int] = mapped_column(
        BigInteger().with_variant(Integer(), "sqlite"), primary_key=True
    )
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    name: Mapped[str] = mapped_column(String(100))
    key: Mapped[str] = mapped_column(String(200), unique=True)
    payload: Mapped[dict[str, JsonValue]] = mapped_column(JSON)
    attempts: Mapped[int] = mapped_column(server_default=text("0"))
    send_at: Mapped[datetime | None] = mapped_column(index=True)
    free_at: Mapped[datetime]
    done_at: Mapped[datetime | None] = mapped_column(index=True)
