"""The table of jobs."""

from datetime import datetime

from pydantic import JsonValue
from sqlalchemy import JSON, String, text
from sqlalchemy.orm import Mapped, mapped_column

from {{ package_name }}.core.database.models import Entity


class OutboxJob(Entity):
    """A job.

    Attributes:
        name: Selects the handler.
        key: Idempotency key, unique.
        payload: The argument of the handler.
        attempts: Number of attempts that were started.
        run_at: When the job is due, None if it is completed or dead.
        locked_until: End of the lease: no other worker may start the job before.
        completed_at: When the job was completed, None if it is not.
    """

    __tablename__ = "outbox"

    name: Mapped[str] = mapped_column(String(100))
    key: Mapped[str] = mapped_column(String(200), unique=True)
    payload: Mapped[dict[str, JsonValue]] = mapped_column(JSON)
    attempts: Mapped[int] = mapped_column(server_default=text("0"))
    run_at: Mapped[datetime | None] = mapped_column(index=True)
    locked_until: Mapped[datetime]
    completed_at: Mapped[datetime | None] = mapped_column(index=True)
